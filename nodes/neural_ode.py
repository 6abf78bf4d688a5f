"""A random field that is followed through time: a reservoir whose equation is a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt, model_validator

from nodegraph.arrays import Array
from nodegraph.data.symptoms import is_still, raw_input
from nodegraph.errors import FieldError
from nodegraph.fields import Matrix, Vector
from nodegraph.maths import matvec, tanh
from nodegraph.node import DURATION, Limits, Node
from nodes.parts.gated_cell import as_dense
from nodes.parts.random_layer import require_shape
from nodes.parts.solvers import SOLVERS, duration, unfolded
from nodes.wirings import AnyWiring, Signs

__all__ = ["NeuralODE"]


class NeuralODE(Node):
    """A neural ordinary differential equation [1]_ whose field is drawn and stays.

    ``dx/dt = W_out tanh(W x + W_in u + bias) - decay x``; it gives out x after the time that
    arrives at its port ``dt``, 1 if nothing is wired there, u being held meanwhile.

    Parameters
    ----------
    units : int, optional
        Number of state variables n; may be left out if W_out or a wiring is given.
    hidden : int
        Units k inside the field; W says how many if it is given. With a wiring a multiple of n, by
        default the next one of 64.
    wiring : Wiring, optional
        Which inputs and variables move which, and with which sign, as in `nodes.wirings`: unit j of
        the field hears what variable ``j % n`` hears, and moves that one alone. Weights are drawn
        there.
    solver : {"euler", "midpoint", "rk4", "dopri5"}
        How a step is taken, of order 1, 2, 4 and 5.
    unfolds : int
        Steps of the solver in one of the node.
    gain : float, at least 0
        W_out and W are normal with deviation ``gain / sqrt(k)`` and ``gain / sqrt(n)``, of k and n
        that are joined.
    input_scaling, bias_scaling : float, at least 0
        W_in and bias are even between minus and plus this.
    decay : float, at least 0
        Pull towards 0; above 0 the state stays bounded as long as h decay < 1.
    W_out, W, W_in, bias : array, optional
        Weights of shape (n, k), (k, n), (k, n_in) and (k,), used as they stand. W may be a networkx
        graph; then k is n.

    Raises
    ------
    DataError
        If a dt is not above 0.

    References
    ----------
    .. [1] R. T. Q. Chen, Y. Rubanova, J. Bettencourt, D. Duvenaud, NeurIPS 31 (2018).

    Examples
    --------
    >>> import nodegraph as ng
    >>> node = NeuralODE(W_in=[[9.0]], W=[[0.0]], W_out=[[1.0]], bias=[0.0], unfolds=8)
    >>> ng.Model(node).run([[1.0]] * 3)[:, 0].round(4)  # 1 - e^-t
    array([0.6321, 0.8647, 0.9502])
    """

    class Params(NamedTuple):
        """The weights of the field."""

        W_out: Array  # (n, k)
        W: Array  # (k, n)
        W_in: Array  # (k, n_in)
        bias: Array  # (k,)

    class State(NamedTuple):
        """Where it is."""

        x: Array  # (n,)

    limits: ClassVar[dict[str, Limits]] = {"dt": DURATION}

    units: PositiveInt | None = None
    hidden: PositiveInt = 64
    wiring: AnyWiring | None = None
    solver: Literal["euler", "midpoint", "rk4", "dopri5"] = "rk4"
    unfolds: PositiveInt = 1
    gain: NonNegativeFloat = 1.5
    input_scaling: NonNegativeFloat = 1.0
    bias_scaling: NonNegativeFloat = 0.2
    decay: NonNegativeFloat = 1.0
    W_out: Matrix | None = None
    W: Matrix | None = None
    W_in: Matrix | None = None
    bias: Vector | None = None

    @model_validator(mode="after")
    def _sizes_agree(self) -> NeuralODE:
        n = self.declared_size
        if n is None:
            raise ValueError("units is missing: write units=100, or give W_out or a wiring")
        if self.wiring is not None and self.wiring.neurons != n:
            raise ValueError(f"wiring: it has {self.wiring.neurons} neurons, not {n}")
        if self.wiring is not None and self.inner % n:
            raise ValueError(
                f"hidden: {self.inner} units do not divide among the {n} neurons of the wiring; "
                f"write hidden={_next_multiple(self.inner, n)}"
            )
        require_shape("W_out", self.W_out, (n, self.inner), ValueError)
        require_shape("W", self.W, (self.inner, n), ValueError)
        require_shape("bias", self.bias, (self.inner,), ValueError)
        return self

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        given = {n for n in self.Params._fields if getattr(self, n) is not None}
        made_by = {
            "input_scaling": {"W_in"}, "bias_scaling": {"bias"}, "gain": {"W", "W_out"},
            "wiring": {"W", "W_in", "W_out"},
        }  # fmt: skip
        return {
            field: f"{' and '.join(sorted(names))} stand as given"
            for field, names in made_by.items()
            if names <= given
        }

    @property
    def inner(self) -> int:
        """The number of units inside the field."""
        if "hidden" not in self.model_fields_set:
            for array, axis in ((self.W, 0), (self.W_out, 1), (self.bias, 0)):
                if array is not None:
                    return int(array.shape[axis])
            if self.wiring is not None:
                return _next_multiple(self.hidden, self.wiring.neurons)
        return self.hidden

    @property
    def declared_size(self) -> int | None:
        """The number of state variables: ``units``, or what the weights tell."""
        if self.units is not None:
            return self.units
        if self.W_out is not None:
            return int(self.W_out.shape[0])
        if self.wiring is not None:
            return self.wiring.neurons
        return None if self.W is None else int(self.W.shape[1])

    def doubts(self, x: Array, y: Array, params: Any) -> list[str]:
        """Return that the input is not of mean 0 and variance 1, or that nothing moves."""
        still = "nothing that it gives out moves" * is_still(x, y)
        return [words for words in (raw_input(x, faint=1e-3), still) if words]

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the weights will hold."""
        return {"W and W_out": 2 * self.inner * n_out, "W_in": self.inner * n_in}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, drawn or given."""
        n, k, streams = n_out, self.inner, rng.spawn(4)
        arrays = {
            "W_out": self.gain / np.sqrt(k) * streams[0].standard_normal((n, k)),
            "W": self.gain / np.sqrt(n) * streams[1].standard_normal((k, n)),
            "W_in": self.input_scaling * streams[2].uniform(-1, 1, (k, n_in)),
            "bias": self.bias_scaling * streams[3].uniform(-1, 1, k),
        }
        if self.wiring is not None:
            arrays |= self._wired(self.wiring.signs(n_in), arrays)
        for name, drawn in arrays.items():
            if (given := getattr(self, name)) is not None:
                require_shape(name, given, drawn.shape, FieldError)
                arrays[name] = as_dense(given)
        return self.Params(**arrays)

    def _wired(self, signs: Signs, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Return the weights that were drawn where there are synapses, with their signs."""
        k, n = arrays["W"].shape
        hears = {part: np.tile(getattr(signs, part).T, (k // n, 1)) for part in Signs._fields}
        there = {"W": hears["recurrent"], "W_in": hears["sensory"]}
        there["W_out"] = np.tile(np.eye(n), (1, k // n))
        heard = np.maximum(np.abs(there["W"]).sum(axis=1, keepdims=True), 1)
        wider = {"W": np.sqrt(n / heard), "W_in": 1.0, "W_out": np.sqrt(n)}
        return {name: np.abs(arrays[name]) * there[name] * wider[name] for name in there}

    def start(self, n_out: int) -> State:
        """Return the state before the first step: zeros."""
        return self.State(np.zeros(n_out))

    def step(
        self, params: Params, state: State, x: Array, dt: Array | None = None
    ) -> tuple[State, Array]:
        """Return ``(state, y)`` a time dt later."""
        p, driven = params, matvec(params.W_in, x) + params.bias
        h = duration(dt, x) / self.unfolds

        def field(v: Array) -> Any:
            return matvec(p.W_out, tanh(matvec(p.W, v) + driven)) - self.decay * v

        new = unfolded(self.unfolds, lambda v: SOLVERS[self.solver](field, v, h), state.x)
        return self.State(new), new.copy()


def _next_multiple(number: int, of: int) -> int:
    return -(-number // of) * of
