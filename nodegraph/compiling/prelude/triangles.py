"""Symmetric matrices as rows of lower triangles: a change of rank one, a product, or both.

P becomes (P + K (scale K)') growth, and O becomes P X: what is left of the diagonal is added
along rows, what is right of it row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from nodegraph.compiling.prelude.builder import Builder, Value
from nodegraph.compiling.prelude.sums import by_four

__all__ = ["LANES", "one_triangle", "triangles"]

LANES = 16  # matrices of a group
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

    def end(self, totals: Sequence[Value], width: int) -> None:
        """Change the diagonal, and store O[i], given what is left of it."""
        now = self.now(self.i, width)
        for total in totals:
            self.b.store(total + now * self.x, self.places["O"](self.i))


def triangles(dtype: str, changes: bool, multiplies: bool) -> str:
    """Return what is done to a group of matrices, which lie side by side, `LANES` of them.

    Sums along a row are of four terms at a time. Vectors are copied to S, (3 q + 2, LANES), where
    those of the group lie in one piece; where there is no matrix they are 0, and P stays as it is.
    """
    b = Builder(dtype)
    arrays = " *K ldk *scale *growth" * changes + " *X ldx *O ldo" * multiplies
    *_, q, nv = b.function(f"*P{arrays} *S q nv")
    given, size = b.given, q * LANES
    places = dict(zip("KXO", (given["S"].at(size * k) for k in range(3)), strict=True))
    full = b.whole(LANES).test("eq", nv)
    b.clear(given["S"], b.choose(full, b.whole(0), size * (3 * b.size)))
    factors = []
    for k, name in enumerate(("scale", "growth") if changes else ()):
        at = given["S"].at(size * 3 + k * LANES)
        b.store(b.number(1, LANES), at)
        _copy(b, given[name].at, at.at, nv)
        factors.append(b.load(at, LANES))
    for name in "K" * changes + "X" * multiplies:
        _copy_rows(b, given[name], given[f"ld{name.lower()}"], places[name], LANES, q, nv)

    used = "K" * changes + "XO" * multiplies
    with b.loop(0, q, 1, b.whole(0)) as (i, base):
        lanes = {name: _rows_of(places[name]) for name in used}
        one = _Row(b, {"P": _rows_of(given["P"].at(base * LANES)), **lanes}, factors, i, LANES)
        zeros = [b.number(0, LANES)] * multiplies
        one.end(by_four(b, i, partial(one.terms, width=LANES), zeros), LANES)
        b.again(base + i + 1)
    if multiplies:
        _copy_rows(b, places["O"], b.whole(LANES), given["O"], given["ldo"], q, nv)
    return b.text()


def _rows_of(array: Value) -> _Address:
    return lambda k: array.at(k * LANES)


def _copy_rows(
    b: Builder, source: Value, apart: Value, goal: Value, over: Value | int, q: Value, nv: Value
) -> None:
    """Write a copy of q rows of `nv` numbers."""
    with b.each(0, q) as k:
        _copy(b, source.at(k * apart).at, goal.at(k * over).at, nv)


def _copy(b: Builder, source: _Address, goal: _Address, nv: Value) -> None:
    for v, width in b.blocks(0, nv, (LANES, 1)):
        b.store(b.load(source(v), width), goal(v))


def one_triangle(dtype: str, changes: bool, multiplies: bool) -> str:
    """Return what is done to one matrix, 32, 8 and 1 numbers of a row at once.

    The three sums along a row are added in that order, each halved until one is left.
    """
    b = Builder(dtype)
    arrays = " *K .scale .growth" * changes + " *X *O" * multiplies
    *_, q = b.function(f"*P{arrays} q")
    given = b.given
    factors = [given[name] for name in ("scale", "growth") if changes]

    with b.loop(0, q, 1, b.whole(0)) as (i, base):
        places = {array: given[array].at for array in "KXO" if array in given}
        one = _Row(b, {"P": given["P"].at(base).at, **places}, factors, i, 1)
        k, sums = b.whole(0), []
        for width in (32, 8, 1):
            zeros = [b.number(0, width)] * multiplies
            with b.loop(k, i - (width - 1), width, *zeros) as (k, *totals):
                terms = one.terms(k, width)
                b.again(*(total + term for total, term in zip(totals, terms, strict=True)))
            sums += [b.fold(total, width, lambda x, y: x + y) for total in totals]
        one.end([(sums[0] + sums[1]) + sums[2]] if multiplies else [], 1)
        b.again(base + i + 1)
    return b.text()
