"""The intermediate representation: a graph of operations, each written down once.

A step becomes operations (`Op`) over axes (`Dim`), in regions (`Region`) that happen once, only if
something holds, or several times. `Trace` is the graph while it is being written. Numbers that come
from fields or literals are data of the graph, not part of its structure.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

import numpy as np

from nodegraph.compiling.reasons import depth, written_at

__all__ = ["Dim", "Op", "Region", "Trace", "TraceError", "active", "code_of", "current", "dtype_of",
           "fastest", "steady"]  # fmt: skip

_CODE_OF = {np.dtype(code): code for code in ("f8", "f4", "i8", "b1")}
_KEPT = (
    "an array was kept outside of the step, on self or in a global name: what lasts belongs into "
    "the state"
)
_here = threading.local()  # each thread traces by itself


class TraceError(TypeError):
    """A step does what cannot be written down; the trace knows, even if the step catches it.

    Parameters
    ----------
    why : str
    place : str, optional
        File, line and text; else where the step is now.
    """

    def __init__(self, why: str, place: str = ""):
        super().__init__(why)
        trace = active()
        self.place = place or ("" if trace is None else written_at(within=trace.depth))
        if trace is not None and trace.refusal is None:
            trace.refusal = self


class Dim:
    """The length of an axis; axes that must agree are joined (union-find).

    Parameters
    ----------
    value : int
    many : bool
        Whether it is the axis of series side by side.
    eights : bool
        Whether it is that of the places of sparse weights, which go by eights.
    """

    __slots__ = ("eights", "many", "up", "value")

    def __init__(self, value: int, many: bool = False, eights: bool = False):
        self.value, self.many, self.eights = int(value), many, eights
        self.up: Dim | None = None

    def root(self) -> Dim:
        """Return the one that stands for all that were joined with it."""
        dim = self
        while dim.up is not None:
            dim = dim.up
        return dim

    def same(self, other: Dim) -> None:
        """Join two axes."""
        a, b = self.root(), other.root()
        if a is not b:
            b.up, a.eights = a, a.eights or b.eights


class Region:
    """Operations that happen only if something holds, or several times.

    Parameters
    ----------
    parent : Region or None
        What it is inside of; None for the step as a whole.
    count : Op or None
        Of a loop: how often.
    """

    def __init__(self, parent: Region | None, count: Op | None = None):
        self.parent, self.count = parent, count
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.table: dict[Any, Op] = {}  # by meaning, so that equal operations are one
        self.ops: list[Op] = []
        self.outs: list[Op] = []  # the condouts or loopouts that read it

    @property
    def times(self) -> int:
        """How often it happens each time that its parent does, as far as that is known."""
        return 1 if self.count is None else int(self.count.value)

    def loop(self) -> Region | None:
        """Return the innermost loop that it is in."""
        return self if self.count is not None else self.parent and self.parent.loop()

    def within(self, other: Region) -> bool:
        """Tell whether it is `other` or inside of it."""
        return self is other or (self.parent is not None and self.parent.within(other))


class Op:
    """One operation of the graph.

    Parameters
    ----------
    kind : str
        leaf, const, elem, view, put, contract, reduce, sparse, concat, reshape, symv, rankone,
        condout, carry or loopout.
    args : tuple of Op
        What it reads.
    attrs : object
        What else its meaning depends on, such as the name of a function.
    dims : tuple of Dim
    dtype : str
        f8, f4, i8 or b1.

    ``value`` is the number of a const, and the region of a condout or loopout.
    """

    __slots__ = ("args", "attrs", "dims", "dtype", "kind", "number", "region", "shape",
                 "value")  # fmt: skip

    def __init__(self, kind: str, args: tuple[Op, ...], attrs: Any, dims: Any, dtype: str):
        self.kind, self.args, self.attrs, self.dims, self.dtype = kind, args, attrs, dims, dtype
        self.shape: tuple[int, ...] = tuple([d.value for d in dims])
        self.number: float = -1  # those of copies are between
        self.value: Any = None
        self.region: Any = None

    @property
    def ndim(self) -> int:
        return len(self.dims)

    @property
    def many(self) -> bool:
        """Whether the last axis is that of series side by side."""
        return bool(self.dims) and bool(self.dims[-1].root().many)

    @property
    def fast(self) -> int:
        """The axis along which numbers lie side by side."""
        return self.ndim - 1 if self.many else fastest(self.shape)

    def __repr__(self) -> str:
        return f"#{self.number} {self.kind} {self.attrs} {self.shape} {self.dtype}"


SHORT = 256  # numbers of an axis that are too few for long loops along it


def fastest(shape: Sequence[int]) -> int:
    """Return the axis along which numbers lie side by side in compiled code.

    The first, unless the last is more than four times as long and the first one is short.
    """
    return len(shape) - 1 if shape and shape[-1] > 4 * shape[0] and shape[0] < SHORT else 0


def code_of(dtype: Any) -> str:
    """Return f8, f4, i8 or b1."""
    dtype = np.dtype(dtype)
    if (code := _CODE_OF.get(dtype)) is not None:
        return code
    if dtype.kind in "iu":
        raise TraceError(
            f"whole numbers of {dtype} are not compiled, for they end at other places; write "
            ".astype(int)"
        )
    more = "; keep real and imaginary parts in two arrays" if dtype.kind == "c" else ""
    raise TraceError(f"arrays of {dtype} cannot be compiled; use float, int or bool{more}")


def dtype_of(code: str) -> np.dtype[Any]:
    """Return the numpy dtype of a code; u4 are places that are known to be within an axis."""
    return np.dtype(code)


class Trace:
    """A graph of operations in the making; what is traced happens inside ``with trace:``.

    Parameters
    ----------
    like : list, optional
        The `signature` of an earlier trace; where this one differs, `TraceError` is raised.
    lanes : int
        How many series there will be side by side: sparse weights lie accordingly.
    """

    def __init__(self, like: Sequence[Any] | None = None, lanes: int = 1) -> None:
        self.top = self.region = Region(None)
        self.ops: list[Op] = []
        self.leaves: dict[Any, Op] = {}
        self.arrays: list[np.ndarray] = []  # captured: they are data
        self.stale: list[Any] = []  # arrays of numbers that were to be changed in place
        self.refusal: TraceError | None = None
        self.open = True  # while a step is written down: parts of it stay where they are
        self.lanes, self._like, self._written = lanes, like, list[Any]()
        self._captured: dict[Any, Op] = {}

    def __enter__(self) -> Trace:
        self.before, self.depth = getattr(_here, "trace", None), depth() - 1
        _here.trace = self
        return self

    def __exit__(self, kind: Any, error: BaseException | None, *_: Any) -> None:
        _here.trace = self.before
        if self.refusal is not None and error is not self.refusal:
            raise self.refusal from None

    def input(self, path: Any, shape: tuple[int, ...], dtype: Any) -> Op:
        """Return an array that comes from outside, known by its path."""
        code = "u4" if dtype == "places" else code_of(dtype)
        return self.leaf(path, tuple(Dim(n) for n in shape), code)

    def leaf(self, path: Any, dims: tuple[Dim, ...], code: str) -> Op:
        """Return the same, given its axes."""
        op = self.leaves[path] = Op("leaf", (), path, dims, code)
        self.place(op, self.top)
        return op

    @contextmanager
    def within(self, region: Region) -> Iterator[None]:
        """Put what is written meanwhile into a region."""
        before, self.region = self.region, region
        try:
            yield
        finally:
            self.region = before

    def place(self, op: Op, region: Region) -> None:
        """Put an operation at the end of a region."""
        op.number, op.region = len(self.ops), region
        self.ops.append(op)
        region.ops.append(op)
        self._write((op.kind, op.attrs, tuple([a.number for a in op.args]), op.shape, op.dtype))

    def placed(
        self, kind: str, args: tuple[Op, ...], attrs: Any, like: Op, value: Any = None
    ) -> Op:
        """Return a new operation here, of the axes and type of another, even if there was one."""
        made = Op(kind, args, attrs, like.dims, like.dtype)
        made.value = value
        self.place(made, self.region)
        return made

    def op(
        self, kind: str, args: Sequence[Op], attrs: Any, dims: Any, dtype: str, key: Any = None
    ) -> Op:
        """Return the operation, the one that is there if it was done before.

        What is the same at each turn of a loop is done before it.
        """
        args, dims = tuple(args), tuple(dims)
        if self.open:
            self._check_reach([a for a in args if a.region is not self.top])
        shape = tuple([d.value for d in dims])
        whole = (kind, tuple([id(a) for a in args]), attrs, dtype, key, shape)
        region: Region | None = self.region
        while region is not None:
            if whole in region.table:
                return region.table[whole]
            region = region.parent
        made = Op(kind, args, attrs, dims, dtype)
        home = steady(self.region, args)
        self.place(made, home)
        home.table[whole] = made
        return made

    def _check_reach(self, args: Sequence[Op]) -> None:
        """Refuse what was made in a branch or loop that is over, or in another trace."""
        if any(not a.region.within(self.top) for a in args):
            raise TraceError(_KEPT)
        if any(not self.region.within(a.region) for a in args):
            raise TraceError(
                "an array made inside the function given to cond or repeat was used outside of it; "
                "let the function return it"
            )

    def const(self, value: Any, dtype: str) -> Op:
        """Return a number that is data."""
        value = dtype_of(dtype).type(value)
        with self.within(self.top):
            made = self.op("const", (), (), (), dtype, key=value.tobytes())
        if made.value is None:
            made.value = value
            self._write(value.tobytes())
        return made

    def captured(self, array: np.ndarray) -> Op:
        """Return an array that the step took from elsewhere, such as from a field, as it is now."""
        if any(array is old for old in self.stale):
            raise TraceError("out= or += changed an array of numbers in place; write y = a + b")
        given, array = array, np.ascontiguousarray(array, dtype_of(code_of(array.dtype)))
        digest = blake2b(array.data if array.size else b"", digest_size=16).digest()
        key = array.shape, array.dtype.str, digest
        if key not in self._captured:
            self._write(key)
            path = "const", len(self.arrays)
            again = self._like is not None  # it is not kept then
            self.arrays.append(array if array is not given or again else array.copy())
            self._captured[key] = self.input(path, array.shape, array.dtype)
        return self._captured[key]

    def signature(self) -> list[Any]:
        """Return what tells whether another trace is the same, numbers that are data included."""
        return list(self._written)

    def _write(self, what: Any) -> None:
        if not self.open:
            return
        n = len(self._written)
        if self._like is not None and (n >= len(self._like) or self._like[n] != what):
            raise TraceError(
                "it makes other numbers each time that it is called: draws come in at the port "
                "noise, time at a port, and what lasts belongs into the state"
            )
        self._written.append(what)


def steady(region: Region, args: Sequence[Op]) -> Region:
    """Return the region around loops of which `args` know nothing."""
    while region.count is not None and not any(a.region.within(region) for a in args):
        region = region.parent  # type: ignore[assignment]
    return region


def active() -> Trace | None:
    """Return the trace that is being written by this thread, if there is one."""
    return getattr(_here, "trace", None)


def current() -> Trace:
    """Return the trace that is being written by this thread."""
    trace = active()
    if trace is None:
        raise TraceError(_KEPT)
    return trace
