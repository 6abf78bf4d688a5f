"""Numbers of an array at a place: loaded if they are kept, else worked out, as instructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nodegraph.compiling.emission.builder import Builder, Index
from nodegraph.compiling.ir import Op, TraceError, dtype_of
from nodegraph.compiling.planning.items import aligned
from nodegraph.compiling.planning.layout import axes_of
from nodegraph.compiling.planning.plan import Plan
from nodegraph.compiling.prelude.blocks import LLVM, SUFFIX, literal
from nodegraph.compiling.reasons import CompilerFault

__all__ = ["Values", "apply", "converted"]


class Values:
    """What is known of each array while a plan is written down.

    Parameters
    ----------
    plan : Plan
    b : Builder

    Attributes
    ----------
    done : set of Op
        Roots that are there.
    numbers : dict of Op to str
        Roots without axes, in registers.
    """

    def __init__(self, plan: Plan, b: Builder):
        self.plan, self.b, self.memory = plan, b, plan.memory
        self.done: set[Op] = set()
        self.numbers: dict[Op, str] = {}
        self.memo: dict[Any, str] = {}  # what this loop has worked out
        self.eights: dict[Index, tuple[Index, Index]] = {}  # places of sparse weights: first, lane

    def forget(self) -> None:
        """Begin another loop."""
        self.memo = {}

    def there(self, op: Op) -> bool:
        """Tell whether the numbers of `op` are in memory by now."""
        return op in self.memory.storage and (op.kind in ("leaf", "carry") or op in self.done)

    def value(self, op: Op, where: Sequence[Index], tag: str = "") -> str:
        """Return the number of `op` at the place `where`."""
        if op.kind == "const":
            return self.b.constant(op)
        if op in self.numbers:
            return self.numbers[op]
        key = (op.number, tuple(where))
        if key not in self.memo:
            self.memo[key] = self._value(op, where, tag)
        return self.memo[key]

    def _value(self, op: Op, where: Sequence[Index], tag: str) -> str:
        if self.there(op):
            return self.b.load(self.memory.storage[op], where, tag)
        if op.kind == "elem":
            return self.elem(op, where, tag)
        if op.kind == "view":
            return self.value(op.args[0], self.source(op.attrs, op.args, where, tag), tag)
        raise CompilerFault(f"{op} is not there yet")

    def elem(self, op: Op, where: Sequence[Index], tag: str) -> str:
        """Work out an elementwise operation at a place."""
        args = [self.value(a, aligned(a, op.shape, where, 0), tag) for a in op.args]
        return apply(self.b, op.attrs[0], args, op.args[0].dtype, op.dtype)

    def source(
        self, spec: Any, args: Sequence[Op], where: Sequence[Index], tag: str
    ) -> list[Index]:
        """Return the place in ``args[0]`` for the place `where` of a view of it."""
        places: list[Index] = []
        for part, dim in zip(spec, args[0].dims, strict=True):
            if part[0] == "ax":
                _, k, at, step = part
                i = where[k] if step == 1 else self.b.times(where[k], step)
                places.append(i if at is None else self.b.plus(self.value(args[at], ()), i))
            elif part[0] == "at":
                places.append(part[1])
            else:
                inner = [0 if k is None else where[k] for k in part[2]]
                places.append(self._looked_up(args[part[1]], inner, dim, tag))
        return places

    def _looked_up(self, index: Op, where: Sequence[Index], dim: Any, tag: str) -> Index:
        """Return the place that `index` names."""
        if index.dtype == "u4" and index.attrs[-1] == "rows" and where[0] in self.eights:
            first, lane = self.eights[where[0]]
            return self.b.plus(self.value(index, [first], tag), lane)
        place = self.value(index, where, tag)
        return place if index.dtype == "u4" else self._within(place, dim)

    def _within(self, i: str, dim: Any) -> str:
        """Return an index counted from the end if it is below 0, and held within the axis."""
        b, n = self.b, self.b.size(dim)
        last = b.first(f"sub i64 {n}, 1")
        more = b.put(f"add i64 {i}, {n}")
        low = b.put(f"icmp slt i64 {i}, 0")
        i = b.put(f"select i1 {low}, i64 {more}, i64 {i}")
        i = b.put(f"call i64 @llvm.smax.i64(i64 {i}, i64 0)")
        return b.put(f"call i64 @llvm.smin.i64(i64 {i}, i64 {last})")

    def address(self, op: Op) -> tuple[str, list[Index]]:
        """Return pointer and strides of what a product or sum reads."""
        found = axes_of(self.memory, op)
        if found is None:
            raise CompilerFault(f"{op} is read from memory, and not laid out for it")
        where: Sequence[Index] = [0] * op.ndim
        while op not in self.memory.storage:
            where, op = self.source(op.attrs, op.args, where, ""), op.args[0]
        store = self.memory.storage[op]
        own = self.b.strides(store)
        pointer = self.b.shifted(self.b.pointer(store), self.b.place(own, where), store.dtype)
        return pointer, [0 if axis is None else own[axis] for axis in found[1]]


def _alike(pattern: str, **words: str) -> dict[str, str]:
    """Return instructions that differ in one word."""
    return {name: pattern.replace("#", word) for name, word in words.items()}


# {0}, {1}, .. are operands and then results; T the type of the first, S its suffix; R the type of
# the outcome
_REAL = {
    **_alike("f# {T} {0}, {1}", add="add", subtract="sub", multiply="mul", divide="div",
             rest="rem"),
    **_alike("fcmp # {T} {0}, {1}", greater="ogt", greater_equal="oge", less="olt",
             less_equal="ole", equal="oeq", not_equal="une"),
    **_alike("call {T} @llvm.#.{S}({T} {0})", absolute="fabs", sqrt="sqrt", floor="floor",
             rint="rint", sin="sin", cos="cos"),
    **_alike("call {T} @llvm.#.{S}({T} {0}, {T} {1})", copysign="copysign", power="pow"),
    **_alike("fcmp # {T} {0}, {1}; fcmp uno {T} {0}, {0}; or i1 {2}, {3}; "
             "select i1 {4}, {T} {0}, {T} {1}", maximum="ogt", minimum="olt"),  # of equals the 2nd
    "negative": "fneg {T} {0}",
}  # fmt: skip
_WHOLE = {
    **_alike("# i64 {0}, {1}", add="add", subtract="sub", multiply="mul", quotient="sdiv",
             bitwise_and="and", bitwise_or="or", bitwise_xor="xor", left_shift="shl",
             right_shift="ashr"),
    **_alike("icmp # i64 {0}, {1}", greater="sgt", greater_equal="sge", less="slt",
             less_equal="sle", equal="eq", not_equal="ne"),
    **_alike("call i64 @llvm.#.i64(i64 {0}, i64 {1})", maximum="smax", minimum="smin"),
    "absolute": "call i64 @llvm.abs.i64(i64 {0}, i1 false)", "negative": "sub i64 0, {0}",
}  # fmt: skip
_BOOL = {
    "logical_and": "and i1 {0}, {1}", "logical_or": "or i1 {0}, {1}",
    "logical_not": "xor i1 {0}, true", "where": "select i1 {0}, {R} {1}, {R} {2}",
}  # fmt: skip
_TEXTS = {"f8": _REAL, "f4": _REAL, "i8": _WHOLE, "b1": _BOOL}
_OWN = {"tanh", "exp", "expm1", "sigmoid", "softplus", "log"}  # in the prelude


def apply(b: Builder, name: str, a: Sequence[str], kind: str, out: str) -> str:
    """Return the outcome of an operation.

    Parameters
    ----------
    b : Builder
    name : str
        As in numpy.
    a : sequence of str
        Operands.
    kind, out : str
        dtype of the first operand and of the outcome.
    """
    if name == "spread":
        return a[0]
    if name == "cast":
        return converted(b, a[0], kind, out)
    if name in _OWN and kind in SUFFIX:
        return b.put(b.call(f"{name}_{kind}", *a))
    if name not in _TEXTS[kind]:
        said = dtype_of(kind)
        raise TraceError(f"{name} of {said} is not known to compiled steps; write .astype(float)")
    found = list(a)
    for text in _TEXTS[kind][name].split("; "):
        found.append(b.put(text.format(*found, T=LLVM[kind], R=LLVM[out], S=SUFFIX.get(kind))))
    return found[-1]


_CASTS = {("f4", "f8"): "fpext", ("f8", "f4"): "fptrunc", ("i8", "f8"): "sitofp",
          ("i8", "f4"): "sitofp", ("b1", "i8"): "zext", ("b1", "f8"): "uitofp",
          ("b1", "f4"): "uitofp"}  # fmt: skip


def converted(b: Builder, a: str, one: str, other: str) -> str:
    """Return a number as one of another dtype."""
    if one == other:
        return a
    A = LLVM[one]
    if other == "b1":
        test = "icmp ne" if one == "i8" else "fcmp une"
        return b.put(f"{test} {A} {a}, {literal(0, one)}")
    if other == "i8" and one in SUFFIX:  # plain fptosi means nothing beyond 64 bits
        return b.put(f"call i64 @llvm.fptosi.sat.i64.{SUFFIX[one]}({A} {a})")
    return b.put(f"{_CASTS[one, other]} {A} {a} to {LLVM[other]}")
