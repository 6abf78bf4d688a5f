"""Levels of memory that copy, update or flush, as boundaries below them say."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt, PrivateAttr, model_validator

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.maths import matvec, mean, sigmoid, tanh, where
from nodes.parts.cell import LearningCell
from nodes.parts.cell_rule import CellRule
from nodes.parts.gated_cell import wired
from nodes.parts.tape import joined, plain
from nodes.parts.update_mask import update_mask
from nodes.parts.weights import orthogonal
from nodes.rules.tbptt import TBPTT
from nodes.wirings import AnyWiring, Signs

__all__ = ["HMLSTM"]

FADING: Final = 0.02  # of the means that say what is surprising


class HMLSTM(LearningCell):
    """Hierarchical multiscale LSTM [1]_: each level does one of three things in a step.

    With z_l = 1 where level l ends a segment (z_0 = 1 always), ::

        copy    if z_l[t-1] = 0 and z_(l-1)[t] = 0:  c_l, h_l stay, to the bit
        update  if z_l[t-1] = 0 and z_(l-1)[t] = 1:  c_l = f c_l + i g
        flush   if z_l[t-1] = 1:                     c_l = i g

    and ``h_l = o tanh(c_l)``; gates hear ``W_l h_l[t-1] + z_(l-1)[t] W_up_l h_(l-1)[t] +
    z_l[t-1] W_down_l h_(l+1)[t-1] + bias_l``, level 1 the input in place of h_0. h is given out,
    level by level.

    A boundary is told or felt, and not learned through a rounded number as in [1]_: where
    something is wired to the port ``boundary``, z_1 is whether one of its signals is above 0.
    Else, and at higher levels, it is a peak of surprise: the squared distance of what enters level
    l from its fading mean is more than `peak` times what it usually is. The highest level has no
    boundaries.

    Parameters
    ----------
    units : int, optional
        Number of units n of each level; may be left out if a wiring is given.
    levels : int, at least 2
        Number of levels.
    boundaries : {"felt", "told"}
        "told" insists on a boundary port that is wired.
    peak : float, above 0
        How many times its mean a surprise is where a boundary is felt.
    wiring : Wiring, optional
        Who hears whom within each level, in all gates, as in `nodes.wirings`, and which units of
        level 1 hear which input; of the levels below and above a unit hears its counterpart and
        those that it hears in its own. Weights are drawn there, and stay 0 elsewhere.
    input_scaling, recurrent_scaling, bias_scaling : float, at least 0
        W_in, W_up and W_down are normal with deviation of `input_scaling` over the root of the
        number of signals; in W each gate has an orthogonal matrix times `recurrent_scaling`; bias
        is normal with deviation `bias_scaling`, and 1 is added for f.
    emits : {"h", "c", "prediction", "error"} or a tuple of them
        What is given out, side by side in this order, whatever the order they are named in.
    rule : TBPTT, BPTT or None
        How it learns to foresee its input. Boundaries are taken as given.
    frozen : bool
        Whether only the head learns.

    References
    ----------
    .. [1] J. Chung, S. Ahn, Y. Bengio, ICLR (2017).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input
    >>> cell = HMLSTM(units=2, levels=2, boundaries="told")
    >>> graph = (Input(name="x") >> cell) & (Input(name="ends") >> cell["boundary"])
    >>> ends = np.array([0.0, 0, 1, 0])[:, None]
    >>> y = ng.Model(graph, seed=1).run({"x": np.ones((4, 1)), "ends": ends})
    >>> (np.diff(y, axis=0)[:, 2:] != 0).any(axis=1)
    array([False,  True, False])
    """

    class Params(NamedTuple):
        """The weights, level by level, rows in the order i, f, g, o; and the head."""

        W_in: Array  # (4n, n_in), of level 1
        W: Array  # (levels, 4n, n)
        W_up: Array  # (levels - 1, 4n, n), of level 2 on
        W_down: Array  # (levels - 1, 4n, n), of level 1 on
        bias: Array  # (levels, 4n)
        V: Array  # of the head, see `nodes.parts.cell.Head`
        offset: Array
        feedback: Array

    class State(NamedTuple):
        """What is shown, memories and boundaries."""

        h: Array  # (levels n,)
        c: Array  # (levels n,)
        z: Array  # (levels,), 0 or 1
        mean: tuple[Array, ...]  # of what enters each level but the last
        surprise: Array  # (levels - 1,), its mean
        past: Any = ()  # the last steps, for rules that look back

    smooth: ClassVar[bool] = False
    carried: ClassVar[tuple[str, ...]] = ("h", "c")
    shows: ClassVar[tuple[str, ...]] = ("h", "c")
    weights: ClassVar[tuple[str, ...]] = ("W_in", "W", "W_up", "W_down", "bias")

    _synapses: dict[int, Signs] = PrivateAttr(default_factory=dict)  # by the number of inputs

    units: PositiveInt | None = None
    wiring: AnyWiring | None = None
    levels: PositiveInt = 2
    boundaries: Literal["felt", "told"] = "felt"
    peak: PositiveFloat = 2.0
    input_scaling: NonNegativeFloat = 1.0
    recurrent_scaling: NonNegativeFloat = 1.0
    bias_scaling: NonNegativeFloat = 0.0
    rule: CellRule | None = TBPTT()

    @property
    def width(self) -> int:
        """The number of units of all levels."""
        return self.levels * self.each

    @property
    def each(self) -> int:
        """The number of units of a level: ``units``, or what the wiring tells."""
        if self.units is not None:
            return self.units
        return 0 if self.wiring is None else self.wiring.neurons

    @model_validator(mode="after")
    def _levels_and_rule_fit(self) -> HMLSTM:
        if not self.each:
            raise ValueError("units is missing: write units=50, or give a wiring")
        if self.wiring is not None and self.wiring.neurons != self.each:
            raise ValueError(f"wiring: it has {self.wiring.neurons} neurons, not {self.each}")
        if self.levels < 2:
            raise ValueError("levels: should be at least 2; of one level write LSTM")
        if self.rule is not None and not self.rule.window:
            raise ValueError(
                f"rule: {type(self.rule).__name__} knows units of one level; write TBPTT() or "
                "BPTT()"
            )
        return self

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        told = self.boundaries == "told" and self.levels == 2
        reasons = super().idle()
        return reasons | {"peak": "the only boundaries are told"} if told else reasons

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the weights will hold."""
        rows, n = 4 * self.each, self.each
        return {"W": (3 * self.levels - 2) * rows * n, "W_in": rows * n_in}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, boundary: int = 0) -> Params:
        """Return the weights."""
        if self.boundaries == "told" and not boundary:
            raise FieldError(
                "boundaries are told, but nothing is wired to the port boundary; write ends >> "
                'hmlstm["boundary"], or boundaries="felt"'
            )
        n, levels = self.each, self.levels
        of_W_in, of_W, of_up, of_down, of_bias, of_head = rng.spawn(6)
        bias = self.bias_scaling * of_bias.standard_normal((levels, 4 * n))
        bias[:, n : 2 * n] += 1
        signs, rngs = self.synapses(n_in), (of_W_in, of_W, of_up, of_down)
        weights = self._joined(n_in, *rngs) if signs is None else self._wired(signs, *rngs)
        W_in, W, W_up, W_down = weights
        return self.Params(W_in, W, W_up, W_down, bias, *self.draw_head(of_head, n_in, n_out))

    def _joined(self, n_in: int, *rngs: np.random.Generator) -> tuple[Array, ...]:
        """Return W_in, W, W_up and W_down where all hear all."""
        of_W_in, of_W, of_up, of_down = rngs
        n, levels = self.each, self.levels
        one = [[orthogonal(of_W, n, n) for _ in range(4)] for _ in range(levels)]
        shape, spread = (levels - 1, 4 * n, n), self.input_scaling / np.sqrt(n)
        return (
            self.input_scaling / np.sqrt(max(n_in, 1)) * of_W_in.standard_normal((4 * n, n_in)),
            self.recurrent_scaling * np.array(one).reshape(levels, 4 * n, n),
            spread * of_up.standard_normal(shape),
            spread * of_down.standard_normal(shape),
        )

    def _wired(self, signs: Signs, *rngs: np.random.Generator) -> tuple[Array, ...]:
        """Return W_in, W, W_up and W_down at the synapses alone, with their signs."""
        of_W_in, of_W, of_up, of_down = rngs
        near, more = _with_counterparts(signs.recurrent), range(self.levels - 1)
        return (
            wired(of_W_in, signs.sensory, 4, self.input_scaling),
            np.array([wired(of_W, signs.recurrent, 4, self.recurrent_scaling) for _ in [0, *more]]),
            np.array([wired(of_up, near, 4, self.input_scaling) for _ in more]),
            np.array([wired(of_down, near, 4, self.input_scaling) for _ in more]),
        )

    def synapses(self, n_in: int) -> Signs | None:
        """Return the signs of the synapses of level 1, if it is wired; None for anywhere."""
        if self.wiring is None:
            return None
        if n_in not in self._synapses:
            self._synapses[n_in] = self.wiring.signs(n_in)
        return self._synapses[n_in]

    def links(self, params: Any) -> dict[str, Array]:
        """Return where there are weights, of params that do not have all."""
        if (signs := self.synapses(params.W_in.shape[1])) is None:
            return {}
        near = _with_counterparts(signs.recurrent)
        parts = {"W_in": signs.sensory, "W": signs.recurrent, "W_up": near, "W_down": near}
        return {name: np.tile(np.abs(part).T, (4, 1)) for name, part in parts.items()}

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: zeros."""
        means = tuple(np.zeros(n) for n in [n_in] + [self.each] * (self.levels - 2))
        h, c = np.zeros((2, self.width))
        begun = self.State(h, c, np.zeros(self.levels), means, np.zeros(self.levels - 1))
        state: HMLSTM.State = self.remembers(begun, n_in)
        return state

    def moved(self, params: Params, state: State, x: Array, boundary: Array | None = None) -> State:
        """Return the state one step later."""
        below, entered = x, True
        moved: list[tuple[Any, ...]] = []
        for level in range(self.levels):
            h, c = self._level(params, state, level, below, entered)
            if level + 1 == self.levels:
                moved.append((h, c, 0.0 * state.z[level], (), ()))
                break
            ends, *felt = self._felt(state, level, plain(below))
            if level == 0 and boundary is not None:
                ends = (boundary > 0).any()
            kept = state.mean[level], state.surprise[level]
            means = update_mask(entered, tuple(felt), kept)
            entered = ends & entered
            moved.append((h, c, where(entered, 1.0, 0.0).astype(x.dtype), *means))
            below = h
        hs, cs, zs, usual, surprises = zip(*moved, strict=True)
        return state._replace(
            h=joined(hs),
            c=joined(cs),
            z=np.stack(zs),
            mean=usual[:-1],
            surprise=np.stack(surprises[:-1]),
        )

    def _level(
        self, params: Params, state: State, level: int, below: Any, entered: Any
    ) -> tuple[Any, Any]:
        """Return h and c of a level one step later."""
        n, ended = self.each, state.z[level]
        h, c = (array[level * n : (level + 1) * n] for array in (state.h, state.c))
        up = params.W_in if level == 0 else params.W_up[level - 1]
        heard = where(entered, 1.0, 0.0).astype(ended.dtype)
        a = matvec(params.W[level], h) + params.bias[level] + heard * matvec(up, below)
        if level + 1 < self.levels:
            above = state.h[(level + 1) * n : (level + 2) * n]
            a = a + ended * matvec(params.W_down[level], above)
        new = (1 - ended) * sigmoid(a[n : 2 * n]) * c + sigmoid(a[:n]) * tanh(a[2 * n : 3 * n])
        shown = sigmoid(a[3 * n :]) * tanh(new)
        moved: tuple[Any, Any] = update_mask((ended > 0) | entered, (shown, new), (h, c))
        return moved

    def _felt(self, state: State, level: int, entering: Array) -> tuple[Any, Any, Any]:
        """Return whether a level is surprised by what enters, and the means one step later."""
        away = entering - state.mean[level]
        surprise = mean(away * away)
        usual = state.surprise[level]
        faded = usual + FADING * (surprise - usual)
        m = state.mean[level] + FADING * away
        return surprise > self.peak * usual, m.astype(entering.dtype), faded.astype(entering.dtype)


def _with_counterparts(signs: Array) -> Array:
    """Return signs with a synapse from each unit's counterpart, excitatory where there is none."""
    joined: Array = signs + np.diag(np.where(np.diag(signs) == 0, 1.0, 0.0))
    return joined
