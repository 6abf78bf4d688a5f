"""Products with matrices that never change: they lie in panels, in the order of reading.

A panel is some rows of the matrix, column by column: 256 bytes of each, then 128 and 8 numbers for
what is left. So weights come as one stream, of whole lines of the cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

from nodegraph.compiling.prelude.builder import Builder, Value
from nodegraph.compiling.prelude.sums import by_four

__all__ = ["by_panels", "panels"]

_LEAST = 8  # rows of a panel; fewer in all are panels of their own


def _wide(size: int) -> tuple[int, int]:
    """Return how many rows the first panels have, and one behind them, of numbers of a size."""
    return 256 // size, 128 // size


def panels(rows: int, size: int, cuts: Sequence[int] = ()) -> Iterator[tuple[int, int]]:
    """Yield the first row of each panel and how many it has, in order.

    The last one reaches back over rows that were in others: no mask is needed, which is slow on
    AVX2. Parts that begin at `cuts` are matrices of their own, one behind the other.
    """
    for begin, end in pairwise((0, *cuts, rows)):
        rows, first = end - begin, 0
        for width in (*_wide(size), _LEAST) if rows >= _LEAST else (1,):
            stop = rows if width == _LEAST else rows & -width
            while first < stop:
                yield begin + min(first, rows - width), width
                first += width


def by_panels(dtype: str) -> str:
    """Return O[i] = sum over s of A[i, s] B[s sB], four terms at a time, of A in panels.

    `turn` is the product's own: every other time wide panels are read from the last to the first,
    for the last ones are still in the first cache.
    """
    b = Builder(dtype)
    A, turn, B, sB, ns, Y, n = b.function("*A *turn *B sB ns *O n")
    now = b.whole(1) - b.load(turn, "i64")
    b.store(now, turn)
    back = (now & 1).test("ne", 0)

    def term(first: Value, width: int, s: Value) -> list[Value]:
        a = b.load(A.at(first * ns).at(s * width), width)
        return [a * b.spread(b.load(B.at(s * sB)), width)]

    def panel(first: Value, width: int, goal: Value) -> None:
        (total,) = by_four(b, ns, partial(term, first, width), [b.number(0, width)])
        b.store(total, Y.at(goal))

    wide, half = _wide(b.size)
    whole = n & -wide
    with b.each(0, whole, wide) as i:
        first = b.choose(back, whole - wide - i, i)
        panel(first, wide, first)
    with b.each(whole, n & -half, half) as i:
        panel(i, half, i)
    with b.each(i, b.choose(n.test("sge", _LEAST), n, b.whole(0)), _LEAST) as i:
        panel(i, _LEAST, b.least(i, n - _LEAST))
    with b.each(i, n) as i:
        panel(i, 1, i)
    return b.text()
