"""Sums of 8 sparse rows side by side in SIMD registers.

Where the entries of x stand is not known beforehand, so each is fetched by itself; what can be done
for all 8 at once is. Places are read two or four to a 64-bit word: that leaves the processor's
loads, of which this is short, to the entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from nodes.kernels.simd import INDEX, Sums, built

__all__ = ["SIDE", "add_slice"]

SIDE = 8  # rows side by side: their sums hide the latency of each other
_WORD = 64


def _adder(bits: int) -> Any:
    def typed(_: Any, data: Any, places: Any, start: Any, stop: Any, x: Any, s: Any, y: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            rows = Sums(context, builder, SIDE, data.dtype)
            weights, goal = rows.pointer(data, args[0], True), rows.pointer(y, args[6], True)
            words = builder.bitcast(rows.pointer(places, args[1]), INDEX.as_pointer())
            source = rows.pointer(x, args[4])

            def places_at(k: Any) -> Iterator[Any]:
                count = SIDE * bits // _WORD
                first = builder.mul(k, ir.Constant(INDEX, count))
                for number in range(count):
                    word = builder.load(builder.gep(words, [rows.plus(first, number)]))
                    word.align = 4
                    for at in range(0, _WORD, bits):
                        shifted = builder.lshr(word, ir.Constant(INDEX, at))
                        yield builder.and_(shifted, ir.Constant(INDEX, (1 << bits) - 1))

            def term(builder: Any, k: Any) -> Any:
                entries = [builder.load(builder.gep(source, [place])) for place in places_at(k)]
                return builder.fmul(rows.load(weights, k), rows.gathered(entries))

            rows.store(rows.added(args[2], args[3], 1, rows.zero, term), goal, args[5])
            return context.get_dummy_value()

        whole = types.uint64
        return types.void(data, places, whole, whole, x, whole, y), build

    return built(typed)


add_slice, add_short_slice = _adder(32), _adder(16)
"""``add_slice(data, places, start, stop, x, s, y)``: set slice s of y to 8 rows times x.

``data[8 * k : 8 * k + 8]`` are the k-th entries of the 8 rows, which stand in ``x`` at `places`;
`start` and `stop` bound k. Each row is summed from its first entry to its last. The places of
`add_short_slice` have 16 bits and lie in pairs in the 32 bits of `places`.
"""
