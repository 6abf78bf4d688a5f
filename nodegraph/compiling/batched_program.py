"""The program of many series side by side, and how it is given their states and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling.batching import batched
from nodegraph.compiling.cache_lines import address, zeros_at_line
from nodegraph.compiling.drivers import batch_driver
from nodegraph.compiling.ir import Trace, code_of
from nodegraph.compiling.layout import filled, flat, mapped
from nodegraph.compiling.program import Frame, Program

__all__ = ["BatchFrame", "BatchedProgram"]


class BatchedProgram:
    """A traced step, compiled for many series at once.

    Parameters
    ----------
    build : callable
        Given a `Trace`: the outputs of one series, as for `Program`.
    io : dict
        The place in ``io`` of each row, by path.
    dtype : dtype
    own : callable
        Given a path: whether each series has that leaf for itself.
    lanes : int
        How many series there are, by 16, for loops over them have no rest; fewer may be given.
    """

    def __init__(
        self,
        build: Callable[[Trace], dict[Any, Any]],
        io: dict[Any, int],
        dtype: Any,
        own: Callable[[Any], bool],
        lanes: int,
    ):
        if lanes % 16:
            raise ValueError(f"series go side by side by 16, not by {lanes}")

        def build_many(trace: Trace) -> dict[Any, Any]:
            alone = Trace(lanes=lanes)
            with alone:
                outputs = build(alone)
            return batched(alone, outputs, filter(own, alone.leaves), lanes, trace)

        self.lanes, self.dtype = lanes, np.dtype(dtype)
        self.program = Program(build_many, io, dtype, lanes)
        self.driver = batch_driver(code_of(dtype))

    def frame(self, params: Mapping[Any, Array], state: Any) -> BatchFrame:
        """Return arrays for series whose states are like `state`, see `BatchFrame`."""
        return BatchFrame(self, params, state)


class BatchFrame(Frame):
    """Arrays for many series.

    Parameters
    ----------
    batch : BatchedProgram
    params : dict
        As `Program.lay` gives them.
    state : tree
        The state of one series.
    """

    def __init__(self, batch: BatchedProgram, params: Mapping[Any, Array], state: Any):
        program, lanes = batch.program, batch.lanes
        arrays = {**params, ("left",): np.zeros(lanes, np.int64)}

        def room(where: Any, array: Any) -> Array:
            if where in program.leaves:
                leaf = program.leaves[where]
                shape = [leaf.shape[axis] for axis in leaf.order[::-1]]
                arrays[where] = zeros_at_line(shape, "u1" if leaf.dtype == "b1" else leaf.dtype)
            return np.zeros((lanes, *np.shape(array)), np.asarray(array).dtype)

        super().__init__(program, arrays, mapped(state, ("s",), room))
        self.batch = batch
        self.widths = np.zeros(len(self.rows), np.int64)
        self.side_by_side = {}  # rows of one step, (width, lanes)
        for path, at in program.io.items():
            leaf = program.y if path == "y" else program.leaves.get(path)
            if leaf is not None and leaf.many:
                self.widths[at] = leaf.shape[1]
                rows = zeros_at_line((leaf.shape[1], lanes), batch.dtype)
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
        joined = {p: np.concatenate(series, dtype=self.batch.dtype) for p, series in rows.items()}
        joined["y"] = self.outputs(int(stops[-1]))
        self.run_rows(states, joined, lengths, stops - lengths)
        return self.states_now(states), np.split(joined["y"], stops[:-1])

    def outputs(self, n_steps: int) -> Array:
        """Return an array for the outputs of so many steps."""
        return np.empty((n_steps, self.widths[self.program.io["y"]]), self.batch.dtype)

    def run_rows(
        self,
        states: Sequence[Any],
        rows: Mapping[Any, Array],
        lengths: Sequence[int],
        starts: Array,
    ) -> None:
        """Run series that lie in `rows` by path, "y" among them, from their `starts` on."""
        lanes = self.begin(states, lengths)
        bases = np.zeros((len(self.rows), self.batch.lanes), np.int64)
        for path, array in rows.items():
            own = bases[self.program.io[path], : len(starts)]
            own[:] = address(array) + starts * array.strides[0]
        places = map(address, (self.args, self.rows, self.widths, bases, lanes))
        most = len(self.rows), self.batch.lanes, int(lanes.max())
        self.batch.driver(self.program.address, *places, *most)

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
        now = self._taken(_columns(states), len(states))
        return [filled(old, new) for old, new in zip(states, zip(*now, strict=True), strict=True)]

    def _taken(self, before: list[Any], count: int) -> Iterator[list[Any]]:
        """Yield, for each leaf of a state, those of all series now."""
        for (seen, moved), column in zip(self._views, before, strict=True):
            yield _apart(seen[:count], column[0].dtype) if moved else column


def _columns(trees: Sequence[Any]) -> list[Any]:
    """Return, for each leaf, those of all trees."""
    return list(zip(*map(flat, trees), strict=True))


def _apart(array: Array, dtype: Any) -> list[Array]:
    """Return the parts of an array along its first axis, each of its own."""
    array = np.array(array, dtype, order="C")
    return list(array) if array.ndim > 1 else [np.array(number) for number in array]
