"""Liquid time-constant neurons: how fast they are depends on what they hear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
from pydantic import PositiveInt, model_validator

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.fields import BySource, Matrix, Vector
from nodegraph.maths import sigmoid, total
from nodegraph.node import DURATION, Limits
from nodegraph.rule import AnyRule
from nodes.parts.cell import LearningCell
from nodes.parts.gated_cell import as_dense
from nodes.parts.random_layer import require_shape
from nodes.parts.solvers import duration, unfolded
from nodes.parts.tape import against, joined
from nodes.wirings import AnyWiring, Wiring, fully_connected

__all__ = ["LTC"]

EPSILON = 1e-8  # of the reference implementation, against a division by 0
RANGES: Final = {
    "gleak": (0.001, 1.0), "vleak": (-0.2, 0.2), "cm": (0.4, 0.6), "w": (0.001, 1.0),
    "mu": (0.3, 0.8), "sigma": (3.0, 8.0), "sensory_w": (0.001, 1.0),
    "sensory_mu": (0.3, 0.8), "sensory_sigma": (3.0, 8.0),
}  # fmt: skip
PER_NEURON = ("gleak", "vleak", "cm")
PER_SYNAPSE = ("w", "mu", "sigma", "erev", "mask")
SYNAPSES = tuple(of + name for of in ("", "sensory_") for name in PER_SYNAPSE[:-1])
MASKS = ("mask", "sensory_mask")
POSITIVE = ("gleak", "cm", "w", "sensory_w", *MASKS)


class LTC(LearningCell):
    """Liquid time-constant network [1]_, in steps of any length.

    The potential v of a neuron leaks to vleak, and each synapse from a source s, which is an input
    through its map or a neuron, pulls it to erev by ``g(s) = w sigmoid(sigma (s - mu))``::

        cm dv/dt = gleak (vleak - v) + sum over synapses of g(s) (erev - v)

    A step of the time dt that arrives at the port ``dt`` (1 if nothing is wired there) is `unfolds`
    semi-implicit ones, with h = dt / unfolds::

        v = (cm / h v + gleak vleak + sum g erev) / (cm / h + gleak + sum g + 1e-8)

    so that, for any input, v stays between the least and the greatest of 0, erev, vleak and its
    start, and the time constant ``cm / (gleak + sum g)`` between ``tau / (1 + tau W)`` and tau,
    where ``tau = cm / gleak`` and W is the sum of ``w / cm``: see `time_constants`. It gives out
    ``output_w v + output_b`` of the motor neurons, which are the first ones.

    With a rule of cells its head foresees the input from all neurons, the motor ones through their
    map. All arrays but the masks learn; `EProp` and `RFLO` leave the map of the inputs, which moves
    all neurons, as it is. As in the code of [1]_, cm stays at 1e-6 or more, gleak, w and sensory_w
    at 1e-5.

    Parameters
    ----------
    units : int, optional
        Number of neurons n, all joined to all, all of them motor neurons; or give a wiring, or
        arrays.
    wiring : Wiring, optional
        Which synapses there are, with their signs, and how many motor neurons; see
        `nodes.wirings`. A networkx graph will do as well.
    unfolds : int
        Steps of the solver in one of the node.
    emits : tuple of {"output", "potentials", "prediction", "error"}
        What is given out, side by side in this order, whatever the order given: the motor neurons,
        mapped; all potentials as they are; the last two of a head.
    gleak, vleak, cm : array (n,), optional
        Conductance and potential of the leak, and capacity.
    w, mu, sigma, erev, mask : array (n, n), optional
        Synapses among neurons, sources in rows: conductance, threshold, steepness, reversal
        potential, and 1 or 0, whether it is there.
    sensory_w, sensory_mu, sensory_sigma, sensory_erev, sensory_mask : array (n_in, n), optional
        The same of synapses from inputs.
    input_w, input_b : array (n_in,), optional
        The inputs are ``input_w u + input_b``; else they are as they come.
    output_w, output_b : array (n_motor,), optional
        The map of the motor neurons; else they are as they are. Potentials have no map.
    rule : Rule, optional
        Local rule that adapts the params; or one of a cell, by which it learns to foresee its
        input: `nodes.rules.EProp`, `RFLO`, `TBPTT`, or `nodes.rules.BPTT`.
    frozen : bool
        Whether a rule of a cell teaches the head alone.

    Raises
    ------
    DataError
        If a dt is not above 0.
    FieldError
        If a neuron cannot be reached from any input, or an array has another shape.

    References
    ----------
    .. [1] R. Hasani, M. Lechner, A. Amini, D. Rus, R. Grosu, AAAI 35 (2021) 7657-7666.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> v = ng.Model(LTC(units=20), seed=1).run(1e6 * np.random.default_rng(0).normal(size=(99, 3)))
    >>> bool(np.abs(v).max() < 1)  # as the reversal potentials are 1 and -1
    True
    """

    class Params(NamedTuple):
        """Neurons, synapses with sources in rows, and the maps of inputs and outputs."""

        gleak: Array  # (n,)
        vleak: Array
        cm: Array
        w: Array  # (n, n)
        mu: Array
        sigma: Array
        erev: Array
        mask: Array
        sensory_w: Array  # (n_in, n)
        sensory_mu: Array
        sensory_sigma: Array
        sensory_erev: Array
        sensory_mask: Array
        input_w: Array  # (n_in,)
        input_b: Array
        output_w: Array  # (n_motor,)
        output_b: Array
        V: Any = ()  # of the head, see `nodes.parts.cell.Head`
        offset: Any = ()
        feedback: Any = ()

    class State(NamedTuple):
        """The potentials, and what the head reads."""

        v: Array  # (n,)
        h: Any = ()  # (n,) the potentials, those of motor neurons mapped
        past: Any = ()  # the last steps, for rules that look back

    carried: ClassVar[tuple[str, ...]] = ("h", "v")
    shows: ClassVar[tuple[str, ...]] = ("output", "potentials")
    unit_axis: ClassVar[Mapping[str, int]] = dict.fromkeys(SYNAPSES, 1)
    floors: ClassVar[Mapping[str, float]] = {"cm": 1e-6} | dict.fromkeys(
        ("gleak", "w", "sensory_w"), 1e-5
    )
    limits: ClassVar[dict[str, Limits]] = {"dt": DURATION}

    units: PositiveInt | None = None
    wiring: AnyWiring | None = None
    unfolds: PositiveInt = 6
    gleak: Vector | None = None
    vleak: Vector | None = None
    cm: Vector | None = None
    w: BySource | None = None
    mu: BySource | None = None
    sigma: BySource | None = None
    erev: BySource | None = None
    mask: BySource | None = None
    sensory_w: Matrix | None = None
    sensory_mu: Matrix | None = None
    sensory_sigma: Matrix | None = None
    sensory_erev: Matrix | None = None
    sensory_mask: Matrix | None = None
    input_w: Vector | None = None
    input_b: Vector | None = None
    output_w: Vector | None = None
    output_b: Vector | None = None
    rule: AnyRule | None = None  # type: ignore[assignment]

    @model_validator(mode="after")
    def _sizes_agree(self) -> LTC:
        n = self.neurons
        if n is None:
            raise ValueError("units is missing: write units=32, or wiring=auto_ncp(32, 4)")
        if self.wiring is not None and self.wiring.neurons != n:
            raise ValueError(f"wiring: it has {self.wiring.neurons} neurons, not {n}")
        self._require(PER_NEURON, (n,), ValueError)
        self._require(PER_SYNAPSE, (n, n), ValueError)
        self._require(("output_w", "output_b"), (self.outputs,), ValueError)
        for name in POSITIVE:
            array = getattr(self, name)
            if array is not None and array.min() < 0:
                raise ValueError(f"{name}: should be at least 0 (got {array.min()})")
        if self.cm is not None and not self.cm.min():
            raise ValueError("cm: should be greater than 0, for a capacity of 0 has no dynamics")
        return self

    def _require(
        self, names: tuple[str, ...], shape: tuple[int, ...], error: type[Exception] = FieldError
    ) -> None:
        for name in names:
            require_shape(name, getattr(self, name), shape, error)

    @property
    def neurons(self) -> int | None:
        """The number of neurons: ``units``, or what the wiring or arrays tell."""
        if self.units is not None:
            return self.units
        if self.wiring is not None:
            return self.wiring.neurons
        given = [getattr(self, name) for name in (*PER_NEURON, *PER_SYNAPSE)]
        return next((len(array) for array in given if array is not None), None)

    @property
    def outputs(self) -> int:
        """The number of motor neurons."""
        if self.wiring is not None:
            return self.wiring.outputs
        given = [array for array in (self.output_w, self.output_b) if array is not None]
        return len(given[0]) if given else self.neurons or 0

    @property
    def width(self) -> int:
        """The number of neurons."""
        return self.neurons or 0

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the params that can learn; the map of the inputs by a rule that looks back."""
        looks_back = self.taught is not None and self.taught.window > 0
        inputs = ("input_w", "input_b") * looks_back
        return (*PER_NEURON, *SYNAPSES, *inputs, "output_w", "output_b")

    def width_of(self, name: str) -> int:
        """Return of how many numbers that is which is given out by this name."""
        return self.outputs if name == "output" else self.width

    def shown(self, state: State, name: str) -> Array:
        """Return what can be given out, by name."""
        return state.h[: self.outputs].copy() if name == "output" else state.v.copy()

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the synapses will hold."""
        n = self.neurons or 0
        return {"synapses": 5 * n * n, "sensory synapses": 5 * n * n_in}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the params, drawn from the ranges of the reference implementation or given."""
        n, sensory = self.neurons or 0, tuple(f"sensory_{name}" for name in PER_SYNAPSE)
        self._require(sensory, (n_in, n))
        self._require(("input_w", "input_b"), (n_in,))
        wiring: Wiring = self.wiring or fully_connected(n)
        signs = wiring.signs(n_in) if n_in or self.wiring else wiring.drawn(n_in)
        found = {
            "erev": signs.recurrent, "mask": np.abs(signs.recurrent),
            "sensory_erev": signs.sensory, "sensory_mask": np.abs(signs.sensory),
            "input_w": np.ones(n_in), "input_b": np.zeros(n_in),
            "output_w": np.ones(self.outputs), "output_b": np.zeros(self.outputs),
        }  # fmt: skip
        shapes = dict.fromkeys(PER_NEURON, (n,)) | dict.fromkeys(PER_SYNAPSE, (n, n))
        shapes |= dict.fromkeys(sensory, (n_in, n))
        *streams, of_head = rng.spawn(len(RANGES) + 1)
        for (name, between), stream in zip(RANGES.items(), streams, strict=True):
            found[name] = stream.uniform(*between, shapes[name])
        given = {name: getattr(self, name) for name in (*shapes, *found)}
        given = {name: as_dense(array) for name, array in given.items() if array is not None}
        for name in MASKS:
            if self.wiring is not None and np.any(given.get(name, 0) * (found[name] == 0)):
                raise FieldError(f"{name}: it has synapses that the wiring has not; leave one out")
        found |= given
        return self.Params(**found, **self.draw_head(of_head, n_in, n_out)._asdict())

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: zeros."""
        state: LTC.State = self.remembers(self.State(*np.zeros((2, self.width))), n_in)
        return state

    def moved(self, params: Params, state: State, x: Array, dt: Array | None = None) -> State:
        """Return the state a time dt later."""
        p = params
        from_inputs = _heard(x * p.input_w + p.input_b, *_sensory(p))
        cm_h = p.cm / (duration(dt, x) / self.unfolds)
        rest = p.gleak * p.vleak + total(from_inputs * p.sensory_erev, axis=0)
        leak = cm_h + p.gleak + total(from_inputs, axis=0) + EPSILON
        w = p.w * p.mask

        def later(v: Array) -> Any:
            g = _heard(v, w, p.mu, p.sigma)
            return (cm_h * v + rest + total(g * p.erev, axis=0)) / (leak + total(g, axis=0))

        v, m = unfolded(self.unfolds, later, state.v), len(p.output_w)
        return state._replace(h=joined([v[:m] * p.output_w + p.output_b, v[m:]]), v=v)

    def time_constants(self, params: Params, v: Array, u: Array) -> Array:
        """Return the time constant of each neuron, ``cm / (gleak + sum g)``, (n,).

        It lies between ``tau / (1 + tau W)`` and ``tau = cm / gleak``, where W is the sum of
        ``w mask / cm`` over the synapses of a neuron, whatever the potentials and the input are.

        Parameters
        ----------
        params : LTC.Params
        v : ndarray, shape (n,)
            Potentials.
        u : ndarray, shape (n_in,)
            The input.
        """
        g = total(_heard(v, params.w * params.mask, params.mu, params.sigma), axis=0)
        s = u * params.input_w + params.input_b
        found: Array = params.cm / (params.gleak + g + total(_heard(s, *_sensory(params)), axis=0))
        return found


def _sensory(p: LTC.Params) -> tuple[Array, Array, Array]:
    """Return conductance, threshold and steepness of the synapses from inputs."""
    return p.sensory_w * p.sensory_mask, p.sensory_mu, p.sensory_sigma


def _heard(sources: Array, w: Array, mu: Array, sigma: Array) -> Any:
    """Return the conductance of each synapse, sources in rows."""
    return w * sigmoid(sigma * against(sources, mu))
