"""Products and sums over one axis, in the two orders that all of them are written in.

*Four at a time*: ``total + ((a + b) + (c + d))``, what is left one by one; for columns, whose
numbers lie side by side. *In lanes*: 32 totals side by side, which then are halved; for numbers
that lie one behind the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import add

from nodegraph.compiling.prelude.builder import Builder, Value

__all__ = ["by_four", "columns_by_four", "columns_in_lanes", "matrix_of_many",
           "one_in_lanes", "rows_in_lanes", "scanned"]  # fmt: skip

_VAST = 160  # columns from which on totals are kept in the cache, not in registers
_PANEL = 2048  # columns whose totals are
_LONG = 512  # numbers of a row up to which two go at once: longer ones come from far away
_SIDE = 4  # columns of running sums at once: each waits for its last sum


def by_four(
    b: Builder, n: Value, terms: Callable[[Value], Iterable[Value]], totals: Sequence[Value]
) -> Sequence[Value]:
    """Return sums over s of several ``terms(s)``, four at a time."""
    with b.loop(0, n & -4, 4, *totals) as (s, *totals):
        quarters = zip(*(terms(s + k) for k in range(4)), strict=True)
        both = zip(totals, quarters, strict=True)
        b.again(*(total + ((a + c) + (d + e)) for total, (a, c, d, e) in both))
    with b.loop(s, n, 1, *totals) as (s, *totals):
        b.again(*(total + term for total, term in zip(totals, terms(s), strict=True)))
    return totals


def _every_column(
    b: Builder, first: Value | int, n: Value, widths: Sequence[int]
) -> Iterator[tuple[Value, int]]:
    """Write loops over blocks of columns that cover ``first:n``; yield their place and width.

    The last block of a width reaches back over columns that were done already: they come out as
    before, and no mask is needed, which is slow on AVX2. The widest does so only for more than
    half a block.
    """
    for k, width in enumerate(widths):
        slack = width // 2 if k == 0 else 1
        stop, last = n + (width - slack) & -width, n - width
        if width > 1:
            stop = b.choose(last.test("sge", 0), stop, b.whole(0))
        with b.each(first, stop if width > 1 else n, width) as first:
            yield first if width == 1 else b.least(first, last), width


class _Columns:
    """Arguments of a sum of columns: O[v] = sum over s of A[v + s lda] B[..].

    Parameters
    ----------
    kind : str
        ``scalar``: B[s sB]; ``vector``: B[v + s sB]; ``sum``: no B.
    """

    def __init__(self, b: Builder, kind: str):
        self.b, self.kind = b, kind
        arguments = b.function("*A lda *B sB ns *O nv")
        self.A, self.lda, self.B, self.sB, self.ns, self.O, self.nv = arguments

    def terms(self, v: Value, width: int, s: Value) -> list[Value]:
        """Return term s of the columns from v on, alone."""
        return [self.term(v, width, s)]

    def term(self, v: Value, width: int, s: Value) -> Value:
        """Return term s of the columns from v on."""
        b, kind = self.b, self.kind
        a = b.load(self.A.at(v).at(s * self.lda), width)
        if kind == "sum":
            return a
        if kind == "vector":
            return a * b.load(self.B.at(v).at(s * self.sB), width)
        return a * b.spread(b.load(self.B.at(s * self.sB)), width)


def columns_by_four(dtype: str, kind: str) -> str:
    """Return a sum of columns, four terms at a time: see `_Columns`."""
    b = Builder(dtype)
    c = _Columns(b, kind)
    wide = 256 // b.size  # four to eight registers
    whole = c.nv & -wide
    vast = b.choose(c.nv.test("sgt", _VAST), whole, b.whole(0))
    with b.each(0, vast, _PANEL) as q:
        _panel(b, c, q, b.least(q + _PANEL, whole), wide)
    for v, width in _every_column(b, vast, c.nv, (wide, 8, 1)):
        (total,) = by_four(b, c.ns, partial(c.terms, v, width), [b.number(0, width)])
        b.store(total, c.O.at(v))
    return b.text()


def _panel(b: Builder, c: _Columns, first: Value, stop: Value, wide: int) -> None:
    """Sum the columns ``first:stop``, along their length, with totals in O."""
    b.clear(c.O.at(first), (stop - first) * b.size)
    for s, count in b.blocks(0, c.ns, (4, 1)):
        places = [s + k for k in range(count)]
        with b.each(first, stop, wide) as v:
            at = c.O.at(v)
            terms = [c.term(v, wide, place) for place in places]
            total = terms[0] if count == 1 else (terms[0] + terms[1]) + (terms[2] + terms[3])
            b.store(b.load(at, wide) + total, at)


def columns_in_lanes(dtype: str, kind: str) -> str:
    """Return a sum of columns, each in lanes: what `one_in_lanes` has for one."""
    b = Builder(dtype)
    c = _Columns(b, kind)
    room = b.put(f"alloca [32 x {b.vector(8)}], align 64", "ptr")
    for v, width in _every_column(b, 0, c.nv, (8, 2, 1)):
        b.clear(room, 32 * width * b.size)
        with b.each(0, c.ns) as s:
            at = room.at(s & 31, b.vector(width))
            b.store(b.load(at, width) + c.term(v, width, s), at)
        b.store(_halved(b, room, width, 0, 1), c.O.at(v))
    return b.text()


def _halved(b: Builder, room: Value, width: int, k: int, count: int) -> Value:
    """Return lane k of `count`."""
    if count == 32:
        return b.load(room.at(k, b.vector(width)), width)
    one, other = (_halved(b, room, width, lane, 2 * count) for lane in (k, k + count))
    return one + other


def one_in_lanes(dtype: str, kind: str) -> str:
    """Return A . B (``dot``), the sum of A (``add``) or the greatest of A (``top``), in lanes."""
    b = Builder(dtype)
    A, B, n = b.function("&A &B n", b.T)
    start = float("-inf") if kind == "top" else 0.0

    def merge(x: Value, y: Value) -> Value:
        if kind != "top":
            return x + y
        return b.choose(x.test("ogt", y) | x.test("uno", x), x, y)  # NaN wins, as in numpy

    def added(load: Callable[[Value], Value], total: Value, j: Value) -> Value:
        term = load(A.at(j))
        return merge(total, term * load(B.at(j)) if kind == "dot" else term)

    with b.loop(0, n & -32, 32, b.number(start, 32)) as (j, total):
        b.again(added(lambda address: b.load(address, 32), total, j))

    def rest() -> Value:
        return added(lambda address: b.masked(address, 32, n - j, start), total, j)

    total = b.when(n.test("sgt", j), rest, total)
    return b.text(b.fold(total, 32, merge))


def rows_in_lanes(dtype: str) -> str:
    """Return O[i] = A[i] . B for rows `lda` apart, each as `one_in_lanes` has it.

    In float32 two go at once, so that B is read once for both: their totals fit into the registers
    of AVX2, which those of two in float64 do not.
    """
    b = Builder(dtype)
    A, lda, B, _, ns, Y, n = b.function("*A lda *B sB ns *O n")

    def rest(start: Value, total: Value, j: Value) -> Value:
        return total + b.masked(start.at(j), 32, ns - j) * b.masked(B.at(j), 32, ns - j)

    short = ns.test("sle", _LONG)
    by_two = b.choose(short, n & -2, b.whole(0)) if dtype == "f4" else b.whole(0)
    for first, stop, count in ((b.whole(0), by_two, 2), (by_two, n, 1)):
        with b.each(first, stop, count) as i:
            starts = [A.at((i + k) * lda) for k in range(count)]
            with b.loop(0, ns & -32, 32, *[b.number(0, 32)] * count) as (j, *totals):
                x = b.load(B.at(j), 32)
                pairs = zip(totals, starts, strict=True)
                b.again(*(total + b.load(start.at(j), 32) * x for total, start in pairs))
            for k, (start, total) in enumerate(zip(starts, totals, strict=True)):
                total = b.when(ns.test("sgt", j), partial(rest, start, total, j), total)
                b.store(b.fold(total, 32, add), Y.at(i + k))
    return b.text()


def matrix_of_many(dtype: str) -> str:
    """Return O[i, v] = sum over s of W[i, s] X[s, v], four terms at a time, for many series v.

    Four rows of W go at once, so that X is read once for them.
    """
    b = Builder(dtype)
    lanes = 64 // b.size  # series at a time: four rows of them fit into 8 registers of AVX2
    arguments = b.function("*W wi ws *X ldx ns *O ldo ni nv")
    W, wi, ws, X, ldx, ns, Y, ldo, ni, nv = arguments

    def terms(starts: Sequence[Value], v: Value, s: Value) -> Iterator[Value]:
        at, x = s * ws, b.load(X.at(v).at(s * ldx), lanes)
        for start in starts:  # one row after the other: few numbers are under way at once
            yield b.spread(b.load(start.at(at)), lanes) * x

    with b.each(0, nv, lanes) as v:
        for i, count in b.blocks(0, ni, (4, 1)):
            places = [i + k for k in range(count)]
            starts = [W.at(place * wi) for place in places]
            totals = by_four(b, ns, partial(terms, starts, v), [b.number(0, lanes)] * count)
            for place, total in zip(places, totals, strict=True):
                b.store(total, Y.at(v).at(place * ldo))
    return b.text()


def scanned(dtype: str, name: str) -> str:
    """Return ``Y[s] = Y[s - 1] + A[s]`` or ``*``, for columns side by side."""
    b = Builder(dtype)
    A, sA, cA, Y, sY, cY, n, m = b.function("*A sA cA *Y sY cY n m")
    m = b.choose(n.test("sgt", 0), m, b.whole(0))  # the first row is read without a look
    for v, count in b.blocks(0, m, (_SIDE, 1)):
        each = [(A.at((v + k) * cA), Y.at((v + k) * cY)) for k in range(count)]
        totals = [b.load(source) for source, _ in each]
        for one, (_, goal) in zip(totals, each, strict=True):
            b.store(one, goal)
        with b.loop(1, n, 1, *totals) as (s, *totals):
            found = []
            for (source, goal), total in zip(each, totals, strict=True):
                one = b.load(source.at(s * sA))
                found.append(total + one if name == "add" else total * one)
                b.store(found[-1], goal.at(s * sY))
            b.again(*found)
    return b.text()
