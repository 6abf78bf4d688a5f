"""Series side by side: the batching transform (vmap), and how its program is given arrays.

A trace of one series becomes one of many. Every operation that depends on a series gets one more
axis, the last, along which numbers lie side by side, each series in a lane of the processor's
registers. Sums keep their order, so each lane has the bits that its series has alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling.arrays import Var
from nodegraph.compiling.cache_lines import address, zeros_at_line
from nodegraph.compiling.control import carried, looped
from nodegraph.compiling.drivers import batch_driver
from nodegraph.compiling.ir import Dim, Op, Region, Trace, TraceError, code_of
from nodegraph.compiling.layout import filled, flat, mapped
from nodegraph.compiling.operands import cast, spread, with_axis
from nodegraph.compiling.planning.layout import MANY
from nodegraph.compiling.program import Frame, Program

__all__ = ["BatchFrame", "batched"]


def batched(
    build: Callable[[Trace], dict[Any, Any]], own: Callable[[Any], bool], lanes: int
) -> Callable[[Trace], dict[Any, Any]]:
    """Return what writes a step of many series down, given what does so for one.

    Parameters
    ----------
    build : callable
        Given a `Trace`: the outputs of one series by path, as for `Program`.
    own : callable
        Given a path: whether each series has that leaf for itself.
    lanes : int
        How many series there are, by 16, for loops over them have no rest; fewer may be given.

    The state of a lane stays as it is from the step on at which ``("left",)`` is 0.
    """
    if lanes % 16:
        raise ValueError(f"series go side by side by 16, not by {lanes}")

    def build_many(made: Trace) -> dict[Any, Any]:
        alone = Trace(lanes=lanes)
        with alone:
            outputs = build(alone)
        made.open, made.arrays = False, alone.arrays
        batch = _Batch(alone, made, {*filter(own, alone.leaves)}, lanes)
        for op in alone.ops:
            with made.within(batch.region(op.region)):
                batch.twins[op] = batch.twin(op)
        left = made.leaf(("left",), (batch.axis,), "i8")
        active = batch.elementwise("greater", (left, made.const(0, "i8")), "b1")
        found = {path: Var(batch.output(path, var, active)) for path, var in outputs.items()}
        found["left",] = Var(batch.elementwise("subtract", (left, made.const(1, "i8")), "i8"))
        return found

    return build_many


class _Batch:
    """Makes the twin of each operation."""

    def __init__(self, alone: Trace, made: Trace, own: set[Any], lanes: int):
        self.made, self.own = made, own
        self.axis = Dim(lanes, many=True)
        self.twins: dict[Op, Op] = {}
        self.regions: dict[Region, Region] = {alone.top: made.top}

    def region(self, region: Region) -> Region:
        """Return where the twins of what is in `region` are: branches are gone, loops are not."""
        if region not in self.regions:
            outer = self.region(region.parent)  # type: ignore[arg-type]
            count = region.count
            again = None if count is None else self.made.const(count.value, "i8")
            self.regions[region] = outer if again is None else Region(outer, again)
        return self.regions[region]

    def twin(self, op: Op) -> Op:
        """Return what does for all series what `op` does for one."""
        args = [self.twins[a] for a in op.args]
        if op.kind == "const":
            return self.made.const(op.value, op.dtype)
        if op.kind == "carry":
            return carried(self.made, self.wide(args[0]))
        if op.kind in ("leaf", "loopout", "condout"):
            return getattr(self, f"_{op.kind}")(op, *args)  # type: ignore[no-any-return]
        if not any(a.many for a in args):
            return self._alike(op, args)
        if op.kind not in _MANY:
            raise TraceError(f"{op.kind} is not known for many series at once")
        args, attrs = _MANY[op.kind](self, op, args)
        key = op.number if op.kind in ("elem", "view", "put") else None
        twin = self.made.op(op.kind, args, attrs, (*op.dims, self.axis), op.dtype, key=key)
        if op.kind == "put":
            twin.value = (*op.value, self.axis)
        return twin

    def output(self, path: Any, var: Any, active: Op) -> Op:
        """Return an output; a state stays as it was for series that are over."""
        if not isinstance(var, Var):
            raise TraceError("a number that is the same for all series cannot be an output")
        op = self.wide(self.twins[var.op])
        if path == "y":
            return op
        before = self.made.leaves[path]
        args = (active, cast(op, before.dtype), before)
        return self.made.op("elem", args, ("where",), op.dims, before.dtype)

    def elementwise(self, name: str, args: Any, dtype: str) -> Op:
        """Return an operation on one number of each series."""
        return self.made.op("elem", args, (name,), (self.axis,), dtype)

    def wide(self, op: Op) -> Op:
        """Return `op` with an axis of series, which are all alike if it had none."""
        return op if op.many else spread(_beside(op), (*op.dims, self.axis), key="wide")

    def _leaf(self, op: Op) -> Op:
        dims = (*op.dims, self.axis) if op.attrs in self.own else op.dims
        return self.made.leaf(op.attrs, dims, op.dtype)

    def _loopout(self, op: Op, start: Op, new: Op) -> Op:
        inner = self.regions[op.value]
        with self.made.within(inner):
            new = self.wide(new)
        return looped(self.made, inner, self.wide(start), new)

    def _condout(self, op: Op, flag: Op, new: Op, old: Op) -> Op:
        """Return a choice: a branch happens for all, and counts where its condition holds."""
        parts = flag, self.wide(new), self.wide(old)
        return self.made.op("elem", parts, ("where",), (*op.dims, self.axis), op.dtype)

    def _alike(self, op: Op, args: list[Op]) -> Op:
        """Return what is the same for all series."""
        key = "alike", op.number
        twin = self.made.op(op.kind, args, op.attrs, op.dims, op.dtype, key=key)
        twin.value = op.value
        return twin


def _beside(op: Op) -> Op:
    """Return what goes with arrays of many series: if it is alike for all, along an axis of 1."""
    return op if op.many or not op.ndim else with_axis(op, op.ndim)


def _view(batch: _Batch, op: Op, args: list[Op]) -> Any:
    return args, _looked_at(op.attrs, args, op.ndim)


def _put(batch: _Batch, op: Op, args: list[Op]) -> Any:
    (spec, rank), (base, new, *places) = op.attrs, args
    base = batch.wide(base)
    spec = _looked_at(spec, [base, *places], rank)
    return (base, _beside(new), *places), (spec, rank + 1)


def _contract(batch: _Batch, op: Op, args: list[Op]) -> Any:
    *labels, out, s, order = op.attrs
    la, lb = ((*own, MANY) if a.many else own for a, own in zip(args, labels, strict=True))
    return args, (la, lb, (*out, MANY), s, order)


_MANY: dict[str, Callable[[_Batch, Op, list[Op]], Any]] = {  # operands and attrs for many series
    **dict.fromkeys(("reduce", "reshape", "scan"), lambda batch, op, args: (args, op.attrs)),
    "elem": lambda batch, op, args: (map(_beside, args), op.attrs),
    "concat": lambda batch, op, args: (map(batch.wide, args), op.attrs),
    "sparse": lambda batch, op, args: (args[: op.attrs[0] + 1], op.attrs),
    "view": _view, "put": _put, "contract": _contract,
}  # fmt: skip


def _looked_at(spec: Any, args: list[Op], rank: int) -> tuple[Any, ...]:
    """Return a view's places, with the axis of series behind the `rank` axes of its result."""
    if any(part[0] == "ax" and part[2] is not None and args[part[2]].many for part in spec):
        raise TraceError("a slice that differs between series")
    found = (
        ("take", part[1], (*part[2], rank)) if part[0] == "take" and args[part[1]].many else part
        for part in spec
    )
    return (*found, ("ax", rank, None, 1)) if args[0].many else tuple(found)


