"""Sums and products of all numbers so far."""

from __future__ import annotations

from nodegraph.compiling.prelude.builder import Builder, Value

__all__ = ["scanned"]

SIDE = 4  # columns at once: each waits for its last sum


def scanned(dtype: str, name: str) -> str:
    """Return ``Y[s] = Y[s - 1] + A[s]`` or ``*``, for columns side by side."""
    b = Builder(dtype)
    A, sA, cA, Y, sY, cY, n, m = b.function(f"scan{name}_{dtype}", "*A sA cA *Y sY cY n m")

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
    v = b.loop(0, m & -SIDE, SIDE, lambda v: columns(v, SIDE))[0]
    b.loop(v, m, 1, lambda v: columns(v, 1))
    return b.text()
