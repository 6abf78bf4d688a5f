"""Attention whose past is a matrix of fixed size: fast weights."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.maths import dot, matvec, norm, where
from nodegraph.node import Limits, Node
from nodes.parts.feature_maps import FeatureMap, Weights, features, weights, width
from nodes.parts.key_value import check_key_value
from nodes.rules.distillation import Distillation

__all__ = ["LinearAttention"]


class LinearAttention(Node):
    """Stores values under keys, and gives out what is stored under a query.

    `x` is the query q; ports `key` and `value` are k and v. With the features phi of `kernel`::

        sum:    S += v phi(k)',  z += phi(k),  y = S phi(q) / z'phi(q)
        delta:  S += beta (v - S phi(k)) phi(k)',  y = S phi(q)

    The first is attention with ``phi(q) . phi(k)`` in place of ``exp(q . k)``, made step by step
    [1]_. The second is one step of least mean squares: what was stored under k gives way [2]_. What
    comes at a step is stored before it is read.

    Parameters
    ----------
    kernel : {"identity", "elu", "based", "rebased", "hedgehog"}
        phi; see `nodes.parts.feature_maps.features`.
    update : {"sum", "delta"}
        How S changes. A port `beta` of "delta", one signal in [0, 1], is how much of the old value
        gives way; it is 1 if nothing is wired there.
    normalise : bool
        "sum": whether y is divided by ``z'phi(q)``, as a mean is; the identity, whose
        ``z'phi(q)`` may be near 0, is best left without. "delta": whether phi(k) is brought to
        length 1, without which S may grow.
    features : int, optional
        Rows m of W of "hedgehog", drawn at random; else W begins as the identity. The more there
        are, the nearer to softmax it can come.
    frozen : bool
        Whether W and b of "hedgehog" stay as they are, instead of learning by
        `nodes.rules.Distillation`.
    window, rate, batch
        How those learn; see there.

    References
    ----------
    .. [1] A. Katharopoulos et al., Int. Conf. Machine Learning 37 (2020) 5156-5165.
    .. [2] I. Schlag, K. Irie, J. Schmidhuber, Int. Conf. Machine Learning 38 (2021) 9355-9366.

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
        """What is stored, (n_out, features), and the sum of the features of keys, (features,)."""

        S: Array
        z: Array

    limits: ClassVar[dict[str, Limits]] = {"beta": Limits(0, 1, signals=1)}

    kernel: FeatureMap = "identity"
    update: Literal["sum", "delta"] = "sum"
    normalise: bool = True
    features: PositiveInt | None = None
    frozen: bool = False
    window: PositiveInt = 16
    rate: PositiveFloat = 0.01
    batch: PositiveInt = 16

    @property
    def rule(self) -> Distillation | None:
        """What the features of "hedgehog" learn by."""
        if self.kernel != "hedgehog" or self.frozen:
            return None
        return Distillation(**self.shared(Distillation))

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        names = ("window", "rate", "batch")
        if self.kernel != "hedgehog":
            return dict.fromkeys(
                (*names, "frozen", "features"), f"nothing of {self.kernel!r} learns"
            )
        return dict.fromkeys(names, "it is frozen") if self.frozen else {}

    def size(self, n_in: int, value: int = 0) -> int:
        """Return the width of the values."""
        return value or n_in

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers S will hold."""
        return {"S": n_out * width(self.kernel, n_in, self.features)}

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
        if beta and self.update == "sum":
            raise FieldError('beta has no effect on a sum; write update="delta"')
        return weights(self.kernel, n_in, rng, self.features)

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: nothing is stored."""
        m = width(self.kernel, n_in, self.features)
        return self.State(np.zeros((n_out, m)), np.zeros(m))

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
        if self.update == "sum":
            S, z = state.S + value[:, None] * k, state.z + k
            y = matvec(S, q)
            if self.normalise:
                weight = dot(z, q)
                y = where(weight == 0, y, y / where(weight == 0, weight + 1, weight))
            return self.State(S, z), y
        if self.normalise:
            length = norm(k)
            k = k / where(length == 0, length + 1, length)
        share = x.dtype.type(1) if beta is None else beta[0]
        S = state.S + (share * (value - matvec(state.S, k)))[:, None] * k
        return self.State(S, state.z), matvec(S, q)
