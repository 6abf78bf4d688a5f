"""The loops over the steps of a chunk, of one series and of many side by side; sums of squares."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from nodegraph.compiling import machine_code
from nodegraph.compiling.prelude.builder import Builder, Value
from nodegraph.compiling.prelude.catalogue import definition

__all__ = ["batch_driver", "driver", "products_summed"]

_COLUMNS = 16  # at a time: what is written side by side stays in the cache


@cache
def driver(dtype: str) -> Any:
    """Return ``f(step, args, io, strides, n_io, n)``: the loop over the steps of a chunk.

    ``io`` has the addresses of the rows of the first step; each goes on by its stride, in bytes.
    """
    b = Builder(dtype)
    step, args, io, strides, n_io, n = b.function("&step &args *io *strides nio n")

    def go_on(k: Value) -> None:
        row = b.load(io.at(k, "i64"), "i64") + b.load(strides.at(k, "i64"), "i64")
        b.store(row, io.at(k, "i64"))

    def turn(_: Value) -> None:
        b.lines.append(f"  call void {step.name}({args}, {io}, {b.number(0)})")
        b.loop(0, n_io, 1, go_on)

    b.loop(0, n, 1, turn)
    return machine_code.function(b.text(), "drive", 4, 2)


@cache
def products_summed(dtype: str) -> Any:
    """Return ``f(A, B, n)``: the sum of products of numbers that lie behind each other."""
    name, of = f"dot_{dtype}", {"f8": ctypes.c_double, "f4": ctypes.c_float}[dtype]
    return machine_code.function(definition(name), name, 2, 1, of)


@cache
def batch_driver(dtype: str) -> Any:
    """Return ``f(step, args, io, widths, bases, lengths, n_io, lanes, n)``.

    Row k of a step is ``widths[k]`` numbers of each series, at ``io[k]`` side by side; the rows of
    a series lie behind each other from ``bases[k, series]`` on. Row 0 is the output.
    """
    b = Builder(dtype)
    step, args, io, *_, n_io, _, n = b.function(
        "&step &args *io *widths *bases *lengths nio lanes n"
    )

    def turn(t: Value) -> None:
        b.loop(1, n_io, 1, lambda k: _move(b, t, k, apart=False))
        b.lines.append(f"  call void {step.name}({args}, {io}, {b.number(0)})")
        _move(b, t, b.whole(0), apart=True)

    b.loop(0, n, 1, turn)
    return machine_code.function(b.text(), "batch", 6, 3)


def _move(b: Builder, t: Value, k: Value, apart: bool) -> None:
    """Lay row k of step t side by side, or apart, of series that are not over."""
    lanes, width = b.given["lanes"], b.load(b.given["widths"].at(k, "i64"), "i64")
    together = b.load(b.given["io"].at(k, "ptr"), "ptr")
    bases = b.given["bases"].at(k * lanes, "ptr")

    def block(first: Value) -> None:
        stop = b.least(first + _COLUMNS, width)

        def lane(series: Value) -> None:
            own = b.load(bases.at(series, "ptr"), "ptr").at(t * width)
            goes_on = t.test("slt", b.load(b.given["lengths"].at(series, "i64"), "i64"))

            def one(column: Value) -> None:
                pair = own.at(column), together.at(series).at(column * lanes)
                source, goal = pair[::-1] if apart else pair
                b.store(b.load(source), goal)

            b.loop(first, b.choose(goes_on, stop, first), 1, one)

        b.loop(0, lanes, 1, lane)

    b.loop(0, width, _COLUMNS, block)
