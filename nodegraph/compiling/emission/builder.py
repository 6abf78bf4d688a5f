"""LLVM text of a step: where each instruction stands, arguments, addresses, loads and stores."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import prod
from typing import Any

from nodegraph.compiling.cache_lines import LINE
from nodegraph.compiling.emission.sharing import outlined
from nodegraph.compiling.ir import Op
from nodegraph.compiling.machine_code import MASKS
from nodegraph.compiling.planning.storage import Storage
from nodegraph.compiling.prelude.blocks import LLVM, MEMORY, SIZE, Blocks, literal
from nodegraph.compiling.prelude.catalogue import declaration, definition, is_inlined, types_of

__all__ = ["Builder", "Index"]

_BEHIND = 64  # numbers behind each buffer: products of sparse rows come in eights
_NAMES = re.compile(r"%v\d+")
_TAG, _MARK = ", !llvm.access.group !0", ", !llvm.loop !1"  # of loops whose turns do not touch
_MASKED = ", !llvm.loop !3"  # such loops whose last turns are a vector too, under a mask
_META = f"""
!0 = distinct !{{}}
!1 = distinct !{{!1, !2}}
!2 = !{{!"llvm.loop.parallel_accesses", !0}}
!3 = distinct !{{!3, !2, !4}}
!4 = {MASKS}
"""
_DEAR = re.compile(r" @(?!llvm\b)\w+\(")  # a function of the prelude
_ONE_BY_ONE = re.compile(r"@llvm\.(?:sin|cos|pow)\b|\b(?:frem|sdiv)\b")


class Text(Blocks):
    """Instructions of one function, each written as far out as what it needs is known.

    Attributes
    ----------
    entry : list of str
        What comes at the very beginning.
    loops : list of int
        Where in `lines` nests of loops are, each a line of its own.
    levels : list of list of str
        While a nest of loops is written: its instructions by depth.
    depth : dict of str to int
        The loop in which a name is known; 0, outside of all, if it is not there.
    needs : set of str
        Functions of the prelude that are called.
    """

    def __init__(self) -> None:
        super().__init__("begin")
        self.entry: list[str] = []
        self.loops: list[int] = []
        self.levels: list[list[str]] = []
        self.depth: dict[str, int] = {}
        self.needs: set[str] = set()
        self.known: dict[str, str] = {}

    def put(self, text: str) -> str:
        """Write an instruction where all that it needs is known; return its name."""
        name = self.new()
        depth = max((self.depth.get(needed, 0) for needed in _NAMES.findall(text)), default=0)
        self._write(name, text, depth)
        return name

    def here(self, text: str) -> str:
        """Write an instruction in the innermost loop; return its name."""
        name = self.new()
        self._write(name, text, len(self.levels) - 1)
        return name

    def _write(self, name: str, text: str, depth: int) -> None:
        if depth > 0:
            self.depth[name] = depth
        self._at(depth).append(f"  {name} = {text}")

    def do(self, text: str) -> None:
        """Write an instruction that has no result in the innermost loop."""
        self._at(len(self.levels) - 1).append(f"  {text}")

    def _at(self, depth: int) -> list[str]:
        return self.levels[depth] if depth > 0 else self.lines

    def first(self, text: str) -> str:
        """Write an instruction at the very beginning, once; return its name."""
        if text not in self.known:
            self.known[text] = self.new()
            self.entry.append(f"  {self.known[text]} = {text}")
        return self.known[text]

    def call(self, name: str, *arguments: Any) -> str:
        """Return the call of a function of the prelude."""
        self.needs.add(name)
        returns, types = types_of(name)
        given = (f"{type} {value}" for type, value in zip(types, arguments, strict=True))
        return f"call {returns} @{name}({', '.join(given)})"

    # loops

    @contextmanager
    def loop(self, sizes: Sequence[str], parallel: bool) -> Iterator[tuple[list[str], str]]:
        """Write loops over `sizes`, outermost first, of what is written meanwhile.

        Parameters
        ----------
        sizes : sequence of str
        parallel : bool
            Whether no turn looks at what another one wrote.

        Yields
        ------
        indices : list of str
        tag : str
            What loads and stores end in.
        """
        if not sizes:
            yield [], ""
            return
        tag, mark = (_TAG, _MARK) if parallel else ("", "")
        names = [self.new() for _ in sizes]
        self.levels = [[] for _ in range(len(sizes) + 1)]
        self.depth.update({name: depth for depth, name in enumerate(names, 1)})
        yield names, tag
        levels, self.levels = self.levels, []
        self.depth.clear()
        first = len(self.lines)
        with ExitStack() as nest:
            for name, n, level in zip(names, sizes, levels[1:], strict=True):
                own = _masked(level) if mark and name is names[-1] else ""
                nest.enter_context(self.repeat(n, name, own))
                self.lines += level
        self.lines[first:] = ["\n".join(self.lines[first:])]
        self.loops.append(first)

    @contextmanager
    def repeat(self, n: str, name: str = "", mark: str = "") -> Iterator[None]:
        """Write a loop of `n` turns, each of which may have loops in it."""
        i = name or self.new()

        def test() -> str:
            self.lines.append(f"  {i}c = icmp slt i64 {i}, {n}")
            return f"{i}c"

        with self.turns([(i, "i64", "0")], test, mark) as after:
            yield
            self.lines.append(f"  {i}n = add nuw nsw i64 {i}, 1")
            after.append(f"{i}n")


def _masked(lines: Iterable[str]) -> str:
    """Return the mark of a loop: what is left over of it is a vector if a turn takes long.

    Beside whole vectors a turn of a tanh takes as long as a vector of them; in a loop of sums and
    products a mask takes longer than the turns that it saves.
    """
    text = "\n".join(lines)
    return _MASKED if _DEAR.search(text) and not _ONE_BY_ONE.search(text) else _MARK


Index = Any  # a whole number that is known, or the name of one


class Builder(Text):
    """The text of a step, and what its table of arguments has to hold.

    Parameters
    ----------
    io : dict
        The place in ``io`` of ``"y"``, ``"x"`` and other rows.

    Attributes
    ----------
    slots : list of (str, object)
        What is in ``args``: ``("whole", number)``; the addresses of ``("array", path)``, a leaf or
        ``("numbers", dtype)``, and of ``("buffer", place)`` in the room for scratch.
    numbers : dict of str to dict of Op to int
        Constants and their places by dtype: they are data, so other numbers need no other code.
    room : int
        Bytes of scratch, where buffers lie one behind the other, each at a line of the cache.
    """

    def __init__(self, io: dict[Any, int]):
        super().__init__()
        self.io = io
        self.slots: list[tuple[str, Any]] = []
        self._places: dict[Any, int] = {}
        self.numbers: dict[str, dict[Op, int]] = {"f8": {}, "f4": {}}
        self.room = 0

    def modules(self, dtype: str) -> tuple[str, dict[str, str]]:
        """Return the module of the function, and by name those of others, each behind its own."""
        linked = {name: definition(name) for name in sorted(self.needs) if not is_inlined(name)}
        loops = outlined(self.entry, self.lines, self.loops)
        heads = "".join(declaration(name, text) for name, text in loops.items())
        linked |= {name: self._calling(text) for name, text in loops.items()}
        head, body = "\n".join(self.entry), "\n".join(self.lines)
        return heads + self._calling(
            f"define void @NAME(ptr noalias %args, ptr noalias %io, {LLVM[dtype]} %like) "
            f"nounwind {{\nentry:\n{head}\n  br label %begin\nbegin:\n{body}\n  ret void\n}}\n"
        ), linked

    def _calling(self, text: str) -> str:
        """Return the module of a function: what it calls stands in front of it."""
        called = (name for name in sorted(self.needs) if f"@{name}(" in text)
        known = (definition(n) if is_inlined(n) else declaration(n, definition(n)) for n in called)
        return "".join([*known, text, _META])

    # arguments

    def slot(self, key: Any, what: str, of: Any) -> str:
        """Return a whole number from the table of arguments."""
        if key not in self._places:
            self._places[key] = len(self.slots)
            self.slots.append((what, of))
        return self._from("%args", "i64", self._places[key], 8)

    def _from(self, table: str, T: str, place: int, align: int) -> str:
        at = self.first(f"getelementptr {T}, ptr {table}, i64 {place}")
        return self.first(f"load {T}, ptr {at}, align {align}")

    def size(self, dim: Any) -> str:
        """Return the length of an axis."""
        size = self.slot(dim.root(), "whole", dim.value)
        if dim.root().many:  # tells LLVM that no series are left over behind whole vectors
            return self.first(f"and i64 {size}, -16")
        return size

    def pointer(self, store: Storage) -> str:
        """Return where the first number of an array is."""
        if store.path in self.io:
            number = self._from("%io", "i64", self.io[store.path], 8)
        elif store.buffer:
            begin = self.room
            if store not in self._places:
                size = (prod(store.shape) + _BEHIND) * SIZE[store.dtype]
                self.room += -(-size // LINE) * LINE
            number = self.slot(store, "buffer", begin)
        else:
            number = self.slot(store, "array", store.path)
        return self.first(f"inttoptr i64 {number} to ptr")

    def constant(self, op: Op) -> str:
        """Return a number that is data."""
        if op.dtype == "b1":
            return literal(op.value, "b1")
        if op.dtype == "i8":
            return self.slot(op, "whole", int(op.value))
        table, path = self.numbers[op.dtype], ("numbers", op.dtype)
        base = self.first(f"inttoptr i64 {self.slot(path, 'array', path)} to ptr")
        return self._from(base, LLVM[op.dtype], table.setdefault(op, len(table)), SIZE[op.dtype])

    # places

    def strides(self, store: Storage) -> list[Index]:
        """Return how far apart neighbours along each axis are."""
        return self.strides_of(store.dims, store.order[: len(store.dims)])

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

    @contextmanager
    def nest(
        self, dims: Sequence[Any], order: Sequence[int], parallel: bool
    ) -> Iterator[tuple[list[Any], str]]:
        """Write loops over axes, `order` naming them from the fastest to the slowest."""
        axes = list(order)[::-1]
        with self.loop([self.size(dims[a]) for a in axes], parallel) as (names, tag):
            index = dict(zip(axes, names, strict=True))
            yield [index.get(a) for a in range(len(dims))], tag

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
