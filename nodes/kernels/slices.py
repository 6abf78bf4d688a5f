"""Sums of 8 sparse rows side by side in SIMD registers.

Where the entries of x stand is not known beforehand, so each is fetched by itself; what can be done
for all 8 at once is. Places are read two to a 64-bit word: that leaves the processor's loads, of
which this is short, to the entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from nodes.kernels.simd import INDEX, Sums, built

__all__ = ["SIDE", "add_slice"]

SIDE = 8  # rows side by side: their sums hide the latency of each other
_BITS = 32  # of a place


def _typed(_: Any, data: Any, places: Any, start: Any, stop: Any, x: Any, i: Any, y: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = Sums(context, builder, SIDE, data.dtype)
        weights, goal = rows.pointer(data, args[0], True), rows.pointer(y, args[6], True)
        pairs = builder.bitcast(rows.pointer(places, args[1]), INDEX.as_pointer())
        source = rows.pointer(x, args[4])

        def places_at(k: Any) -> Iterator[Any]:
            first = builder.mul(k, ir.Constant(INDEX, SIDE // 2))
            for step in range(SIDE // 2):
                pair = builder.load(builder.gep(pairs, [rows.plus(first, step)]))
                pair.align = _BITS // 8
                yield builder.and_(pair, ir.Constant(INDEX, (1 << _BITS) - 1))
                yield builder.lshr(pair, ir.Constant(INDEX, _BITS))

        def term(builder: Any, k: Any) -> Any:
            entries = [builder.load(builder.gep(source, [place])) for place in places_at(k)]
            return builder.fmul(rows.load(weights, k), rows.gathered(entries))

        rows.store(rows.added(args[2], args[3], 1, rows.zero, term), goal, args[5])
        return context.get_dummy_value()

    whole = types.uint64
    return types.void(data, places, whole, whole, x, whole, y), build


add_slice = built(_typed)
"""``add_slice(data, places, start, stop, x, s, y)``: set slice s of y to 8 rows times x.

``data[8 * k : 8 * k + 8]`` are the k-th entries of the 8 rows, which stand in ``x`` at `places`,
uint32; `start` and `stop` bound k. Each row is summed from its first entry to its last.
"""
