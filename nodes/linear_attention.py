"""Attention whose past is a matrix of fixed size: fast weights."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.maths import dot, matvec, norm, outer, where
from nodegraph.node import Limits, Node
from nodes.parts.feature_maps import FeatureMap, Weights, features, weights, width
from nodes.parts.key_value import check_key_value
from nodes.rules.distillation import Distillation

__all__ = ["LinearAttention"]


class LinearAttention(Node):
    """Stores values under keys, and gives out what is stored under a query.

    `x` is the query q; ports `key` and `value` are k and v. With the features phi of `kernel`::

        sum:            S += v phi(k)',  z += phi(k),  y = S phi(q) / z'phi(q)
        delta:          S += beta (v - S phi(k)) phi(k)',  y = S phi(q)
        least_squares:  S = sum_t v phi(k)' (ridge I + sum_t phi(k) phi(k)')^-1,  y = S phi(q)

    The first is attention with ``phi(q) . phi(k)`` in place of ``exp(q . k)``, made step by step
    [1]_. The second is one step of least mean squares: what was stored under k gives way [2]_. The
    third is ridge regression on all pairs so far [3]_, by recursive least squares: with P the
    inverse, ``P -= P k k'P / (1 + k'P k)`` and ``S += (v - S k) k'P``. What comes at a step is
    stored before it is read.

    Parameters
    ----------
    kernel : {"identity", "elu", "based", "rebased", "hedgehog"}
        phi; see `nodes.parts.feature_maps.features`.
    update : {"sum", "delta", "least_squares"}
        How S changes. A port `beta` of "delta", one signal in [0, 1], is how much of the old value
        gives way; it is 1 if nothing is wired there.
    normalise : bool
        "sum": whether y is divided by ``z'phi(q)``, as a mean is; the identity, whose
        ``z'phi(q)`` may be near 0, is best left without. "delta": whether phi(k) is brought to
        length 1, without which S may grow.
    ridge : float
        "least_squares": the penalty on S.
    output : {"value", "weights"}
        What is given out: y, or S row by row: what was learned in this series, such as the
        parameters that a `HyperNode` is to tell, or those of another node.
    features : int, optional
        Rows m of W of "hedgehog", drawn at random; else W begins as the identity. The more there
        are, the nearer to softmax it can come: with the identity it tells apart what is linear in
        k; 16 numbers whose ``q . k / sqrt(d)`` have a spread of 1 take 32 rows, of 1.5 some 1000.
    frozen : bool
        Whether W and b of "hedgehog" stay as they are, instead of learning by
        `nodes.rules.Distillation`.
    window, rate, batch
        How those learn; see there.

    References
    ----------
    .. [1] A. Katharopoulos et al., Int. Conf. Machine Learning 37 (2020) 5156-5165.
    .. [2] I. Schlag, K. Irie, J. Schmidhuber, Int. Conf. Machine Learning 38 (2021) 9355-9366.
    .. [3] J. von Oswald et al., arXiv 2309.05858 (2023).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input
    >>> q, k, v = Input(name="q"), Input(name="k"), Input(name="v")
    >>> memory = LinearAttention(update="delta")
    >>> graph = (q >> memory) & (k >> memory["key"]) & (v >> memory["value"])
    >>> keys = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    >>> data = {"k": keys, "v": [[5.0], [6.0], [7.0]], "q": [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]}
    >>> ng.Model(graph).run(data)[:, 0]
    array([5., 5., 7.])
    """

    Params: ClassVar[type[Weights]] = Weights

    class State(NamedTuple):
        """What is stored, and what is known of keys."""

        S: Array  # (width of values, features)
        z: Array  # (features,) their sum
        P: Array  # (features, features) of "least_squares", else (0, 0)

    limits: ClassVar[dict[str, Limits]] = {"beta": Limits(0, 1, signals=1)}

    kernel: FeatureMap = "identity"
    update: Literal["sum", "delta", "least_squares"] = "sum"
    normalise: bool = True
    ridge: PositiveFloat = 1.0
    output: Literal["value", "weights"] = "value"
    features: PositiveInt | None = None
    frozen: bool = False
    window: PositiveInt = 16
    rate: PositiveFloat = 0.01
    batch: PositiveInt = 16

    @property
    def double(self) -> tuple[str, ...]:  # type: ignore[override]
        """The inverse of "least_squares": in single precision nothing would be left of it."""
        return ("P",) if self.update == "least_squares" else ()

    @property
    def rule(self) -> Distillation | None:
        """What the features of "hedgehog" learn by."""
        if self.kernel != "hedgehog" or self.frozen:
            return None
        return Distillation(**self.shared(Distillation))

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        squares = self.update == "least_squares"
        idle = {"normalise" if squares else "ridge": f"the update is {self.update!r}"}
        if self.update == "sum" and self.output == "weights":
            idle["normalise"] = "a sum is given out as it is"
        names = ("window", "rate", "batch")
        if self.kernel != "hedgehog":
            nothing = f"nothing of {self.kernel!r} learns"
            return idle | dict.fromkeys((*names, "frozen", "features"), nothing)
        return idle | (dict.fromkeys(names, "it is frozen") if self.frozen else {})

    def size(self, n_in: int, value: int = 0) -> int:
        """Return the width of the values, or the number of weights."""
        return (value or n_in) * (self._width(n_in) if self.output == "weights" else 1)

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers S, and P, will hold."""
        m = self._width(n_in)
        squares = {"P": m * m} if self.update == "least_squares" else {}
        return {"S": n_out * (1 if self.output == "weights" else m)} | squares

    def _width(self, n_in: int) -> int:
        return width(self.kernel, n_in, self.features)

    def doubts(self, x: Array, y: Array, params: Weights) -> list[str]:
        """Return that what y is divided by may be near 0."""
        signed = self.kernel == "identity" and self.update == "sum" and self.normalise
        if not signed or (x >= 0).all():
            return []
        return [
            "y is divided by z'q, which may be near 0 where queries and keys have both signs; "
            'write normalise=False, or kernel="elu"'
        ]

    def init(
        self,
        rng: np.random.Generator,
        n_in: int,
        n_out: int,
        key: int = 0,
        value: int = 0,
        beta: int = 0,
    ) -> Weights:
        """Return the weights of the features; refuse ports that do not go together."""
        check_key_value(n_in, key, value)
        if beta and self.update != "delta":
            raise FieldError(f'beta has no effect on {self.update!r}; write update="delta"')
        return weights(self.kernel, n_in, rng, self.features)

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: nothing is stored."""
        m = self._width(n_in)
        values = n_out // m if self.output == "weights" else n_out
        P = np.eye(m * (self.update == "least_squares")) / self.ridge
        return self.State(np.zeros((values, m)), np.zeros(m), P)

    def step(
        self,
        params: Weights,
        state: State,
        x: Array,
        key: Any = None,
        value: Any = None,
        beta: Any = None,
    ) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        q, k = (features(self.kernel, params, part) for part in (x, key))
        after = self._stored(state, k, value, beta)
        if self.output == "weights":
            return after, after.S.reshape(-1).copy()
        y = matvec(after.S, q)
        if self.update == "sum" and self.normalise:
            weight = dot(after.z, q)
            y = where(weight == 0, y, y / where(weight == 0, weight + 1, weight))
        return after, y

    def _stored(self, state: State, k: Array, value: Array, beta: Any) -> State:
        """Return the state with a value under the features of its key."""
        if self.update == "sum":
            return state._replace(S=state.S + value[:, None] * k, z=state.z + k)
        if self.update == "least_squares":
            wide = k.astype(float)
            Pk = matvec(state.P, wide)
            gain = Pk / (1 + dot(wide, Pk))
            S = state.S + (value - matvec(state.S, k))[:, None] * gain.astype(k.dtype)
            return state._replace(S=S, P=state.P - outer(gain, Pk))
        if self.normalise:
            length = norm(k)
            k = k / where(length == 0, length + 1, length)
        share = k.dtype.type(1) if beta is None else beta[0]
        return state._replace(S=state.S + (share * (value - matvec(state.S, k)))[:, None] * k)
