"""Learning what causes predict: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph import Array, Node, Rule, Seen
from nodegraph.errors import DataError
from nodegraph.fields import Fraction
from nodegraph.maths import activate, cond, matvec, norm, outer, total, vecmat, where

__all__ = ["PredictiveCoding"]

LONGEST = 1.5  # Frobenius norm of A for each root of a unit
LEAST_VARIANCE = 0.01  # so that no precision exceeds 100


class PredictiveCoding(Rule):
    """Move predictions of a `nodes.PredictiveCoder` towards what came, once its causes settled.

    With ``e = x - C f(v)`` and ``d = v - p``, means over the `batch`, and f of the step before ::

        C += rate (mean(precision e f(v)') / (1 + mean |f(v)|^2) - decay C)
        A += rate (mean(d f(v[t-1])') / (1 + mean |f(v[t-1])|^2) - decay A)

    Both are gradients of the energy [1]_, divided by the power of what they are multiplied with,
    so that loud input does not make them overshoot. A is scaled back when its Frobenius norm
    exceeds ``1.5 sqrt(n)``, so that causes do not run away when nothing comes in.

    With attention, ``precision = 1 / (variance + 0.01)``, and with ``S_kj = C_kj f'_j`` ::

        variance_k += fading (e_k^2 + sum_j S_kj^2 / H_j - variance_k)
        H_j = prior_precision + sum_k precision_k S_kj^2

    The sum is what causes that are not certain add to the error, as in factor analysis; without it
    one input would be trusted without limit.

    In the linear case without dynamics the columns of C come to span the principal components of
    the input: with eigenvalue lambda of its covariance, precision 1 and prior precision a, column
    norms along it have ``c^2 = sqrt(lambda a / b) - a``, where b is decay times
    ``1 + mean |v|^2``.

    Parameters
    ----------
    rate : float, above 0
        Size of the change.
    decay : float, at least 0
        Pull of the weights towards 0.
    batch : int
        How many steps an update looks at.
    attention : bool
        Whether precisions are learned.
    fading : float in (0, 1]
        Weight of the newest step in the variance of an error.
    prior_precision : float, above 0
        That of the node.
    activation : {"tanh", "identity"}
        f of the node.
    epochs : int
        How often `fit` goes through the data.

    References
    ----------
    .. [1] J. C. R. Whittington, R. Bogacz, Neural Computation 29 (2017) 1229-1262.
    """

    class Memory(NamedTuple):
        """Sums over the batch, in double precision."""

        C: Array  # (n_in, n)
        A: Array  # (n, n) or (n, 0)
        power: Array  # (3,) rows, sum of |f(v)|^2, sum of |f(v[t-1])|^2
        variance: Array  # (n_in,)
        updates: Array  # () int

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("C", "A", "precision")

    rate: PositiveFloat = 0.02
    decay: NonNegativeFloat = 1e-4
    batch: PositiveInt = 1
    attention: bool = False
    fading: Fraction = 0.01
    prior_precision: PositiveFloat = 0.1
    activation: Literal["tanh", "identity"] = "tanh"
    epochs: PositiveInt = 1

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return {} if self.attention else {"fading": "attention is False"}

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        own = getattr(node, "activation", None)
        if own != self.activation:
            return f"PredictiveCoding is for {self.activation}, the node's activation is {own}"
        return super().refusal(node)

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        return self.Memory(
            np.zeros(params.C.shape),
            np.zeros(params.A.shape),
            np.zeros(3),
            1 / np.maximum(params.precision.astype(float), 1e-300),
            np.zeros((), np.int64),
        )

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after one more step."""
        state = seen.state
        f = activate(self.activation, state.v)
        e = seen.x - matvec(params.C, f)
        C = memory.C + outer(params.precision * e, f)
        A = memory.A + outer(state.v - state.p, state.before)
        powers = 1.0, total(f * f), total(state.before**2)
        power = memory.power + np.stack(powers)
        memory = memory._replace(C=C, A=A, power=power)
        if self.attention:
            square = e.astype(float) ** 2 + self._unsettled(params, f)
            variance = memory.variance + self.fading * (square - memory.variance)
            memory = memory._replace(variance=variance)
            precision = (1 / (variance + LEAST_VARIANCE)).astype(params.C.dtype)
            params = params._replace(precision=precision)
        later: tuple[Any, Any] = cond(power[0] >= self.batch, self._moved, params, memory)
        return later

    def _unsettled(self, params: Any, f: Array) -> Array:
        """Return the variance of predictions that stems from causes which are not certain."""
        slopes = params.C * (1 - f * f) if self.activation == "tanh" else params.C
        squares = (slopes * slopes).astype(float)
        H = self.prior_precision + vecmat(params.precision, squares)
        unsettled: Array = matvec(squares, 1 / H)
        return unsettled

    def _moved(self, params: Any, memory: Memory) -> tuple[Any, Memory]:
        """Return the params after an update, and the memory of an empty batch."""
        dtype, (rows, now, before) = params.C.dtype, memory.power
        C = self._nearer(params.C, memory.C / rows, now / rows)
        A = self._nearer(params.A, memory.A / rows, before / rows)
        length, most = norm(A), LONGEST * np.sqrt(len(A))
        A = A * where(length > most, most / np.maximum(length, most), 1.0)
        params = params._replace(C=C.astype(dtype), A=A.astype(dtype))
        empty = self.begin(params)
        return params, empty._replace(variance=memory.variance, updates=memory.updates + 1)

    def _nearer(self, W: Array, gradient: Array, power: Any) -> Any:
        return W + self.rate * (gradient / (1 + power) - self.decay * W)

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params as they are."""
        if memory.updates == 0:
            rows = int(memory.power[0])
            raise DataError(
                f"PredictiveCoding saw {rows} steps to learn from, less than one batch of "
                f"{self.batch}; give more data or write batch={max(1, rows)}"
            )
        return params
