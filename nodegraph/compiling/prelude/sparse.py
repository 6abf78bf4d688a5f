"""Products of sparse matrices that lie as slices: 8 rows side by side, entry by entry.

Slices may be cut into parts: of `ends` starts, those of the first parts come first.
"""

from __future__ import annotations

from nodegraph.compiling.prelude.builder import Builder, Value
from nodegraph.host.machine import has_avx512

__all__ = ["arriving", "slices", "slices_of_many", "slices_summed_up"]

ROWS = 8  # of a slice


def _bounds(b: Builder, starts: Value, index: Value) -> tuple[Value, Value]:
    """Return where the entries of a slice, or of a part of it, begin and end."""
    return _place(b, starts, index), _place(b, starts, index + 1)


def slices(dtype: str, ordered: bool = False) -> str:
    """Return y = W x, the rows of a slice side by side, each from its first entry on.

    If the rows are `ordered`, y is written to where each belongs, and `sums` are what rows that lie
    side by side have come to.
    """
    b = Builder(dtype)
    given = "*order *sums " * ordered
    W, places, starts, *more, x, y, n, ends = b.function(f"*W *places *starts {given}*x *y n ends")
    sums = more[1] if ordered else y
    eights = n + (ROWS - 1) >> 3

    def sums_from(start: Value | int) -> None:
        with b.each(0, eights) as i:
            place = sums.at(i << 3)
            first, stop = _bounds(b, starts, i + start)
            begin = b.number(0, ROWS) if start == 0 else b.load(place, ROWS)
            with b.loop(first, stop, 1, begin) as (k, total):
                at = k << 3
                b.again(total + b.load(W.at(at), ROWS) * _gathered(b, x, places.at(at, "i32")))
            b.store(total, place)

    sums_from(0)
    with b.each(eights, ends - 1, eights) as start:
        sums_from(start)
    if ordered:
        with b.each(0, eights) as i:
            total = b.load(sums.at(i << 3), ROWS)
            for k in range(ROWS):
                b.store(b.part(total, k), y.at(_place(b, more[0], (i << 3) + k)))
    return b.text()


def _place(b: Builder, places: Value, index: Value) -> Value:
    return b.load(places.at(index, "i32"), "i32").to("i64", "zext")


def arriving(dtype: str, moving: bool = False) -> str:
    """Return y = W x, column by column; those of which x is 0 are passed over, 8 at a time.

    Each number of y is summed in the order of `slices`, so that its bits are the same. W has its
    entries by columns; if they are `moving`, as in `slices`, and `entries` says where.
    """
    b = Builder(dtype)
    given = "*entries " * moving
    W, *entries, targets, columns, x, m, y, n = b.function(f"*W {given}*targets *columns *x m *y n")
    b.clear(y, n * b.size)

    def column(j: Value) -> None:
        number = b.load(x.at(j))
        with b.branch(number.test("une", b.number(0.0)).name), b.each(*_bounds(b, columns, j)) as k:
            place = _place(b, entries[0], k) if entries else k
            total = y.at(_place(b, targets, k))
            b.store(b.load(total) + b.load(W.at(place)) * number, total)

    with b.each(0, m & -ROWS, ROWS) as eight:
        there = b.load(x.at(eight), ROWS).test("une", b.number(0.0, ROWS))
        bits = b.put(f"bitcast {there} to i{ROWS}", f"i{ROWS}")
        with b.branch(bits.test("ne", 0).name), b.each(eight, eight + ROWS) as j:
            column(j)
    with b.each(eight, m) as j:
        column(j)
    return b.text()


def _gathered(b: Builder, x: Value, places: Value) -> Value:
    """Return x at 8 places; two places come in one word, because loads are what is short."""
    vector = Value(b, b.vector(ROWS), "poison")
    for k in range(0, ROWS, 2):
        word = b.load(places.at(k, "i32"), "i64", align=4)
        pair = [word & 0xFFFFFFFF, b.put(f"lshr {word}, 32", "i64")]
        for m, place in enumerate(pair):
            number = b.load(x.at(place))
            vector = b.put(f"insertelement {vector}, {number}, i64 {k + m}", vector.type)
    return vector


def slices_of_many(dtype: str, lanes: int, ordered: bool = False) -> str:
    """Return y = W x for many x, (n, lanes) each: some rows of a slice at once, entry by entry."""
    b = Builder(dtype)
    given = "*order " * ordered
    W, places, starts, *order, x, lda, y, n, ends = b.function(
        f"*W *places *starts {given}*x lda *y n ends"
    )
    eights = n + (ROWS - 1) >> 3

    def rows(start: Value | int, i: Value, count: int) -> None:
        lane = i & 7
        lines = [i + row for row in range(count)]
        if order:
            lines = [_place(b, order[0], line) for line in lines]
        goals = [y.at(line * lanes) for line in lines]
        first, stop = _bounds(b, starts, (i >> 3) + start)
        begin = [b.number(0, lanes) if start == 0 else b.load(goal, lanes) for goal in goals]
        with b.loop(first, stop, 1, *begin) as (k, *totals):
            at = (k << 3) + lane
            b.again(*(total + entry(at + row) for row, total in enumerate(totals)))
        for total, goal in zip(totals, goals, strict=True):
            b.store(total, goal)

    def entry(at: Value) -> Value:
        weight = b.spread(b.load(W.at(at)), lanes)
        return weight * b.load(x.at(_place(b, places, at) * lda), lanes)

    def all_rows(start: Value | int) -> None:
        for i, count in b.blocks(0, n, (_rows_at_once(lanes * b.size), 1)):
            rows(start, i, count)

    all_rows(0)
    with b.each(eights, ends - 1, eights) as start:
        all_rows(start)
    return b.text()


def _rows_at_once(row: int) -> int:
    """Return how many sums of so many bytes fit into half of the registers."""
    registers = 32 * 64 if has_avx512() else 16 * 32
    return min(ROWS, max(1, registers // 2 // row))


def slices_summed_up(dtype: str, ordered: bool = False) -> str:
    """Return at each place the sum of its column down to its row, one row after the other.

    If the rows are `ordered`, `lines` says where each lies.
    """
    b = Builder(dtype)
    given = "*lines " * ordered
    W, places, starts, *lines, above, y, n, columns, ends = b.function(
        f"*W *places *starts {given}*above *y n columns ends"
    )
    eights = n + (ROWS - 1) >> 3
    b.clear(above, columns * b.size)

    with b.each(0, eights << 3) as i:
        line = _place(b, lines[0], i) if lines else i
        lane = line & 7
        with (
            b.each(0, ends - 1, eights) as start,
            b.each(*_bounds(b, starts, start + (line >> 3))) as k,
        ):
            at = (k << 3) + lane
            total = above.at(_place(b, places, at))
            so_far = b.load(total) + b.load(W.at(at))
            b.store(so_far, total)
            b.store(so_far, y.at(at))
    return b.text()
