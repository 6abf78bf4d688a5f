"""A step as machine code, and how it is given arrays: for chunks, for loops, for learning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import nodegraph.compiling.functions  # noqa: F401 - numpy's, which steps may use
from nodegraph.arrays import is_sparse
from nodegraph.compiling import machine_code
from nodegraph.compiling.addresses import address
from nodegraph.compiling.arrays import Var
from nodegraph.compiling.drivers import driver
from nodegraph.compiling.emission.code import Code
from nodegraph.compiling.ir import Trace, code_of, dtype_of
from nodegraph.compiling.layout import filled, flat, is_array, laid, mapped, restored
from nodegraph.compiling.planning.plan import Plan
from nodegraph.compiling.planning.storage import Storage
from nodegraph.compiling.prelude.spelling import SIZE
from nodegraph.compiling.sparse import by_column, sliced

__all__ = ["Frame", "Program"]

_ROOM = 64  # numbers behind each buffer: products of sparse rows come in eights


class Program:
    """A traced step, compiled.

    Parameters
    ----------
    build : callable
        Given a `Trace`: the outputs by path, ``"y"`` among them.
    io : dict
        The place in ``io`` of each row, by path.
    dtype : dtype
    """

    def __init__(self, build: Callable[[Trace], dict[Any, Any]], io: dict[Any, int], dtype: Any):
        self.trace = Trace()
        with self.trace:
            outputs = build(self.trace)
        self.written = self.trace.signature()
        self.plan = Plan(self.trace, outputs)
        self.dtype, self.io = np.dtype(dtype), io
        self.code = Code(self.plan, io, code_of(dtype))
        self.text = self.code.text
        self.address = machine_code.address(self.text, linked=self.code.linked)
        self.driver = driver(code_of(dtype))
        self.leaf_store: dict[Any, Storage] = self.plan.memory.leaf_storage
        self.moving = [p for p in self.plan.finals if p != "y"]
        self.n_out = int(self.plan.finals["y"].shape[0])
        y, x = outputs["y"], self.trace.leaves.get("x")
        self.passes = not self.moving and isinstance(y, Var) and y.op is x  # its input, as it is
        self._place_buffers()
        self._fill_table()

    def _place_buffers(self) -> None:
        """Lay scratch one behind the other, each at a line of the cache."""
        self.layout, size = [], 0
        for store in self.code.buffers:
            self.layout.append((store, size))
            count = int(np.prod([d.value for d in store.dims])) + _ROOM
            size += -(-count * SIZE[store.dtype] // 64) * 64
        self.room = size + 64

    def _fill_table(self) -> None:
        """Write down all arguments that are the same for all frames."""
        self.numbers = {
            kind: np.array([op.value for op in ops], dtype_of(kind))
            for kind, ops in self.code.numbers.items()
        }
        self.constants = {
            ("const", i): laid(a, self.leaf_store["const", i].order, code_of(a.dtype))
            for i, a in enumerate(self.trace.arrays)
        }
        slots = self.code.slots
        self.template = np.zeros(max(len(slots), 1), np.int64)
        self.arrays: list[tuple[int, Storage]] = []
        for i, (what, of) in enumerate(slots):
            if what in ("dim", "int"):
                self.template[i] = of.value
            elif what == "numbers":
                self.template[i] = address(self.numbers[of])
            elif of.path in self.constants:
                self.template[i] = address(self.constants[of.path])
            else:
                self.arrays.append((i, of))

    def lay(self, tree: Any, path: tuple[Any, ...]) -> dict[Any, np.ndarray]:
        """Return the arrays of a tree as the code wants them, by path; some are shared."""
        found: dict[Any, np.ndarray] = {}

        def one(where: Any, array: Any) -> None:
            if is_sparse(array):
                parts = sliced(array)
                if (*where, "columns") in self.leaf_store:
                    parts |= by_column(array)
                found.update({(*where, name): part for name, part in parts.items()})
            elif is_array(array) and where in self.leaf_store:
                store = self.leaf_store[where]
                found[where] = laid(array, store.order or (), store.dtype)

        mapped(tree, path, one)
        return found

    def seen(self, where: Any, array: np.ndarray, dtype: Any) -> np.ndarray:
        """Return a view of an array of the code, its axes in the usual order."""
        return restored(array, self.leaf_store[where].order or (), dtype)


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
        self.room = np.empty(program.room, np.uint8)
        base = -(-address(self.room) // 64) * 64
        places = {store: base + at for store, at in program.layout}
        self.args = program.template.copy()
        for i, store in program.arrays:
            self.args[i] = places[store] if store in places else address(arrays[store.path])
        n = max(program.io.values()) + 1
        self.rows = np.zeros(n, np.int64)
        self.strides = np.zeros(n, np.int64)
        self._call = (
            program.address,
            address(self.args),
            address(self.rows),
            address(self.strides),
            n,
        )
        moving = set(program.moving)
        self._views: list[Any] = []  # of the arrays of a state, in order; None where there is none

        def one(where: Any, array: Any) -> None:
            known = where in self.arrays and is_array(array)
            seen = program.seen(where, self.arrays[where], array.dtype) if known else None
            self._views.append((seen, where in moving))

        mapped(state, ("s",), one)

    def point_to(self, arrays: Mapping[Any, np.ndarray]) -> None:
        """Use these arrays from now on; their owner keeps them."""
        for i, store in self.program.arrays:
            if store.path in arrays:
                self.args[i] = address(arrays[store.path])

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
        io = self.program.io
        for path, array in rows.items():
            at = io[path]
            self.rows[at] = address(array)
            self.strides[at] = array.strides[0] if n > 1 else 0
        self.program.driver(*self._call, n)
