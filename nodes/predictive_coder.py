"""Units that explain their input by hidden causes, found anew at each step by relaxation."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.fields import Fraction, Matrix, PerUnit
from nodegraph.maths import activate, matvec, norm, repeat, total, vecmat
from nodegraph.node import Node
from nodes.parts.random_layer import require_shape
from nodes.rules.predictive_coding import PredictiveCoding

__all__ = ["PredictiveCoder", "energy", "relaxed"]

BEND = 0.77  # the largest second derivative of tanh, 4 / sqrt(27), rounded up


class PredictiveCoder(Node):
    """Predictive coding in one node: causes v of the input x, and what they predict [1]_, [2]_.

    At each step the causes settle to where the energy is low ::

        E(v) = 1/2 sum_k precision_k (x - C f(v))_k^2 + 1/2 prior_precision |v - p|^2

    with ``p = A f(v[t-1])`` if `temporal` [3]_, else 0, plus what comes in at the port `prior`, as
    from a node above. Relaxation starts at p and takes `relaxation` steps
    ``v_j -= (dE/dv_j) / D_j`` with ::

        D_j = prior_precision + sum_k precision_k |C_kj| sum_i |C_ki|
              + 0.77 |C_j| sqrt(2 E(p) max(precision))        (the last for tanh only)

    which bounds the curvature of E wherever it is at most E(p), so that the energy never rises.
    Then C, and A, learn from what is left of both errors; see `nodes.rules.PredictiveCoding`. No
    error leaves the node, unless it is asked to give it out as data.

    With f the identity, `temporal`, converged relaxation, and both precisions fixed at those of the
    steady state, it is the Kalman filter.

    Parameters
    ----------
    units : int
        Number of causes n.
    temporal : bool
        Whether causes predict those of the next step.
    gives : {"state", "prediction", "error", "forecast"}
        What is given out: v, ``C f(v)``, ``x - C f(p)`` (what could not be foreseen), or
        ``C f(A f(v))`` (the input of the next step).
    activation : {"tanh", "identity"}
        f.
    relaxation : int
        Steps of relaxation.
    precision : float, or one for each input
        How much each input is trusted: 1 / variance of its error.
    prior_precision : float, above 0
        How much p is trusted.
    attention : bool
        Whether the precisions of inputs are learned.
    input_scaling : float, at least 0
        C and A are drawn normal with standard deviation ``input_scaling / sqrt(n)``.
    C, A : array, optional
        Weights of shape (n_in, n) and (n, n) to start from.
    frozen : bool
        Whether the weights stay as they are.
    rate, decay, batch, fading, epochs
        How the weights learn; see `nodes.rules.PredictiveCoding`.

    References
    ----------
    .. [1] R. P. N. Rao, D. H. Ballard, Nature Neuroscience 2 (1999) 79-87.
    .. [2] J. C. R. Whittington, R. Bogacz, Neural Computation 29 (2017) 1229-1262.
    .. [3] B. Millidge, M. Tang, M. Osanlouy, N. S. Harper, R. Bogacz, PLoS Computational Biology 20
       (2024) e1011183.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> u = np.sin(np.arange(3000) / 5)[:, None] * [1.0, -1.0]
    >>> coder = PredictiveCoder(units=3, temporal=True, gives="forecast")
    >>> predictions = ng.Model(coder, seed=1).fit(u).run(u)
    >>> bool(np.abs(predictions[-100:-1] - u[-99:]).mean() < 0.2)
    True
    """

    class Params(NamedTuple):
        """The weights; A has no columns if the node is not temporal."""

        C: Array  # (n_in, n)
        A: Array  # (n, n) or (n, 0)
        precision: Array  # (n_in,)

    class State(NamedTuple):
        """The causes, what was expected of them, and ``f(v[t-1])`` from which it was."""

        v: Array  # (n,)
        p: Array  # (n,)
        before: Array  # (n,) or (0,)

    units: PositiveInt
    temporal: bool = False
    gives: Literal["state", "prediction", "error", "forecast"] = "state"
    activation: Literal["tanh", "identity"] = "tanh"
    relaxation: PositiveInt = 20
    precision: PerUnit = 1.0
    prior_precision: PositiveFloat = 0.1
    attention: bool = False
    input_scaling: NonNegativeFloat = 1.0
    C: Matrix | None = None
    A: Matrix | None = None
    frozen: bool = False
    rate: PositiveFloat = 0.02
    decay: NonNegativeFloat = 1e-4
    batch: PositiveInt = 1
    fading: Fraction = 0.01
    epochs: PositiveInt = 1

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        reasons = {}
        if not self.temporal and self.A is not None:
            reasons["A"] = "temporal is False"
        if self.C is not None and (self.A is not None or not self.temporal):
            reasons["input_scaling"] = "the weights are given"
        if not self.attention:
            reasons["fading"] = "attention is False"
        return reasons

    @model_validator(mode="after")
    def _forecasts_need_time(self) -> PredictiveCoder:
        if self.gives == "forecast" and not self.temporal:
            raise ValueError("gives: a forecast needs temporal=True")
        return self

    @property
    def rule(self) -> PredictiveCoding | None:
        """The rule that the weights learn by; none if they are frozen."""
        if self.frozen:
            return None
        return PredictiveCoding(**self.shared(PredictiveCoding))

    @property
    def declared_size(self) -> int | None:
        """The number of causes, if they are what is given out."""
        return self.units if self.gives == "state" else None

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, prior: int = 0) -> Params:
        """Return the weights, drawn or given."""
        if n_in == 0:
            raise FieldError("a PredictiveCoder explains its input, but nothing is wired to it")
        if prior not in (0, self.units):
            raise FieldError(
                f"what comes in at prior should have {self.units} signals, one for each cause; "
                f"got {prior}"
            )
        if isinstance(self.precision, tuple) and len(self.precision) != n_in:
            raise FieldError(
                f"precision: expected one number or {n_in}, one for each input, got "
                f"{len(self.precision)}"
            )
        n, (of_C, of_A) = self.units, rng.spawn(2)
        A = self._weights(of_A, "A", (n, n)) if self.temporal else np.zeros((n, 0))
        precision = np.broadcast_to(np.array(self.precision, dtype=float), n_in).copy()
        return self.Params(self._weights(of_C, "C", (n_in, n)), A, precision)

    def _weights(self, rng: np.random.Generator, name: str, shape: tuple[int, int]) -> Array:
        given = getattr(self, name)
        require_shape(name, given, shape, FieldError)
        if given is None:
            drawn: Array = self.input_scaling / np.sqrt(self.units) * rng.standard_normal(shape)
            return drawn
        return np.array(given if isinstance(given, np.ndarray) else given.toarray(), order="C")

    def start(self, n_out: int) -> State:
        """Return the state before the first step: zeros."""
        n = self.units
        return self.State(np.zeros(n), np.zeros(n), np.zeros(n if self.temporal else 0))

    def step(
        self, params: Params, state: State, x: Array, prior: Array | None = None
    ) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        f = partial(activate, self.activation)
        before = f(state.v) if self.temporal else state.before
        p = matvec(params.A, before)
        p = p if prior is None else p + prior
        v = relaxed(self, params, x, p, self.relaxation)
        return self.State(v, p, before), self._given(params, x, v, p)

    def _given(self, params: Params, x: Array, v: Array, p: Array) -> Any:
        """Return what is given out of causes v, of which p was expected."""
        f, C = partial(activate, self.activation), params.C
        if self.gives == "prediction":
            return matvec(C, f(v))
        if self.gives == "error":
            return x - matvec(C, f(p))
        if self.gives == "forecast":
            return matvec(C, f(matvec(params.A, f(v))))
        return v.copy()


def energy(
    node: PredictiveCoder, params: PredictiveCoder.Params, x: Array, p: Array, v: Array
) -> Any:
    """Return E(v)."""
    error = x - matvec(params.C, activate(node.activation, v))
    misfit = total(params.precision * error * error)
    return (misfit + node.prior_precision * total((v - p) ** 2)) / 2


def relaxed(
    node: PredictiveCoder, params: PredictiveCoder.Params, x: Array, p: Array, steps: int
) -> Any:
    """Return the causes after some steps of relaxation from p."""
    C, precision, prior = params.C, params.precision, x.dtype.type(node.prior_precision)
    size, tanh = np.abs(C), node.activation == "tanh"
    D = prior + vecmat(precision * total(size, axis=1), size)
    if tanh:
        most = 2 * energy(node, params, x, p, p) * precision.max()
        D = D + (BEND * norm(C, axis=0) * np.sqrt(most)).astype(x.dtype)

    def nearer(v: Array) -> Any:
        f = activate(node.activation, v)
        pull = vecmat(precision * (x - matvec(C, f)), C)
        pull = pull * (1 - f * f) if tanh else pull
        return v + (pull - prior * (v - p)) / D

    return repeat(steps, nearer, p)
