"""The closed form of liquid neurons: no solver, whatever time passes."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, PositiveInt, PrivateAttr, model_validator

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.fields import Matrix, Vector
from nodegraph.maths import exp, matvec, sigmoid, tanh
from nodegraph.node import DURATION, Limits
from nodegraph.rule import AnyRule
from nodes.parts.cell import LearningCell
from nodes.parts.gated_cell import as_dense
from nodes.parts.random_layer import require_shape
from nodes.parts.solvers import duration
from nodes.parts.tape import joined, plain
from nodes.wirings import AnyWiring, Wiring

__all__ = ["CfC"]

LAYERS = ("backbone", "ff1", "ff2", "time_a", "time_b")
HEADS = {"default": LAYERS[1:], "pure": ("ff1",), "no_gate": LAYERS[1:]}


class CfC(LearningCell):
    """Closed-form continuous-time network [1]_.

    z is ``[u, h[t-1]]``, or what a hidden layer makes of it, if there is one:
    ``1.7159 tanh(0.666 (backbone_W [u, h[t-1]] + backbone_b))``. dt is what arrives at the port
    ``dt``, 1 if nothing is wired there. With heads ``ff1(z) = ff1_W z + ff1_b``, and so on, the new
    state, which is given out, is by `mode`::

        s = sigmoid(time_a(z) dt + time_b(z))
        default:  h = (1 - s) tanh(ff1(z)) + s tanh(ff2(z))
        no_gate:  h = tanh(ff1(z)) + s tanh(ff2(z))
        pure:     h = A - A exp(-dt (|w_tau| + |ff1(z)|)) ff1(z)

    In the default mode h lies between its two heads, whatever arrives, so below 1 in size.
    In the mode pure w_tau counts by its size alone: of -w_tau all outputs and errors are the same.
    It learns from 0 on as well, where the code of [1]_ lets it stay, by a slope of 0.

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if ff1_W or a wiring is given.
    mode : {"default", "pure", "no_gate"}
        How the heads become the state.
    backbone : tuple of int
        The size of the hidden layer; ``()`` for none.
    wiring : Wiring, optional
        Which inputs and units a unit hears beside itself, see `nodes.wirings`; for heads that see
        them, so without a backbone. All units are given out.
    backbone_W, backbone_b : array (k, n_in + n) and (k,), optional
        The hidden layer, used as it stands.
    ff1_W, ff2_W, time_a_W, time_b_W : array (n, k), optional
        Weights of the heads, (n, n_in + n) without a hidden layer.
    ff1_b, ff2_b, time_a_b, time_b_b : array (n,), optional
        Their biases.
    w_tau, A : array (n,), optional
        Of the mode pure; else 0 and 1.
    emits : {"h", "prediction", "error"} or a tuple of them
        What is given out, side by side in this order, whatever the order they are named in; the
        last two of a head.
    rule : rule of a cell, or None
        How it learns to foresee its input: `nodes.rules.EProp` or `RFLO`, which leave a hidden
        layer as it is drawn, for its weights move all units; `TBPTT`, or `nodes.rules.BPTT`.
    frozen : bool
        Whether only the head learns.

    Raises
    ------
    DataError
        If a dt is not above 0.

    References
    ----------
    .. [1] R. Hasani et al., Nature Machine Intelligence 4 (2022) 992-1003.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input, Ridge
    >>> u = np.sin(np.arange(400) / 5)[:, None]
    >>> model = ng.Model(Input() >> CfC(units=20) >> Ridge(), seed=1).fit(u[:-1], u[1:], warmup=50)
    >>> bool(ng.metrics.nrmse(u[1:], model.reset().run(u[:-1])) < 0.1)
    True
    """

    class Params(NamedTuple):
        """The hidden layer and the heads; those that a mode does not have are empty."""

        backbone_W: Array  # (k, n_in + n)
        backbone_b: Array  # (k,)
        ff1_W: Array  # (n, k)
        ff1_b: Array  # (n,)
        ff2_W: Array
        ff2_b: Array
        time_a_W: Array
        time_a_b: Array
        time_b_W: Array
        time_b_b: Array
        w_tau: Array  # (n,)
        A: Array  # (n,)
        V: Array  # of the head, see `nodes.parts.cell.Head`
        offset: Array
        feedback: Array

    class State(NamedTuple):
        """The activity of the units."""

        h: Array  # (n,)
        past: Any = ()  # the last steps, for rules that look back

    _heard: dict[int, Array] = PrivateAttr(default_factory=dict)  # by the number of inputs
    limits: ClassVar[dict[str, Limits]] = {"dt": DURATION}

    units: PositiveInt | None = None
    mode: Literal["default", "pure", "no_gate"] = "default"
    backbone: Annotated[tuple[PositiveInt, ...], Field(max_length=1)] = (128,)
    wiring: AnyWiring | None = None
    backbone_W: Matrix | None = None
    backbone_b: Vector | None = None
    ff1_W: Matrix | None = None
    ff1_b: Vector | None = None
    ff2_W: Matrix | None = None
    ff2_b: Vector | None = None
    time_a_W: Matrix | None = None
    time_a_b: Vector | None = None
    time_b_W: Matrix | None = None
    time_b_b: Vector | None = None
    w_tau: Vector | None = None
    A: Vector | None = None
    rule: AnyRule | None = None  # type: ignore[assignment]

    @model_validator(mode="after")
    def _sizes_agree(self) -> CfC:
        n = self.width
        if not n:
            raise ValueError("units is missing: write units=32, or give ff1_W or a wiring")
        if self.wiring is not None and self.hidden:
            raise ValueError("wiring: a hidden layer would join all to all; write backbone=()")
        if self.wiring is not None and self.wiring.neurons != n:
            raise ValueError(f"wiring: it has {self.wiring.neurons} neurons, not {n}")
        for name in ("ff1_b", "ff2_b", "time_a_b", "time_b_b", "w_tau", "A"):
            require_shape(name, getattr(self, name), (n,), ValueError)
        for name in ("ff1_W", "ff2_W", "time_a_W", "time_b_W"):
            array = getattr(self, name)
            if self.hidden and array is not None:
                require_shape(name, array, (n, self.hidden), ValueError)
        return self

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        heads = {f"{head}_{part}" for head in HEADS[self.mode] for part in "Wb"}
        heads |= {"w_tau", "A"} if self.mode == "pure" else set()
        hidden = {"backbone_W", "backbone_b"}
        others = {f"{name}_{part}" for name in LAYERS for part in "Wb"} | {"w_tau", "A"}
        others -= heads | hidden
        no_backbone = {} if self.hidden else dict.fromkeys(hidden, "backbone is ()")
        return super().idle() | no_backbone | dict.fromkeys(others, f"mode is {self.mode}")

    @property
    def hidden(self) -> int:
        """The size of the hidden layer, 0 if there is none."""
        if self.backbone_W is not None and "backbone" not in self.model_fields_set:
            return int(self.backbone_W.shape[0])
        return sum(self.backbone)

    @property
    def width(self) -> int:
        """The number of units: ``units``, or what ff1_W or the wiring tells."""
        if self.units is not None:
            return self.units
        if self.ff1_W is not None:
            return int(self.ff1_W.shape[0])
        return 0 if self.wiring is None else self.wiring.neurons

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the params that can learn; a hidden layer by a rule that looks back."""
        layers = (*("backbone",) * self._hidden_learns, *HEADS[self.mode])
        pure = ("w_tau", "A") if self.mode == "pure" else ()
        return (*(f"{layer}_{part}" for layer in layers for part in "Wb"), *pure)

    @property
    def _hidden_learns(self) -> bool:
        return self.hidden > 0 and self.taught is not None and self.taught.window > 0

    def links(self, params: Any) -> dict[str, Array]:
        """Return where there are weights, of params that do not have all."""
        if self.wiring is None:
            return {}
        there = self._there(self.wiring, params.ff1_W.shape[1] - self.width)
        return {f"{head}_W": there for head in HEADS[self.mode]}

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the weights will hold."""
        read, k, n_out = n_in + self.width, self.hidden, self.width
        return {"backbone_W": k * read, "heads": len(HEADS[self.mode]) * n_out * (k or read)}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the params, drawn (Glorot's even weights, even biases) or given."""
        n, k, read = self.width, self.hidden, n_in + self.width
        shapes = {"backbone": (k, read)} if k else {}
        shapes |= dict.fromkeys(HEADS[self.mode], (n, k or read))
        there = self._there(self.wiring, n_in) if self.wiring is not None else 1.0
        arrays: dict[str, Array] = {}
        *streams, of_head = rng.spawn(len(LAYERS) + 1)  # one each, so that the mode does not matter
        for name, of in zip(LAYERS, streams, strict=True):
            W, b = _drawn(of, shapes.get(name, (0, 0)))
            arrays |= {f"{name}_W": W * there if k == 0 and W.size else W, f"{name}_b": b}
        pure = n if self.mode == "pure" else 0
        arrays |= {"w_tau": np.zeros(pure), "A": np.ones(pure)}
        for name, drawn in arrays.items():
            if (given := getattr(self, name)) is not None:
                require_shape(name, given, drawn.shape, FieldError)
                arrays[name] = as_dense(given)
        return self.Params(**arrays, **self.draw_head(of_head, n_in, n_out)._asdict())

    def _there(self, wiring: Wiring, n_in: int) -> Array:
        """Return 1 where a head hears an input or unit, (n, n_in + n)."""
        if n_in not in self._heard:
            masks = wiring.masks(n_in)
            themselves = np.maximum(masks.recurrent, np.eye(self.width))
            self._heard[n_in] = np.concatenate([masks.sensory, themselves]).T
        return self._heard[n_in]

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: zeros."""
        state: CfC.State = self.remembers(self.State(np.zeros(self.width)), n_in)
        return state

    def moved(self, params: Params, state: State, x: Array, dt: Array | None = None) -> State:
        """Return the state a time dt later."""
        p, time = params, duration(dt, x)
        z = joined([x, state.h])
        if self.hidden:
            z = z if self._hidden_learns else plain(z)
            z = 1.7159 * tanh(0.666 * (matvec(p.backbone_W, z) + p.backbone_b))
        one = matvec(p.ff1_W, z) + p.ff1_b
        if self.mode == "pure":
            h = p.A - p.A * exp(-time * (abs(p.w_tau) + abs(one))) * one
        else:
            s = sigmoid(
                (matvec(p.time_a_W, z) + p.time_a_b) * time + matvec(p.time_b_W, z) + p.time_b_b
            )
            one, two = tanh(one), tanh(matvec(p.ff2_W, z) + p.ff2_b)
            h = one + s * two if self.mode == "no_gate" else (1 - s) * one + s * two
        return state._replace(h=h)


def _drawn(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Return the weights and biases of a layer."""
    n_out, n_in = shape
    bound = np.sqrt(6 / max(1, n_out + n_in))
    at = 1 / np.sqrt(max(1, n_in))
    return rng.uniform(-bound, bound, shape), rng.uniform(-at, at, n_out)
