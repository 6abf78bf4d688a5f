"""One step of a whole graph as a map of one vector, with its derivative."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, cast, leaves, tree_map
from nodegraph.compiling.words import by_numpy
from nodegraph.dynamics.tangents import Method, method_for, push
from nodegraph.engines.bound_node import heard
from nodegraph.engines.slot import Slot
from nodegraph.errors import GraphError
from nodegraph.graph.blocks import Read
from nodegraph.graph.node import Node
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import Differentiable

__all__ = ["WholeStep"]

DOUBLE = np.dtype(np.float64)


class _Place(NamedTuple):
    """Where the numbers of one node stand in the vector of all."""

    state: slice
    past: slice  # its last outputs, oldest first
    depth: int
    width: int

    def ago(self, delay: int) -> slice:
        """Return where the output of `delay` steps ago is."""
        start = self.past.start + (self.depth - delay) * self.width
        return slice(start, start + self.width)


class WholeStep:
    """``z[t] = F(z[t-1], u[t])`` of a graph: z holds all states, and outputs that are read later.

    Parameters
    ----------
    plan : Plan
        What runs.
    slots : dict of Slot
        Params, and where to start.

    Attributes
    ----------
    start : ndarray, shape (n,)
        Where the slots stand.
    params : dict
        Those of each node.
    has_tangents : bool
        Whether every node says itself how it moves, at every step.
    parts : dict of slice
        Where in z the state of a node is, ``"reservoir.x"``, or an output that is read later,
        ``"readout[t-1]"``.

    Raises
    ------
    GraphError
        If a node's step is not smooth.
    """

    def __init__(self, plan: Plan, slots: Mapping[str, Slot]):
        names = [name for block in plan.blocks for name in block.names]
        for name in names:
            _refuse_jumps(name, plan.nodes[name])
        self.parts: dict[str, slice] = {}
        numbers: list[Array] = []
        places: dict[str, _Place] = {}
        for name in names:
            places[name] = self._place(plan, name, slots[name], numbers)
        self.start = np.concatenate([*numbers, np.zeros(0)])
        self._units = [_Unit(plan, name, slots[name], places) for name in names]
        self.params = {unit.name: unit.params for unit in self._units}
        self.has_tangents = all(unit.has_tangent for unit in self._units)

    def _place(self, plan: Plan, name: str, slot: Slot, numbers: list[Array]) -> _Place:
        begin = at = sum(each.size for each in numbers)
        for path, leaf in _floats(slot.state):
            self.parts[f"{name}.{path}"] = slice(at, at + leaf.size)
            numbers.append(leaf.reshape(-1).astype(float))
            at += leaf.size
        depth = max(plan.lag(name), int(plan.nodes[name].every > 1))
        width = slot.past.shape[1]
        for delay in range(depth, 0, -1):
            first = at + (depth - delay) * width
            self.parts[f"{name}[t-{delay}]"] = slice(first, first + width)
        past = slot.past[len(slot.past) - depth :].reshape(-1).astype(float)
        numbers.append(past)
        return _Place(slice(begin, at), slice(at, at + past.size), depth, width)

    @property
    def size(self) -> int:
        """How many numbers z has."""
        return len(self.start)

    def push(
        self,
        z: Array,
        V: Array,
        row: Mapping[str, Array],
        clock: int,
        params: Mapping[str, Any] | None = None,
    ) -> tuple[Array, Array, dict[str, Array]]:
        """Return z one step later, where the columns of `V` have gone, and all outputs.

        Parameters
        ----------
        z : ndarray, shape (n,)
        V : ndarray, shape (n, k)
            Directions in the space of z.
        row : dict of ndarray, shape (n_in,)
            Data of the step, by node.
        clock : int
            Number of the step, for nodes on a clock.
        params : dict, optional
            In place of the nodes' own, such as symbolic ones.
        """
        given = self.params if params is None else params
        now: dict[str, tuple[Array, Array]] = {}
        later, moved = z.copy(), V.copy()
        for unit in self._units:
            now[unit.name] = unit.go((z, V), (later, moved), row, now, clock, given[unit.name])
        return later, moved, {name: y for name, (y, _) in now.items()}


Point = tuple[Array, Array]  # numbers (n,), and where they move in k directions (n, k)


class _Unit:
    """One node within the whole step."""

    def __init__(self, plan: Plan, name: str, slot: Slot, places: Mapping[str, _Place]):
        self.name, self.node, self.place = name, plan.nodes[name], places[name]
        self.params, self.whole = cast(slot.params, DOUBLE), slot.state
        reads = heard(plan, name, False)
        ports = [port for port in self.node.step_ports if port in reads or port == "x"]
        self.ports: dict[str, tuple[Read, ...]] = {
            port: tuple(reads.get(port, ())) for port in ports
        }
        self._places = places
        self._method: Method | None = None
        flows = all(getattr(leaf, "dtype", DOUBLE).kind == "f" for _, leaf in leaves(slot.state))
        self.has_tangent = isinstance(self.node, Differentiable) and self.node.every == 1 and flows

    def go(
        self, before: Point, after: Point, row: Mapping[str, Array], now: Mapping[str, Point],
        clock: int, params: Any,
    ) -> Point:  # fmt: skip
        """Move the node on; return its output."""
        place = self.place
        if (clock - self.node.phase) % self.node.every:
            held = place.ago(1)
            y = before[0][held], before[1][held]
        else:
            inputs = {port: self._input(port, before, row, now) for port in self.ports}
            state = before[0][place.state], before[1][place.state]
            moved, y = self._step(params, state, inputs)
            after[0][place.state], after[1][place.state] = moved
        if place.depth:
            for old, new, last in zip(before, after, y, strict=True):
                kept = old[place.past][place.width :]
                new[place.past] = np.concatenate([kept, last])
        return y

    def _input(
        self, port: str, before: Point, row: Mapping[str, Array], now: Mapping[str, Point]
    ) -> Point:
        parts: list[Point] = []
        if port == "x" and self.name in row:
            given = row[self.name]
            parts.append((given, np.zeros((len(given), before[1].shape[1]))))
        for read in self.ports[port]:
            if read.delay:
                at = self._places[read.source].ago(read.delay)
                parts.append((before[0][at], before[1][at]))
            else:
                parts.append(now[read.source])
        if not parts:
            return np.zeros(0), np.zeros((0, before[1].shape[1]))
        if len(parts) == 1:
            return parts[0]
        return np.concatenate([p for p, _ in parts]), np.concatenate([d for _, d in parts])

    def _step(self, params: Any, state: Point, inputs: Mapping[str, Point]) -> tuple[Point, Point]:
        """Return the state and the output one step later, each with how it moves."""
        if isinstance(self.node, Differentiable):
            return self._own_step(params, state, inputs)
        parts = [state, *inputs.values()]
        w = np.concatenate([p for p, _ in parts])
        dw = np.concatenate([d for _, d in parts])
        cuts = np.cumsum([len(p) for p, _ in parts])[:-1].tolist()
        trees: list[Any] = []

        def step(w: Array) -> Array:
            flat, *rows = np.split(w, cuts)
            tree, y = self._plain_step(params, flat, dict(zip(inputs, rows, strict=True)))
            trees.append(tree)
            return np.concatenate([_flat(tree, self.whole), y])

        if self._method is None:
            self._method = method_for(step, w, self.name)
            trees.clear()
        after, moved = push(step, self._method, w, dw)
        self.whole, n = trees[0], len(state[0])
        return (after[:n], moved[:n]), (after[n:], moved[n:])

    def _plain_step(self, params: Any, flat: Array, rows: Mapping[str, Array]) -> tuple[Any, Array]:
        found: tuple[Any, Array] = self.node.step(params, _filled(self.whole, flat), **rows)
        return found

    def _own_step(
        self, params: Any, state: Point, inputs: Mapping[str, Point]
    ) -> tuple[Point, Point]:
        """Return the same by the node's own tangent."""
        rows = {port: row for port, (row, _) in inputs.items()}
        ways = {port: way for port, (_, way) in inputs.items()}
        tree = _filled(self.whole, state[0])
        with by_numpy():
            d_state = _filled(self.whole, state[1])
            d_tree, dy = self.node.tangent(params, tree, rows, d_state, ways)
            after, y = self._plain_step(params, state[0], rows)
        moved = _flat(d_tree, self.whole, state[1].shape[1]), dy
        there = _flat(after, self.whole), y
        if isinstance(y, np.ndarray):  # counts within a state go on
            self.whole = after
        return (there[0], moved[0]), (there[1], moved[1])


