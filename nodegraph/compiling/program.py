"""A step as machine code, and how it is given arrays: for chunks, for loops, for learning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import nodegraph.compiling.functions  # noqa: F401 - numpy's, which steps may use
from nodegraph.arrays import is_sparse
from nodegraph.compiling.cache_lines import address, empty_at_line
from nodegraph.compiling.drivers import driver
from nodegraph.compiling.ir import Op, Trace, code_of
from nodegraph.compiling.layout import filled, flat, is_array, laid, mapped, restored
from nodegraph.compiling.planning.storage import finals_of
from nodegraph.compiling.recipe import recipe_of
from nodegraph.compiling.sparse import by_column, sliced
from nodegraph.compiling.tiers import step_function

__all__ = ["Frame", "Program"]


class Leaf(NamedTuple):
    """An array that a program is given, or gives out.

    Parameters
    ----------
    shape : tuple of int
    dtype : str
        f8, f4, i8, b1 or u4.
    many : bool
        Whether the last axis is that of series side by side.
    order : tuple of int
        The axes from the fastest to the slowest, as the code reads it.
    """

    shape: tuple[int, ...]
    dtype: str
    many: bool
    order: tuple[int, ...]


def _leaf(op: Op, order: tuple[int, ...] = ()) -> Leaf:
    return Leaf(op.shape, op.dtype, op.many, order)


class Program:
    """A traced step, compiled.

    Parameters
    ----------
    build : callable
        Given a `Trace`: the outputs by path, ``"y"`` among them.
    io : dict
        The place in ``io`` of each row, by path.
    dtype : dtype
    lanes : int
        How many series go side by side in what is built.
    """

    def __init__(
        self,
        build: Callable[[Trace], dict[Any, Any]],
        io: dict[Any, int],
        dtype: Any,
        lanes: int = 1,
    ):
        self.lanes, trace = lanes, Trace()
        with trace:
            outputs = build(trace)
        self.written = trace.signature()
        finals = finals_of(trace, outputs)
        self.dtype, self.io = np.dtype(dtype), io
        self.recipe = recipe_of(trace, finals, io, code_of(dtype))
        self.function = step_function(self.recipe)
        self.driver = driver(code_of(dtype))
        self.leaves = {p: _leaf(op, self.recipe.orders[p]) for p, op in trace.leaves.items()}
        self.y = _leaf(finals["y"])
        self.moving = [p for p in finals if p != "y"]
        self.n_out = int(self.y.shape[0])
        x = trace.leaves.get("x")
        self.passes = not self.moving and finals["y"] is x  # its input, as it is
        self._fill_table(trace.arrays)

    def _fill_table(self, arrays: Sequence[np.ndarray]) -> None:
        """Write down all arguments that are the same for all frames."""
        recipe = self.recipe
        self.fixed: dict[Any, Any] = {("numbers", k): recipe.constants(k) for k in recipe.numbers}
        for i, a in enumerate(arrays):
            self.fixed["const", i] = laid(a, self.leaves["const", i].order, code_of(a.dtype))
        self.template = np.zeros(max(len(recipe.slots), 1), np.int64)
        self.arrays: list[tuple[int, Any]] = []  # places in the table, and paths
        self.scratch: list[tuple[int, int]] = []  # the same, and places in the room
        for i, (what, of) in enumerate(recipe.slots):
            if what == "whole":
                self.template[i] = of
            elif what == "buffer":
                self.scratch.append((i, of))
            elif of in self.fixed:
                self.template[i] = address(self.fixed[of])
            else:
                self.arrays.append((i, of))

    def lay(self, tree: Any, path: tuple[Any, ...]) -> dict[Any, np.ndarray]:
        """Return the arrays of a tree as the code wants them, by path; some are shared."""
        found: dict[Any, np.ndarray] = {}

        def one(where: Any, array: Any) -> None:
            if is_sparse(array):
                parts = sliced(array, self.lanes)
                if (*where, "columns") in self.leaves:
                    parts |= by_column(array, self.lanes)
                found.update({(*where, name): part for name, part in parts.items()})
            elif is_array(array) and where in self.leaves:
                leaf = self.leaves[where]
                found[where] = laid(array, leaf.order, leaf.dtype)

        mapped(tree, path, one)
        return found

    def expect(self, n_steps: int) -> None:
        """Make ready to move on by so many steps more."""
        if not self.function.is_optimized:
            self.function.expect(n_steps * self.recipe.numbers_a_step)

    def seen(self, where: Any, array: np.ndarray, dtype: Any) -> np.ndarray:
        """Return a view of an array of the code, its axes in the usual order."""
        return restored(array, self.leaves[where].order, dtype)


class Frame:
    """Arrays for one series: what moves, scratch, and the tables of addresses.

    Parameters
    ----------
    program : Program
    arrays : dict
        By path, as `Program.lay` gives them; they are used as they are.
    state : tree
        A state such as those that `put` will be given.
    """

    def __init__(self, program: Program, arrays: Mapping[Any, np.ndarray], state: Any = ()):
        self.program, self.arrays = program, dict(arrays)
        self.room = empty_at_line((program.recipe.room,), np.uint8)
        base = address(self.room)
        self.args = program.template.copy()
        for i, at in program.scratch:
            self.args[i] = base + at
        for i, path in program.arrays:
            self.args[i] = address(arrays[path])
        n = max(program.io.values()) + 1
        self.rows = np.zeros(n, np.int64)
        self.strides = np.zeros(n, np.int64)
        tables = map(address, (self.args, self.rows, self.strides))
        self._call = program.function.cell, *tables, n
        moving = set(program.moving)
        self._views: list[Any] = []  # of the arrays of a state, in order; None where there is none

        def one(where: Any, array: Any) -> None:
            known = where in self.arrays and is_array(array)
            seen = program.seen(where, self.arrays[where], array.dtype) if known else None
            self._views.append((seen, where in moving))

        mapped(state, ("s",), one)

    def point_to(self, arrays: Mapping[Any, np.ndarray]) -> None:
        """Use these arrays from now on; their owner keeps them."""
        for i, path in self.program.arrays:
            if path in arrays:
                self.args[i] = address(arrays[path])

    def put(self, state: Any) -> None:
        """Set what moves to `state`."""
        for (seen, _), array in zip(self._views, flat(state), strict=True):
            if seen is not None:
                seen[...] = array

    def take(self, state: Any) -> Any:
        """Return the state now, a tree like `state`."""
        pairs = zip(self._views, flat(state), strict=True)
        now = (np.array(v, old.dtype, order="C") if moves else old for (v, moves), old in pairs)
        return filled(state, now)

    def run(self, rows: Mapping[Any, np.ndarray], n: int) -> None:
        """Move on by `n` steps; `rows` has what is in each place of ``io``, step by step."""
        self.program.expect(n)
        io = self.program.io
        for path, array in rows.items():
            at = io[path]
            self.rows[at] = address(array)
            self.strides[at] = array.strides[0] if n > 1 else 0
        self.program.driver(*self._call, n)
