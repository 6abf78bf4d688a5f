"""What rules share that let the weights of a reservoir grow: who was active before, who after."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from nodegraph import Array, Learned, Lesson, Node, Rule, Seen
from nodegraph.arrays import is_sparse
from nodes.activations import CODES
from nodes.reservoir import Reservoir

if TYPE_CHECKING:
    from nodes.kernels.passage import Passage

__all__ = [
    "Law",
    "Lengths",
    "Plasticity",
    "follow",
    "grown",
    "moved_on",
    "paced",
    "passage",
    "scaled_rows",
]


class Law(NamedTuple):
    """What compiled loops need to know of a rule; see `nodes.kernels.growth.grow`."""

    kind: Literal["hebb", "anti", "oja", "sanger", "bcm"]
    rate: float
    sliding: float = 0.0


class Lengths(NamedTuple):
    """To what rows of weights are brought back after each step."""

    lengths: Array  # (units,); (0,) for none
    squares: bool = True  # a length is the root of squares, or else the sum of sizes


def usual_rate(fields: Mapping[str, Any]) -> float:
    """Return the rate for these fields: slow for W, which a thousandth a step would blow up."""
    return 1e-3 if fields.get("weights") == "W_in" else 1e-6


FREE = Lengths(np.empty(0))
SCALES = {"W": "spectral_radius", "W_in": "input_scaling"}  # the fields that can make them 0


class Plasticity(Rule):
    """Change each weight by a function of the two activities it joins, and of itself.

    For W the activity before the weight is that of the step before, for W_in the input. A weight
    that is 0 is no connection: it stays 0, whether weights are kept sparse or dense.

    Parameters
    ----------
    rate : float
        Size of the change; 0.001 for W_in and 1e-6 for W if left out.
    weights : {"W", "W_in"}
        Which weights learn.
    epochs : int
        How often `fit` goes through the data.
    """

    class Memory(NamedTuple):
        """The activity of the step before, and what the rule itself keeps for each unit."""

        x: Array  # (units,)
        own: Array  # (units,)

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W", "W_in")

    weights: Literal["W", "W_in"] = "W"
    rate: PositiveFloat = Field(default_factory=usual_rate)
    epochs: PositiveInt = 1

    @property
    def moving(self) -> tuple[str, ...]:
        """The weights that grow."""
        return (self.weights,)

    @abstractmethod
    def growth(self, post: Array, pre: Array, w: Array, own: Array) -> Array:
        """Return the direction of change, element by element, of weights `w` from pre to post."""

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        given, scale = getattr(node, self.weights, None), SCALES[self.weights]
        found = getattr(node, scale, 1.0) if given is None else given
        if not is_sparse(found) and not np.any(found):
            where = scale if given is None else self.weights
            return (
                f"{type(self).__name__} changes {self.weights} where it is not 0, but {where} is 0 "
                "everywhere: give other weights, or let it change others by weights="
            )
        return super().refusal(node)

    def pace(self, y: Array, pre: Array, own: Array) -> Array:
        """Return the rate of each unit; rules that would overshoot hold it back here."""
        return np.full(len(y), self.rate)

    def heard(self, W: Any, y: Array, pre: Array) -> Array:
        """Return the activity before each weight, (n_pre,), or one of its own for each weight."""
        return pre

    def keep(self, params: Any) -> Array:
        """Return what the rule keeps for each unit, at the start."""
        return np.zeros(len(params.bias))

    def after(self, own: Array, y: Array) -> Array:
        """Return what the rule keeps for each unit, a step later."""
        return own

    def law(self) -> Law | None:
        """Return the rule for compiled loops, or None if it has to be stepped in Python.

        It counts only in the class that defines it: one derived from that may grow otherwise.
        """
        return None

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        return self.Memory(np.zeros(len(params.bias)), self.keep(params))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return the params and the memory one step later."""
        pre = memory.x if self.weights == "W" else seen.x
        W = self._grown(getattr(params, self.weights), seen.y, pre, memory.own)
        own = self.after(memory.own, seen.y)
        return params._replace(**{self.weights: W}), self.Memory(np.array(seen.y), own)

    def _grown(self, W: Any, y: Array, pre: Array, own: Array) -> Any:
        rate = self.pace(y.astype(float), pre.astype(float), own)
        if not is_sparse(W):
            change = self.growth(y[:, None], self.heard(W, y, pre), W, own[:, None]) * (W != 0)
            return W + (rate[:, None] * change).astype(W.dtype)
        rows = np.repeat(np.arange(len(y)), np.diff(W.indptr))
        heard = np.broadcast_to(self.heard(W, y, pre), W.shape)[rows, W.indices]
        change = self.growth(y[rows], heard, W.data, own[rows]) * (W.data != 0)
        return with_data(W, W.data + (rate[rows] * change).astype(W.dtype))

    def learn(self, node: Node, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Step through a chunk; the activity before is the node's, learned from or not."""
        return grown(self, self, node, params, state, memory, lesson)


def grown(
    rule: Any,
    growing: Plasticity,
    node: Node,
    params: Any,
    state: Any,
    memory: Any,
    lesson: Lesson,
    lengths: Lengths = FREE,
) -> Learned:
    """Let the weights of `node` grow by the law of `growing` during a chunk, compiled if it can be.

    Parameters
    ----------
    rule
        What is stepped in Python where there is no compiled loop: `growing` or what it is part of.
    growing : Plasticity
    node, params, state, memory, lesson
        As in `Rule.learn`.
    lengths : Lengths
    """
    law = growing.law() if "law" in vars(type(growing)) else None
    way = passage(node, params, state, lesson)
    if law is None or way is None:
        return follow(rule, node, params, state, memory, lesson)
    from nodes.kernels.growth import KINDS, Growth, grow

    own, (to, squares) = np.array(memory.own, dtype=float), lengths
    growth = Growth(KINDS[law.kind], law.rate, law.sliding, growing.weights == "W", squares, to)
    params, ys = grow(params, way, growth, own)
    if law.kind == "bcm" and lesson.rows.any():
        memory = memory._replace(own=own)
    return moved_on(params, state, memory, ys, lesson)


def paced(rate: float, most: Array) -> Array:
    """Return `rate`, held so low that ``rate * most`` is at most 1."""
    return 1 / np.maximum(most, 1 / rate)


def passage(node: Node, params: Any, state: Any, lesson: Lesson) -> Passage | None:
    """Return what `node` goes through, for compiled loops, or None if it is no `Reservoir`."""
    from nodes.kernels.passage import Passage

    if not isinstance(node, Reservoir) or type(node).step is not Reservoir.step:
        return None
    ports, n = lesson.inputs, len(params.bias)
    leak = np.broadcast_to(node.leak, n).astype(params.bias.dtype)
    series = ports["x"], ports.get("feedback"), ports.get("noise")
    numbers = [*params, state.x, *(rows for rows in series if rows is not None)]
    if {a.dtype for a in numbers} - {params.bias.dtype} or params.bias.dtype.char not in "fd":
        return None
    return Passage(leak, CODES[node.activation], *series, lesson.rows, state.x)


def moved_on(params: Any, state: Any, memory: Any, ys: Array, lesson: Lesson) -> Learned:
    """Return what a chunk leaves behind; `memory` is that of its last lesson, but for ``x``."""
    if lesson.rows.any():
        memory = memory._replace(x=ys[lesson.rows.nonzero()[0][-1]].copy())
    return Learned(params, type(state)(ys[-1].copy()), memory, ys)


def follow(rule: Rule, node: Node, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
    """Let `rule` learn step by step, with the node's last state in ``memory.x`` at each update."""
    ys = []
    for t, learning in enumerate(lesson.rows):
        inputs = {port: rows[t] for port, rows in lesson.inputs.items()}
        x, before = inputs.pop("x"), state
        state, y = node.step(params, state, x, **inputs)
        ys.append(y)
        if learning:
            memory = memory._replace(x=np.array(before.x))
            inputs.pop("noise", None)
            params, memory = rule.update(params, memory, Seen(x, y, state, None, inputs))
    return Learned(params, state, memory, np.stack(ys))


def with_data(W: Any, data: Array) -> Any:
    """Return a CSR array with the pattern of `W` and other entries."""
    return type(W)((data, W.indices, W.indptr), shape=W.shape)


def scaled_rows(W: Any, factors: Array) -> Any:
    """Return `W` with each row times its factor."""
    if is_sparse(W):
        return with_data(W, W.data * np.repeat(factors, np.diff(W.indptr)).astype(W.dtype))
    return W * factors[:, None].astype(W.dtype)
