"""Arrays and numbers in LLVM text: arguments, addresses, loads and stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nodegraph.compiling.emission.sharing import share
from nodegraph.compiling.emission.text import Text
from nodegraph.compiling.ir import Op
from nodegraph.compiling.planning.storage import Storage
from nodegraph.compiling.prelude.catalogue import declaration, definition, is_inlined
from nodegraph.compiling.prelude.spelling import LLVM, MEMORY, SIZE, literal

__all__ = ["Builder", "Index"]

Index = Any  # a whole number that is known, or the name of one


class Builder(Text):
    """The text of a step, and what its table of arguments has to hold.

    Parameters
    ----------
    io : dict
        The place in ``io`` of ``"y"``, ``"x"`` and other rows.

    Attributes
    ----------
    slots : dict
        The places of ``args``: of ``("dim", Dim)``, a length; ``("array", Storage)`` and
        ``("numbers", dtype)``, addresses; ``("int", Op)``, a whole number.
    numbers : dict of str to dict of Op to int
        Constants and their places by dtype: they are data, so other numbers need no other code.
    buffers : list of Storage
        What has to be found room for.
    """

    def __init__(self, io: dict[Any, int]):
        super().__init__()
        self.io = io
        self.slots: dict[Any, int] = {}
        self.numbers: dict[str, dict[Op, int]] = {"f8": {}, "f4": {}}
        self.buffers: list[Storage] = []

    def module(self, dtype: str) -> str:
        """Return the module of the function."""
        called = (definition(n) if is_inlined(n) else declaration(n) for n in sorted(self.needs))
        functions = share(self.entry, self.lines, self.loops)
        head, body = "\n".join(self.entry), "\n".join(self.lines)
        return (
            "".join([*called, functions])
            + f"define void @NAME(ptr noalias %args, ptr noalias %io, {LLVM[dtype]} %like) "
            + f"nounwind {{\nentry:\n{head}\n  br label %begin\nbegin:\n{body}\n  ret void\n}}\n"
            + "\n".join(self.meta)
            + "\n"
        )

    def linked(self) -> dict[str, str]:
        """Return the modules of functions that are called, by name."""
        return {name: definition(name) for name in sorted(self.needs) if not is_inlined(name)}

    # arguments

    def slot(self, what: Any) -> str:
        """Return a whole number from the table of arguments."""
        return self._from("%args", "i64", self.slots.setdefault(what, len(self.slots)), 8)

    def _from(self, table: str, T: str, place: int, align: int) -> str:
        at = self.first(f"getelementptr {T}, ptr {table}, i64 {place}")
        return self.first(f"load {T}, ptr {at}, align {align}")

    def size(self, dim: Any) -> str:
        """Return the length of an axis."""
        size = self.slot(("dim", dim.root()))
        if dim.root().many:  # tells LLVM that no series are left over behind whole vectors
            return self.first(f"and i64 {size}, -16")
        return size

    def pointer(self, store: Storage) -> str:
        """Return where the first number of an array is."""
        if store.path in self.io:
            number = self._from("%io", "i64", self.io[store.path], 8)
        else:
            if store.buffer and store not in self.buffers:
                self.buffers.append(store)
            number = self.slot(("array", store))
        return self.first(f"inttoptr i64 {number} to ptr")

    def constant(self, op: Op) -> str:
        """Return a number that is data."""
        if op.dtype == "b1":
            return literal(op.value, "b1")
        if op.dtype == "i8":
            return self.slot(("int", op))
        table = self.numbers[op.dtype]
        base = self.first(f"inttoptr i64 {self.slot(('numbers', op.dtype))} to ptr")
        return self._from(base, LLVM[op.dtype], table.setdefault(op, len(table)), SIZE[op.dtype])

    # places

    def strides(self, store: Storage) -> list[Index]:
        """Return how far apart neighbours along each axis are."""
        return self.strides_of(store.dims, store.order)

    def strides_of(self, dims: Sequence[Any], order: Iterable[int]) -> list[Index]:
        """Return the same of axes in an order from the fastest on."""
        found: list[Index] = [0] * len(dims)
        so_far: Index = 1
        for axis in order:
            found[axis] = so_far
            so_far = self.product(so_far, self.size(dims[axis]))
        return found

    def product(self, a: Index, b: str) -> str:
        """Return the product of lengths of axes."""
        return b if a == 1 else self.first(f"mul i64 {a}, {b}")

    def times(self, a: Index, b: Index) -> Index:
        if 0 in (a, b):
            return 0
        if a == 1 or b == 1:
            return b if a == 1 else a
        return self.put(f"mul i64 {a}, {b}")

    def plus(self, a: Index, b: Index) -> Index:
        if a == 0 or b == 0:
            return b if a == 0 else a
        return self.put(f"add i64 {a}, {b}")

    def place(self, strides: Iterable[Index], where: Iterable[Index]) -> Index:
        """Return the sum of the products of indices and strides."""
        total: Index = 0
        for stride, i in zip(strides, where, strict=True):
            total = self.plus(total, self.times(i, stride))
        return total

    def offset(self, strides: dict[Any, Index], where: dict[Any, Index]) -> Index:
        """Return the same for the labels that are in `where`."""
        labels = [label for label in strides if label in where]
        return self.place([strides[k] for k in labels], [where[k] for k in labels])

    def shifted(self, pointer: str, at: Index, dtype: str) -> str:
        """Return the address `at` numbers behind `pointer`."""
        if at == 0:
            return pointer
        return self.put(f"getelementptr {MEMORY[dtype]}, ptr {pointer}, i64 {at}")

    def nest(self, dims: Sequence[Any], order: Sequence[int], parallel: bool,
        body: Callable[[list[Any], str], None],
    ) -> None:  # fmt: skip
        """Write loops over axes, `order` naming them from the fastest to the slowest."""
        axes = list(order)[::-1]

        def inside(names: list[str], tag: str) -> None:
            where: list[Any] = [None] * len(dims)
            for a, name in zip(axes, names, strict=True):
                where[a] = name
            body(where, tag)

        self.loop([self.size(dims[a]) for a in axes], parallel, inside)

    # loads and stores

    def load(self, store: Storage, where: Sequence[Index], tag: str = "") -> str:
        """Return the number at a place."""
        at = self.place(self.strides(store), where)
        pointer = self.shifted(self.pointer(store), at, store.dtype)
        return self._number(self.put(f"{_load(pointer, store.dtype)}{tag}"), store.dtype)

    def load_here(self, pointer: str, dtype: str) -> str:
        """Return the number at an address, as it is now."""
        return self._number(self.here(_load(pointer, dtype)), dtype)

    def _number(self, name: str, dtype: str) -> str:
        if dtype == "u4":
            return self.put(f"zext i32 {name} to i64")
        return self.put(f"trunc i8 {name} to i1") if dtype == "b1" else name

    def store(self, store: Storage, where: Sequence[Index], value: str, tag: str = "") -> None:
        """Write `value` in the innermost loop."""
        self.store_at(store, self.place(self.strides(store), where), value, tag)

    def store_at(self, store: Storage, at: Index, value: str, tag: str = "") -> None:
        """Write `value` so many numbers behind the first one."""
        dtype = store.dtype
        pointer = self.shifted(self.pointer(store), at, dtype)
        if dtype == "b1":
            value = self.put(f"zext i1 {value} to i8")
        self.do(f"store {MEMORY[dtype]} {value}, ptr {pointer}, align {SIZE[dtype]}{tag}")


def _load(pointer: str, dtype: str) -> str:
    return f"load {MEMORY[dtype]}, ptr {pointer}, align {SIZE[dtype]}"
