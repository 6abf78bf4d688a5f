"""Symmetric matrices as rows of lower triangles: a change of rank one, a product, or both.

P becomes (P + K (scale K)') growth, and O becomes P X: what is left of the diagonal is added
along rows, what is right of it row by row.
"""

from __future__ import annotations

from collections.abc import Callable

from nodegraph.compiling.prelude.builder import Builder, Value
from nodegraph.compiling.prelude.sums import by_four

__all__ = ["one_triangle", "triangles"]

_Address = Callable[[Value], Value]  # of what column k of a row, or row k, has


class _Row:
    """Row i of a triangle, or of many side by side.

    Parameters
    ----------
    places : dict
        Addresses in P (by column), in K if it changes, in X and O if it is multiplied.
    factors : list of Value
        Scale and growth if it changes.
    width : int
        How many triangles there are side by side.
    """

    def __init__(
        self, b: Builder, places: dict[str, _Address], factors: list[Value], i: Value, width: int
    ):
        self.b, self.places, self.i = b, places, i
        self.changes, self.multiplies = "K" in places, "X" in places
        if self.changes:
            scale, self.growth = factors
            self.right = b.load(places["K"](i), width) * scale
        if self.multiplies:
            self.x = b.load(places["X"](i), width)

    def now(self, k: Value, width: int) -> Value:
        """Return P[i, k], changed."""
        b, at = self.b, self.places["P"](k)
        now = b.load(at, width)
        if self.changes:
            more = b.load(self.places["K"](k), width) * b.spread(self.right, width)
            now = (now + more) * b.spread(self.growth, width)
            b.store(now, at)
        return now

    def terms(self, k: Value, width: int) -> list[Value]:
        """Change P[i, k] and what O[k] has of it; return its term of O[i], if there is one."""
        b, now = self.b, self.now(k, width)
        if not self.multiplies:
            return []
        at = self.places["O"](k)
        b.store(b.load(at, width) + now * b.spread(self.x, width), at)
        return [now * b.load(self.places["X"](k), width)]

    def end(self, totals: list[Value], width: int) -> None:
        """Change the diagonal, and store O[i], given what is left of it."""
        now = self.now(self.i, width)
        for total in totals:
            self.b.store(total + now * self.x, self.places["O"](self.i))


def triangles(dtype: str, changes: bool, multiplies: bool) -> str:
    """Return what is done to many matrices, which lie side by side.

    Sums along a row are of four terms at a time. The last few matrices are taken 8, 4, 2 and 1
    at once: what a masked store has written is slow to load again.
    """
    b = Builder(dtype)
    arrays = " *K ldk *scale *growth" * changes + " *X ldx *O ldo" * multiplies
    *_, q, nv = b.function(_name(b, changes, multiplies), f"*P ldp{arrays} q nv")
    given = b.given

    def block(v: Value, width: int) -> None:
        def address(array: str, base: Value | int = 0) -> _Address:
            stride = given[f"ld{array.lower()}"]
            return lambda k: given[array].at(v).at((k + base) * stride)

        factors = [b.load(given[name].at(v), width) for name in ("scale", "growth") if changes]

        def row(i: Value, base: Value) -> Value:
            places = {array: address(array) for array in "KXO" if array in given}
            one = _Row(b, {"P": address("P", base), **places}, factors, i, width)
            zeros = [b.number(0, width)] * multiplies
            one.end(by_four(b, i, lambda k: one.terms(k, width), zeros), width)
            return base + i + 1

        b.loop(0, q, 1, row, b.whole(0))

    v: Value | int = 0
    for k in range(8):
        if width := 128 // b.size >> k:
            v = b.loop(v, nv - (width - 1), width, lambda v, width=width: block(v, width))[0]
    return b.text()


def one_triangle(dtype: str, changes: bool, multiplies: bool) -> str:
    """Return what is done to one matrix, 32, 8 and 1 numbers of a row at once.

    The three sums along a row are added in that order, each halved until one is left.
    """
    b = Builder(dtype)
    arrays = " *K .scale .growth" * changes + " *X *O" * multiplies
    *_, q = b.function(_name(b, changes, multiplies, "1"), f"*P{arrays} q")
    given = b.given
    factors = [given[name] for name in ("scale", "growth") if changes]

    def row(i: Value, base: Value) -> Value:
        places = {array: given[array].at for array in "KXO" if array in given}
        one = _Row(b, {"P": given["P"].at(base).at, **places}, factors, i, 1)
        k, totals = b.whole(0), []
        for width in (32, 8, 1):

            def add(k: Value, *totals: Value, width: int = width) -> list[Value]:
                return [t + term for t, term in zip(totals, one.terms(k, width), strict=True)]

            zeros = [b.number(0, width)] * multiplies
            k, *total = b.loop(k, i - (width - 1), width, add, *zeros)
            totals += [b.fold(t, width, lambda x, y: x + y) for t in total]
        one.end([(totals[0] + totals[1]) + totals[2]] if multiplies else [], 1)
        return base + i + 1

    b.loop(0, q, 1, row, b.whole(0))
    return b.text()


def _name(b: Builder, changes: bool, multiplies: bool, which: str = "") -> str:
    return f"{'rank' * changes}{'sym' * multiplies}{which}_{b.dtype}"
