"""How many steps of its input a reservoir remembers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, is_constant
from nodegraph.data.ranges import real, whole
from nodegraph.data.series import to_rows
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["MemoryCapacity", "memory_capacity"]


class MemoryCapacity(NamedTuple):
    """Linear memory: the sum, and what each delay adds to it.

    Parameters
    ----------
    total : float
        Sum of `curve`; at most the number of units, up to the chance of a finite test.
    curve : array, shape (delays,)
        Squared correlation for delays 1, 2, ...
    """

    total: float
    curve: Array

    def __repr__(self) -> str:
        return f"MemoryCapacity(total={self.total:.4g}, {len(self.curve)} delays)"


@known_arguments
def memory_capacity(
    u: Any,
    states: Any | Callable[[Array], Any],
    delays: int = 200,
    warmup: int = 0,
    train: float = 0.6,
) -> MemoryCapacity:
    """Return the linear memory capacity, how well past inputs are read from present states.

    ``MC = sum_{k=1..delays} corr(u[t - k], w_k . x[t] + b_k)**2``, with w_k and b_k by least
    squares on the first part of the rows and the correlation on the rest.

    Parameters
    ----------
    u : array_like, shape (T,) or (T, 1)
        Independent random input, such as uniform in [-0.5, 0.5].
    states : array_like, shape (T, units), or callable
        What the input left behind; or a function that makes it of `u` of shape (T, 1), such as
        ``lambda u: model.run(u, outputs=["reservoir"])["reservoir"]``.
    delays : int
        Longest delay, in rows.
    warmup : int
        Rows left out at the beginning; at least the first `delays` always are.
    train : float
        Share of the remaining rows that the readouts are fitted on.

    Returns
    -------
    MemoryCapacity
        With fields `total` and `curve`.

    Raises
    ------
    DataError
        If lengths differ, the input is constant, or there are too few rows for the units.

    References
    ----------
    H. Jaeger, Short term memory in echo state networks, GMD Report 152 (2002).

    Examples
    --------
    >>> u = np.random.default_rng(0).uniform(-0.5, 0.5, 1000)
    >>> line = np.stack([np.roll(u, k) for k in range(1, 6)], axis=1)
    >>> round(memory_capacity(u, line, delays=5).total, 6)
    5.0
    """
    inputs = to_rows(u, "memory_capacity: u")
    if inputs.shape[1] != 1:
        raise DataError(f"memory_capacity: u has {inputs.shape[1]} columns; give one")
    x = to_rows(states(inputs) if callable(states) else states, "memory_capacity: states")
    delays = whole("memory_capacity.delays", delays)
    first = max(delays, whole("memory_capacity.warmup", warmup, least=0))
    split = _split(inputs, x, first, real("memory_capacity.train", train, low=0.0, high=1.0))
    past = np.stack([inputs[first - k : len(inputs) - k, 0] for k in range(1, delays + 1)], axis=1)
    curve = _correlations(past[split:], _recall(x[first:], past, split)) ** 2
    return MemoryCapacity(float(curve.sum()), curve)


def _split(u: Array, x: Array, first: int, train: float) -> int:
    """Return how many of the rows from `first` on are learned from."""
    if len(u) != len(x):
        raise DataError(f"memory_capacity: u has {len(u)} rows, states {len(x)}; give as many")
    if is_constant(u.min(), u.max()):
        raise DataError("memory_capacity: u is constant; give random input")
    rows = max(0, len(u) - first)
    split = round(train * rows)
    if split <= x.shape[1] or rows - split < 2:
        raise DataError(
            f"memory_capacity: {len(u)} rows leave {split} to learn {x.shape[1]} weights from and "
            f"{rows - split} to test on; give more rows, or fewer delays"
        )
    return split


def _recall(x: Array, past: Array, split: int) -> Array:
    """Return what linear readouts fitted before `split` make of the states behind it."""
    moves = ~is_constant(x.min(axis=0), x.max(axis=0))
    x = (x - x[:split].mean(axis=0)) * moves
    weights = np.linalg.lstsq(x[:split], past[:split] - past[:split].mean(axis=0))[0]
    recalled: Array = x[split:] @ weights
    return recalled


def _correlations(a: Array, b: Array) -> Array:
    """Return the correlation of each pair of columns, 0 where one is constant."""
    still = np.any([is_constant(c.min(axis=0), c.max(axis=0)) for c in (a, b)], axis=0)
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    sizes = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    shares: Array = np.divide((a * b).sum(axis=0), sizes, out=np.zeros(sizes.shape), where=~still)
    return shares
