"""Writes one function of LLVM text: values with operators, loads and stores, loops, folds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from nodegraph.compiling.prelude.blocks import LLVM, SIZE, SUFFIX, Blocks, literal

__all__ = ["Builder", "Value"]

_AS_WRITTEN = """
!0 = distinct !{!0, !1}
!1 = !{!"llvm.loop.vectorize.enable", i1 false}
"""
_ALIGN = {"double": 8, "float": 4, "i64": 8, "i32": 4, "ptr": 8}


def _operator(word: str, real: str = "f") -> Callable[[Value, Value | int], Value]:
    """Return a method that writes an instruction, which begins with `real` for such numbers."""

    def method(self: Value, other: Value | int) -> Value:
        return self._with((real and self._real()) + word, other)

    return method


class Value:
    """The result of an instruction; operators write the next one.

    Parameters
    ----------
    build : Builder
    type : str
        As LLVM has it, ``double`` or ``<8 x double>``.
    name : str
        ``%3``, or a number.
    """

    __slots__ = ("build", "name", "type")

    def __init__(self, build: Builder, type: str, name: str):
        self.build, self.type, self.name = build, type, name

    def __str__(self) -> str:
        return f"{self.type} {self.name}"

    def _with(self, word: str, other: Value | int, type: str | None = None) -> Value:
        name = other.name if isinstance(other, Value) else str(other)
        return self.build.put(f"{word} {self}, {name}", type or self.type)

    def _real(self) -> str:
        return "" if _element(self.type).startswith("i") else "f"

    __add__, __sub__, __mul__ = _operator("add"), _operator("sub"), _operator("mul")
    __truediv__, __and__, __or__ = _operator("div"), _operator("and", ""), _operator("or", "")
    __lshift__, __rshift__ = _operator("shl", ""), _operator("ashr", "")

    def test(self, how: str, other: Value | int) -> Value:
        """Return whether `how` (``slt``, ``olt``, ..) is true, for each number of a vector."""
        return self._with(f"{self._real() or 'i'}cmp {how}", other, _like(self.type, "i1"))

    def to(self, type: str, how: str = "bitcast") -> Value:
        """Return the value as another type."""
        return self.build.put(f"{how} {self} to {type}", type)

    def at(self, index: Value | int, type: str | None = None) -> Value:
        """Return the address of an element, of those of the function if no type is given."""
        place = index if isinstance(index, Value) else self.build.whole(index)
        return self.build.put(f"getelementptr {type or self.build.T}, {self}, {place}", "ptr")


class Builder(Blocks):
    """One function of the prelude, for one precision.

    Parameters
    ----------
    dtype : str
        f8 or f4.
    """

    def __init__(self, dtype: str):
        super().__init__("entry")
        self.dtype, self.T, self.size = dtype, LLVM[dtype], SIZE[dtype]
        self._again: list[tuple[Value, ...]] = []

    def function(self, arguments: str, returns: str = "void") -> list[Value]:
        """Begin a function, which is called ``@NAME``; return its arguments.

        Parameters
        ----------
        arguments : str
            ``*A`` for an array that nothing else reaches, ``&A`` for one that may be read twice,
            ``.x`` for a number, ``n`` for a whole one.
        returns : str
        """
        types = {"*": "ptr noalias", "&": "ptr", ".": self.T}
        named = [(types.get(a[0], "i64"), f"%{a.strip('*&.')}") for a in arguments.split()]
        head = ", ".join(f"{type} {name}" for type, name in named)
        self.head = f"{returns} @NAME({head})"
        values = [Value(self, type.split()[0], name) for type, name in named]
        self.given = {value.name[1:]: value for value in values}
        return values

    def text(self, result: Value | None = None) -> str:
        """Return a module of the function, which returns `result`."""
        return f"define {self._function(result)}{_AS_WRITTEN}"

    def inlined(self, name: str, result: Value) -> str:
        """Return the function, without loops, for modules that call it by a name."""
        text = f"define internal {self._function(result, 'alwaysinline ')}"
        return text.replace("@NAME(", f"@{name}(")

    def _function(self, result: Value | None, how: str = "") -> str:
        body = "\n".join(self.lines)
        end = "ret void" if result is None else f"ret {result}"
        return f"{self.head} {how}nounwind {{\nentry:\n{body}\n  {end}\n}}\n"

    # values

    def put(self, text: str, type: str) -> Value:
        """Write an instruction; return its result."""
        made = Value(self, type, self.new())
        self.lines.append(f"  {made.name} = {text}")
        return made

    def vector(self, width: int) -> str:
        """Return the type of `width` numbers; one is no vector."""
        return self.T if width == 1 else f"<{width} x {self.T}>"

    def number(self, value: float, width: int = 1) -> Value:
        """Return a constant."""
        text = literal(value, self.dtype)
        return Value(self, self.vector(width), text if width == 1 else f"splat ({self.T} {text})")

    def whole(self, value: int) -> Value:
        """Return a whole number."""
        return Value(self, "i64", str(value))

    def load(self, address: Value, width: int | str = 1, align: int = 0) -> Value:
        """Return the numbers at an address; `width` may be another type."""
        type = width if isinstance(width, str) else self.vector(width)
        return self.put(f"load {type}, {address}, align {align or _ALIGN[_element(type)]}", type)

    def store(self, value: Value, address: Value) -> None:
        """Write numbers to an address."""
        self.lines.append(f"  store {value}, {address}, align {_ALIGN[_element(value.type)]}")

    def spread(self, value: Value, width: int) -> Value:
        """Return a vector of one number; a vector is returned as it is."""
        if width == 1 or value.type.startswith("<"):
            return value
        type = f"<{width} x {value.type}>"
        one = self.put(f"insertelement {type} poison, {value}, i64 0", type)
        first = f"<{width} x i32> zeroinitializer"
        return self.put(f"shufflevector {one}, {type} poison, {first}", type)

    def choose(self, test: Value, yes: Value, no: Value) -> Value:
        """Return `yes` where a test is true, else `no`."""
        return self.put(f"select {test}, {yes}, {no}", yes.type)

    def least(self, a: Value, b: Value) -> Value:
        """Return the smaller of two whole numbers."""
        return self.choose(a.test("slt", b), a, b)

    def intrinsic(self, name: str, *arguments: Value) -> Value:
        """Return what ``llvm.NAME`` gives for numbers of the function's precision."""
        given = ", ".join(map(str, arguments))
        return self.put(f"call {self.T} @llvm.{name}.{SUFFIX[self.dtype]}({given})", self.T)

    def clear(self, address: Value, bytes: Value | int) -> None:
        """Set memory to 0."""
        size = bytes if isinstance(bytes, Value) else self.whole(bytes)
        self.lines.append(f"  call void @llvm.memset.p0.i64({address}, i8 0, {size}, i1 false)")

    def masked(self, address: Value, width: int, left: Value, other: float = 0.0) -> Value:
        """Return `width` numbers at an address, `other` for those from `left` on."""
        places = ", ".join(f"i64 {k}" for k in range(width))
        whole = f"<{width} x i64>"
        mask = Value(self, whole, f"<{places}>").test("slt", self.spread(left, width))
        type, rest = self.vector(width), self.number(other, width)
        name = f"llvm.masked.load.v{width}{SUFFIX[self.dtype]}.p0"
        where = f"ptr align {self.size} {address.name}"
        return self.put(f"call {type} @{name}({where}, {mask}, {rest})", type)

    def fold(self, value: Value, width: int, add: Callable[[Value, Value], Value]) -> Value:
        """Return one number: halves are added until one is left."""
        if width == 1:
            return value
        for half in (n for n in (16, 8, 4, 2, 1) if n < width):
            value = add(self._part(value, 0, half), self._part(value, half, half))
        return self.part(value, 0)

    def part(self, value: Value, index: int) -> Value:
        """Return one number of a vector."""
        return self.put(f"extractelement {value}, i64 {index}", self.T)

    def _part(self, value: Value, first: int, width: int) -> Value:
        """Return `width` numbers of a vector."""
        poison = Value(self, value.type, "poison")
        return self.shuffled(value, poison, range(first, first + width))

    def shuffled(self, one: Value, other: Value, places: Iterable[int]) -> Value:
        """Return a vector of numbers of two vectors, those of the second counted on."""
        which = [f"i32 {place}" for place in places]
        text = f"shufflevector {one}, {other}, <{len(which)} x i32> <{', '.join(which)}>"
        return self.put(text, f"<{len(which)} x {self.T}>")

    # control

    def step(self, cell: Value, args: Value, io: Value) -> None:
        """Call the compiled step whose address is in a cell."""
        function = self.load(cell, "ptr").name
        self.lines.append(f"  call void {function}({args}, {io}, {self.number(0)})")

    @contextmanager
    def each(self, start: Value | int, stop: Value | int, step: int | Value = 1) -> Iterator[Value]:
        """Write ``for i in range(start, stop, step)`` of what is written meanwhile.

        Behind it `i` is the first that is too large.
        """
        with self.loop(start, stop, step) as (i,):
            yield i

    @contextmanager
    def loop(
        self, start: Value | int, stop: Value | int, step: int | Value, *carry: Value
    ) -> Iterator[list[Value]]:
        """Write the same of more values than `i`, which `again` changes from turn to turn."""
        old = (start if isinstance(start, Value) else self.whole(start), *carry)
        now = [Value(self, value.type, self.new()) for value in old]
        starts = [(k.name, k.type, since.name) for k, since in zip(now, old, strict=True)]
        self._again.append(())
        with self.turns(starts, lambda: now[0].test("slt", stop).name, ", !llvm.loop !0") as after:
            yield now
            after += [value.name for value in (now[0] + step, *self._again.pop())]

    def again(self, *carry: Value) -> None:
        """Say what the next turn of the innermost loop starts from."""
        self._again[-1] = carry

    def blocks(
        self, start: Value | int, stop: Value, widths: Iterable[int]
    ) -> Iterator[tuple[Value, int]]:
        """Write loops over blocks of each width in turn; yield where a block begins, and its width.

        What is written in a turn of ``for i, width in blocks(..)`` is what is done to a block.
        """
        for width in widths:
            whole = stop if width == 1 else stop & -width
            with self.each(start, whole, width) as start:
                yield start, width

    def when(self, test: Value, then: Callable[[], Value], other: Value) -> Value:
        """Return what `then` gives if a test is true, else `other`."""
        before = self.block
        with self.branch(test.name):
            found = f"[{then().name}, %{self.block}]"
        return self.put(f"phi {other.type} {found}, [{other.name}, %{before}]", other.type)


def _element(type: str) -> str:
    """Return the type of the numbers of a vector."""
    return type.strip("<>").split(" x ")[-1]


def _like(type: str, element: str) -> str:
    """Return the type of as many `element`."""
    return f"<{type.strip('<').split(' x ')[0]} x {element}>" if "x" in type else element
