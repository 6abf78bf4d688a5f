"""Units that compete softly for what they learn: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph import Array, Node, Rule, Seen
from nodegraph.maths import matvec, outer, softmax
from nodes.dense import Dense
from nodes.parts.plasticity import paced

__all__ = ["SoftHebb"]


FAINT = 0.05  # of the temperature: units share rows that are shorter than this evenly


class SoftHebb(Rule):
    """Each unit learns what it wins, softly [1]_, [2]_.

    With ``u = W_in x`` and ``p = softmax(u / temperature)`` over the units of the layer::

        dW_i = rate p_i (x - max(u_i, 0) W_i)

    Rows of W_in become directions of clusters of the input, each of length 1; the lower the
    temperature, the more the winner takes all. [1]_ has u_i in place of ``max(u_i, 0)``: then a row
    that is longer than 1 grows without bound wherever it wins below 0. A step never forgets more
    than all of a row: where rate is above ``1 / (p_i u_i)``, that is taken; rows of W_in then jump
    from input to input, so an input longer than ``1 / rate`` is warned of. What the layer gives
    out, its activation and bias, is left as it is.

    Parameters
    ----------
    rate : float
        Size of the change.
    temperature : float
        How evenly units share an input, in the units of u.
    epochs : int
        How often `fit` goes through the data.

    References
    ----------
    .. [1] T. Moraitis, D. Toichkin, A. Journé, Y. Chua, Q. Guo, Neuromorph. Comput. Eng. 2 (2022)
       044017.
    .. [2] A. Journé, H. Garcia Rodriguez, Q. Guo, T. Moraitis, Proc. ICLR (2023).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Dense
    >>> x = np.tile([[1.0, 0.0], [0.0, 1.0]], (300, 1))
    >>> rule = SoftHebb(rate=0.1, temperature=0.1)
    >>> layer = Dense(units=2, W_in=[[0.6, 0.5], [0.5, 0.6]], rule=rule, name="layer")
    >>> ng.Model(layer).fit(x).params["layer"].W_in.round(1)
    array([[1., 0.],
           [0., 1.]])
    """

    class Memory(NamedTuple):
        """Nothing is remembered."""

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W_in",)

    rate: PositiveFloat = 0.01
    temperature: PositiveFloat = 0.1
    epochs: PositiveInt = 1

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        if isinstance(node, Dense) and not node.normalise:
            return super().refusal(node)
        return (
            "SoftHebb teaches a Dense layer that takes its input as it is: write "
            "Dense(units=..., rule=SoftHebb())"
        )

    def doubts(self, x: Array) -> list[str]:
        """Return that rows are too long for the rate, or too short for the temperature."""
        length = float(np.sqrt((np.square(x, dtype=float)).sum(axis=1).mean()))
        if self.rate * length > 1:
            return [
                f"its input has rows of length {length:.3g}, so that a step of rate {self.rate:g} "
                "overshoots and rows of W_in do not come to length 1: put a Scaler in front, or "
                f"lower rate to {1 / length:.1g} or less"
            ]
        if 0 < length < FAINT * self.temperature:
            return [
                f"its input has rows of length {length:.3g}, far below temperature "
                f"({self.temperature:g}), so that no unit wins: put a Scaler in front, or lower "
                "temperature"
            ]
        return []

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        return self.Memory()

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` one step later."""
        W, x, kind = params.W_in, seen.x, params.W_in.dtype.type
        u = matvec(W, x)
        p, forgets = softmax(u / kind(self.temperature)), np.maximum(u, 0)
        change = p * paced(self.rate, p * forgets).astype(W.dtype)
        W_in = W + outer(change, x) - (change * forgets)[:, None] * W
        return params._replace(W_in=W_in), memory
