"""The nonlinear autoregressive moving average task."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import count_rows, generator, real, whole
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["narma"]

_DRAWS = 100  # inputs tried before giving up on a bounded output
_BOUND = 10.0  # an output above it never comes back


@known_arguments
def narma(
    steps: int,
    order: int = 10,
    seed: int = 0,
    a1: float = 0.3,
    a2: float = 0.05,
    b: float = 1.5,
    c: float = 0.1,
    high: float = 0.5,
) -> tuple[Array, Array]:
    """Return random input and the output of a nonlinear system with memory.

    ``y[t] = a1 y[t-1] + a2 y[t-1] sum_{i=1..n} y[t-i] + b u[t-n+1] u[t] + c``, with u uniform
    in [0, high], and zero before the start. Row t of the output contains row t of the input.
    An input that drives the system out of its bounds, as one in forty of 5000 steps does, is
    drawn again.

    Parameters
    ----------
    steps : int
        Rows to return.
    order : int
        Memory n, in steps. Orders well above 10 need smaller coefficients, such as
        a1=0.2, a2=0.04, c=0.001 for 30.
    seed : int
        Starts the random numbers.
    a1, a2, b, c : float
        Coefficients.
    high : float
        Largest input.

    Returns
    -------
    u, y : arrays, shape (steps, 1)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range, or no input of 100 leaves the output
        bounded.

    References
    ----------
    A. F. Atiya, A. G. Parlos, New results on recurrent network training, IEEE Trans. Neural
    Netw. 11 (2000) 697-709.

    Examples
    --------
    >>> u, y = narma(2000, order=10, seed=1)
    >>> bool(y.max() < 1.2)
    True
    """
    steps, _ = count_rows("narma", steps, 0, width=16)
    order = whole("narma.order", order)
    rng, high = generator("narma", seed), real("narma.high", high, above=0.0)
    a1, a2 = real("narma.a1", a1), real("narma.a2", a2)
    b, c = real("narma.b", b), real("narma.c", c)
    for _ in range(_DRAWS):
        u = rng.uniform(0.0, high, steps)
        before = np.concatenate([np.zeros(order - 1), u])[:steps]
        y = _respond((b * before * u + c).tolist(), order, a1, a2)
        if y is not None:
            return u[:, None], np.array(y)[:, None]
    raise DataError(
        f"narma: none of {_DRAWS} inputs left {steps} steps of order {order} bounded; "
        "write fewer steps, or a smaller a2, b or high"
    )


def _respond(drive: Iterable[float], order: int, a1: float, a2: float) -> list[float] | None:
    """Return the output, or None if it leaves its bounds."""
    y, outputs = 0.0, []
    recent = deque([0.0] * order, maxlen=order)
    for push in drive:
        y = a1 * y + a2 * y * sum(recent) + push
        if not abs(y) <= _BOUND:
            return None
        recent.append(y)
        outputs.append(y)
    return outputs