class BatchFrame(Frame):
    """Arrays for many series.

    Parameters
    ----------
    program : Program
        Of a step that is `batched`.
    params : dict
        As `Program.lay` gives them.
    state : tree
        Of one series; all begin with states like it.
    """

    def __init__(self, program: Program, params: Mapping[Any, Array], state: Any):
        lanes = program.lanes
        arrays = {**params, ("left",): np.zeros(lanes, np.int64)}

        def room(where: Any, array: Any) -> Array:
            if where in program.leaves:
                leaf = program.leaves[where]
                shape = [leaf.shape[axis] for axis in leaf.order[::-1]]
                arrays[where] = zeros_at_line(shape, "u1" if leaf.dtype == "b1" else leaf.dtype)
            return np.zeros((*np.shape(array), lanes), np.asarray(array).dtype)

        super().__init__(program, arrays, mapped(state, ("s",), room))
        turned = (seen if seen is None else np.moveaxis(seen, -1, 0) for seen, _ in self._views)
        self._views = [*zip(turned, (moves for _, moves in self._views), strict=True)]
        self.widths = np.zeros(len(self.rows), np.int64)
        self.side_by_side = {}  # rows of one step, (width, lanes)
        for path, at in program.io.items():
            leaf = program.y if path == "y" else program.leaves.get(path)
            if leaf is not None and leaf.many:
                self.widths[at] = leaf.shape[0]
                rows = zeros_at_line(leaf.shape, program.dtype)
                self.side_by_side[path], self.rows[at] = rows, address(rows)

    def run_all(
        self, states: Sequence[Any], rows: Mapping[Any, Sequence[Array]]
    ) -> tuple[list[Any], list[Array]]:
        """Return ``(states, ys)`` of as many series as there are lanes, or fewer.

        Parameters
        ----------
        states : sequence
        rows : dict of sequence of ndarray, (n_steps, n)
            By path; series may differ in length.
        """
        lengths = [len(x) for x in rows["x"]]
        stops = np.cumsum(lengths)
        joined = {p: np.concatenate(series, dtype=self.program.dtype) for p, series in rows.items()}
        joined["y"] = self.outputs(int(stops[-1]))
        self.run_rows(states, joined, lengths, stops - lengths)
        return self.states_now(states), np.split(joined["y"], stops[:-1])

    def outputs(self, n_steps: int) -> Array:
        """Return an array for the outputs of so many steps."""
        return np.empty((n_steps, self.widths[self.program.io["y"]]), self.program.dtype)

    def run_rows(
        self,
        states: Sequence[Any],
        rows: Mapping[Any, Array],
        lengths: Sequence[int],
        starts: Array,
    ) -> None:
        """Run series that lie in `rows` by path, "y" among them, from their `starts` on."""
        lanes = self.begin(states, lengths)
        bases = np.zeros((len(self.rows), self.program.lanes), np.int64)
        for path, array in rows.items():
            own = bases[self.program.io[path], : len(starts)]
            own[:] = address(array) + starts * array.strides[0]
        places = map(address, (self.args, self.rows, self.widths, bases, lanes))
        most = len(self.rows), self.program.lanes, int(lanes.max())
        self.program.expect(most[-1])
        batch_driver(code_of(self.program.dtype))(self.program.function.cell, *places, *most)

    def begin(self, states: Sequence[Any], lengths: Sequence[int]) -> Array:
        """Set states, and how many steps each will go on; return those of all lanes."""
        count, left = len(states), self.arrays["left",]
        for (seen, _), column in zip(self._views, _columns(states), strict=True):
            if seen is not None:
                seen[:count] = column
        left[...] = 0
        left[:count] = lengths
        all_lanes: Array = left.copy()
        return all_lanes

    def states_now(self, states: Sequence[Any]) -> list[Any]:
        """Return the states of series that began with these."""
        if not self._views:
            return list(states)
        now, pairs = list[Any](), zip(self._views, _columns(states), strict=True)
        for (seen, moved), column in pairs:
            now.append(_apart(seen[: len(states)], column[0].dtype) if moved else column)
        return [filled(old, new) for old, new in zip(states, zip(*now, strict=True), strict=True)]


def _columns(trees: Sequence[Any]) -> list[Any]:
    """Return, for each leaf, those of all trees."""
    return list(zip(*map(flat, trees), strict=True))


def _apart(array: Array, dtype: Any) -> list[Array]:
    """Return the parts of an array along its first axis, each of its own."""
    array = np.array(array, dtype, order="C")
    return list(array) if array.ndim > 1 else [np.array(number) for number in array]
