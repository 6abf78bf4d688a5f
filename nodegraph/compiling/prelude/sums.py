"""Products and sums over one axis, in the two orders that all of them are written in.

*Four at a time*: ``total + ((a + b) + (c + d))``, what is left one by one; for columns, whose
numbers lie side by side. *In lanes*: 32 totals side by side, which then are halved; for numbers
that lie one behind the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from nodegraph.compiling.prelude.builder import Builder, Value

__all__ = ["by_four", "columns_by_four", "columns_in_lanes", "matrix_of_many",
           "one_in_lanes", "scanned"]  # fmt: skip

_VAST = 160  # columns from which on totals are kept in the cache, not in registers
_PANEL = 2048  # columns whose totals are
_SIDE = 4  # columns of running sums at once: each waits for its last sum


def by_four(
    b: Builder, n: Value, terms: Callable[[Value], Iterable[Value]], zeros: Sequence[Value]
) -> list[Value]:
    """Return sums over s of several ``terms(s)``, four at a time."""

    def four(s: Value, *totals: Value) -> list[Value]:
        quarters = zip(*(terms(s + k) for k in range(4)), strict=True)
        return [t + ((a + c) + (d + e)) for t, (a, c, d, e) in zip(totals, quarters, strict=True)]

    def one(s: Value, *totals: Value) -> list[Value]:
        return [t + term for t, term in zip(totals, terms(s), strict=True)]

    s, *totals = b.loop(0, n & -4, 4, four, *zeros)
    return b.loop(s, n, 1, one, *totals)[1:]


def _every_column(
    b: Builder, first: Value | int, n: Value, widths: Sequence[int], body: Callable[..., None]
) -> None:
    """Write ``body(v, width)`` for blocks of columns that cover ``first:n``.

    The last block of a width reaches back over columns that were done already: they come out as
    before, and no mask is needed, which is slow on AVX2. The widest does so only for more than
    half a block.
    """
    v = first
    for k, width in enumerate(widths):
        slack = width // 2 if k == 0 else 1
        stop, last = n + (width - slack) & -width, n - width
        if width == 1:
            b.loop(v, n, 1, lambda at: body(at, 1))
        else:
            stop = b.choose(last.test("sge", 0), stop, b.whole(0))
            v = b.loop(v, stop, width, lambda at, last=last, w=width: body(b.least(at, last), w))[0]


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

    def term(self, v: Value, s: Value, width: int) -> Value:
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

    def column(v: Value, width: int) -> None:
        zero = b.number(0, width)
        (total,) = by_four(b, c.ns, lambda s: [c.term(v, s, width)], [zero])
        b.store(total, c.O.at(v))

    whole = c.nv & -wide
    vast = b.choose(c.nv.test("sgt", _VAST), whole, b.whole(0))
    b.loop(0, vast, _PANEL, lambda q: _panel(b, c, q, b.least(q + _PANEL, whole), wide))
    _every_column(b, vast, c.nv, (wide, 8, 1), column)
    return b.text()


def _panel(b: Builder, c: _Columns, first: Value, stop: Value, wide: int) -> None:
    """Sum the columns ``first:stop``, along their length, with totals in O."""
    b.clear(c.O.at(first), (stop - first) * b.size)

    def add(s: Value, count: int) -> None:
        places = [s + k for k in range(count)]

        def block(v: Value) -> None:
            at = c.O.at(v)
            terms = [c.term(v, place, wide) for place in places]
            total = terms[0] if count == 1 else (terms[0] + terms[1]) + (terms[2] + terms[3])
            b.store(b.load(at, wide) + total, at)

        b.loop(first, stop, wide, block)

    s = b.loop(0, c.ns & -4, 4, lambda s: add(s, 4))[0]
    b.loop(s, c.ns, 1, lambda s: add(s, 1))


def columns_in_lanes(dtype: str, kind: str) -> str:
    """Return a sum of columns, each in lanes: what `one_in_lanes` has for one."""
    b = Builder(dtype)
    c = _Columns(b, kind)
    room = b.put(f"alloca [32 x {b.vector(8)}], align 64", "ptr")

    def column(v: Value, width: int) -> None:
        def lane(k: Value | int) -> Value:
            return room.at(k, b.vector(width))

        def add(s: Value) -> None:
            at = lane(s & 31)
            b.store(b.load(at, width) + c.term(v, s, width), at)

        def halved(k: int, count: int) -> Value:
            """Return lane k of `count`."""
            if count == 32:
                return b.load(lane(k), width)
            return halved(k, 2 * count) + halved(k + count, 2 * count)

        b.clear(room, 32 * width * b.size)
        b.loop(0, c.ns, 1, add)
        b.store(halved(0, 1), c.O.at(v))

    _every_column(b, 0, c.nv, (8, 2, 1), column)
    return b.text()


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

    def whole(j: Value, total: Value) -> Value:
        return added(lambda address: b.load(address, 32), total, j)

    def rest() -> Value:
        return added(lambda address: b.masked(address, 32, n - j, start), total, j)

    j, total = b.loop(0, n & -32, 32, whole, b.number(start, 32))
    total = b.when(n.test("sgt", j), rest, total)
    return b.text(b.fold(total, 32, merge))


def matrix_of_many(dtype: str) -> str:
    """Return O[i, v] = sum over s of W[i, s] X[s, v], four terms at a time, for many series v.

    Four rows of W go at once, so that X is read once for them.
    """
    b = Builder(dtype)
    lanes = 64 // b.size  # series at a time: four rows of them fit into 8 registers of AVX2
    arguments = b.function("*W wi ws *X ldx ns *O ldo ni nv")
    W, wi, ws, X, ldx, ns, Y, ldo, ni, nv = arguments

    def rows(v: Value, i: Value, count: int) -> None:
        places = [i + k for k in range(count)]
        starts = [W.at(place * wi) for place in places]

        def terms(s: Value) -> Iterator[Value]:
            at, x = s * ws, b.load(X.at(v).at(s * ldx), lanes)
            for start in starts:  # one row after the other: few numbers are under way at once
                yield b.spread(b.load(start.at(at)), lanes) * x

        for place, total in zip(
            places, by_four(b, ns, terms, [b.number(0, lanes)] * count), strict=True
        ):
            b.store(total, Y.at(v).at(place * ldo))

    def block(v: Value) -> None:
        i = b.loop(0, ni & -4, 4, lambda i: rows(v, i, 4))[0]
        b.loop(i, ni, 1, lambda i: rows(v, i, 1))

    b.loop(0, nv, lanes, block)
    return b.text()


def scanned(dtype: str, name: str) -> str:
    """Return ``Y[s] = Y[s - 1] + A[s]`` or ``*``, for columns side by side."""
    b = Builder(dtype)
    A, sA, cA, Y, sY, cY, n, m = b.function("*A sA cA *Y sY cY n m")

    def columns(v: Value, count: int) -> None:
        each = [(A.at((v + k) * cA), Y.at((v + k) * cY)) for k in range(count)]

        def down(s: Value, *totals: Value) -> list[Value]:
            found = []
            for (source, goal), total in zip(each, totals, strict=True):
                one = b.load(source.at(s * sA))
                found.append(total + one if name == "add" else total * one)
                b.store(found[-1], goal.at(s * sY))
            return found

        first = [b.load(source) for source, _ in each]
        for one, (_, goal) in zip(first, each, strict=True):
            b.store(one, goal)
        b.loop(1, n, 1, down, *first)

    m = b.choose(n.test("sgt", 0), m, b.whole(0))  # the first row is read without a look
    v = b.loop(0, m & -_SIDE, _SIDE, lambda v: columns(v, _SIDE))[0]
    b.loop(v, m, 1, lambda v: columns(v, 1))
    return b.text()