def _refuse_jumps(name: str, node: Node) -> None:
    if not node.smooth:
        raise GraphError(
            f"{name}: {type(node).__name__} is not smooth (its output may jump), so that there is "
            "no Jacobian; echo_state_index and largest_exponent need none"
        )


def _floats(state: Any) -> Iterator[tuple[str, Array]]:
    for path, leaf in leaves(state):
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f":
            yield path, leaf


def _flat(state: Any, like: Any, ways: int | None = None) -> Array:
    """Return the numbers of a state one after the other, those that count left out.

    `like` is a state of plain arrays; with `ways` each array has an axis of so many directions
    behind.
    """
    behind = () if ways is None else (ways,)
    parts = [
        leaf.reshape(plain.size, *behind)
        for (_, leaf), (_, plain) in zip(leaves(state), leaves(like), strict=True)
        if isinstance(plain, np.ndarray) and plain.dtype.kind in "fc"
    ]
    found: Array = np.concatenate(parts) if parts else np.zeros((0, *behind))
    return found


def _filled(state: Any, flat: Array) -> Any:
    """Return a state with these numbers; `flat` may have an axis of directions behind."""
    at = 0

    def fill(leaf: Any) -> Any:
        nonlocal at
        if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "fc":
            return leaf
        part = flat[at : at + leaf.size]
        at += leaf.size
        return part.reshape(*leaf.shape, *flat.shape[1:])

    return tree_map(fill, state)
