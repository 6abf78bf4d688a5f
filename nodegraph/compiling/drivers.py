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
_SIDE = 8  # of a square that is turned in registers


@cache
def driver(dtype: str) -> Any:
    """Return ``f(step, args, io, strides, n_io, n)``: the loop over the steps of a chunk.

    ``io`` has the addresses of the rows of the first step; each goes on by its stride, in bytes.
    """
    b = Builder(dtype)
    step, args, io, strides, n_io, n = b.function("&step &args *io *strides nio n")

    with b.each(0, n):
        b.step(step, args, io)
        with b.each(0, n_io) as k:
            row = b.load(io.at(k, "i64"), "i64") + b.load(strides.at(k, "i64"), "i64")
            b.store(row, io.at(k, "i64"))
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
    a series lie behind each other from ``bases[k, series]`` on. Row 0 is the output. Lanes go by 8.
    """
    b = Builder(dtype)
    step, args, io, *_, n_io, _, n = b.function(
        "&step &args *io *widths *bases *lengths nio lanes n"
    )

    with b.each(0, n) as t:
        with b.each(1, n_io) as k:
            _lay_together(b, t, k)
        b.step(step, args, io)
        with b.each(0, b.given["lanes"], _SIDE) as first:
            _lay_apart(b, t, first)
    return machine_code.function(b.text(), "batch", 6, 3)


def _own_row(b: Builder, t: Value, k: Value, series: Value) -> Value:
    """Return where a series has row k of step t."""
    place = b.given["bases"].at(k * b.given["lanes"], "ptr").at(series, "ptr")
    return b.load(place, "ptr").at(t * _width(b, k))


def _width(b: Builder, k: Value) -> Value:
    return b.load(b.given["widths"].at(k, "i64"), "i64")


def _lay_together(b: Builder, t: Value, k: Value) -> None:
    """Lay row k of step t side by side, of series that are not over."""
    lanes, width = b.given["lanes"], _width(b, k)
    together = b.load(b.given["io"].at(k, "ptr"), "ptr")

    with b.each(0, width, _COLUMNS) as first:
        stop = b.least(first + _COLUMNS, width)
        with b.each(0, lanes) as series:
            own = _own_row(b, t, k, series)
            with b.each(first, b.choose(_goes_on(b, t, series, 1), stop, first)) as column:
                b.store(b.load(own.at(column)), together.at(series).at(column * lanes))


def _goes_on(b: Builder, t: Value, series: Value, count: int) -> Value:
    """Return which of `count` series from one on are not over at step t."""
    whole = "i64" if count == 1 else f"<{count} x i64>"
    lengths = b.load(b.given["lengths"].at(series, "i64"), whole, align=8)
    return b.spread(t, count).test("slt", lengths)


def _lay_apart(b: Builder, t: Value, first: Value) -> None:
    """Lay the outputs of step t of 8 series where each has its own: squares if none is over."""
    lanes, zero = b.given["lanes"], b.whole(0)
    together, width = b.load(b.given["io"], "ptr"), _width(b, zero)
    there = b.put(f"bitcast {_goes_on(b, t, first, _SIDE)} to i{_SIDE}", f"i{_SIDE}")

    def column(series: Value, own: Value, at: Value) -> None:
        b.store(b.load(together.at(series).at(at * lanes)), own.at(at))

    with b.branch(there.test("eq", -1).name):
        owners = [_own_row(b, t, zero, first + k) for k in range(_SIDE)]
        with b.each(0, width & -_SIDE, _SIDE) as at:
            rows = [b.load(together.at(first).at((at + k) * lanes), _SIDE) for k in range(_SIDE)]
            for own, row in zip(owners, _turned(b, rows), strict=True):
                b.store(row, own.at(at))
        with b.each(at, width) as at:
            for k, own in enumerate(owners):
                column(first + k, own, at)
    with b.branch(there.test("ne", -1).name), b.each(first, first + _SIDE) as series:
        own, stop = _own_row(b, t, zero, series), b.choose(_goes_on(b, t, series, 1), width, zero)
        with b.each(0, stop) as at:
            column(series, own, at)


def _turned(b: Builder, rows: list[Value]) -> list[Value]:
    """Return the columns of a square of numbers, given its rows."""
    for apart in (1, 2, 4):  # squares of twice this size are turned, each of four smaller ones
        places = [p + _SIDE - apart if p & apart else p for p in range(_SIDE)]
        others = [p + _SIDE if p & apart else p + apart for p in range(_SIDE)]
        for i in [i for i in range(_SIDE) if not i & apart]:
            pair = rows[i], rows[i + apart]
            rows[i], rows[i + apart] = (b.shuffled(*pair, which) for which in (places, others))
    return rows
