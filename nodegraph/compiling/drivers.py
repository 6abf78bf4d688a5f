"""The loops over steps: of one series, of many side by side, of several nodes; sums of squares."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from nodegraph.compiling import machine_code
from nodegraph.compiling.prelude.builder import Builder, Value
from nodegraph.compiling.prelude.catalogue import definition

__all__ = ["DATA", "NODE", "PART", "PORT", "PROGRAM", "advance", "batch_driver", "drive", "driver",
           "products_summed"]  # fmt: skip

_COLUMNS = 16  # at a time: what is written side by side stays in the cache
_SIDE = 8  # of a square that is turned in registers
# Columns of the tables. `ports` and `parts` count the rows of the next table that belong here.
PROGRAM = ("nodes", "ports", "parts", "data", "n_nodes", "n_data")
NODE = ("function", "args", "io", "base", "zero", "ring", "width", "every", "phase", "n_ports")
PORT = ("slot", "scratch", "n_parts")
PART = ("base", "zero", "ring", "width")
DATA = ("base", "width", "ring", "is_target")
_POINTERS = {"nodes", "ports", "parts", "data", "function", "args", "io", "base", "scratch"}
_LANES = 8

Columns = dict[str, Value]


@cache
def driver(dtype: str) -> Any:
    """Return ``f(step, args, io, strides, n_io, n)``: the loop over the steps of a chunk.

    ``step`` is where the address of the step is. ``io`` has the addresses of the rows of the first
    step; each goes on by its stride, in bytes.
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
    """Return ``f(step, args, io, widths, bases, lengths, n_io, lanes, n)``; as `driver`.

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


@cache
def drive(dtype: str) -> Any:
    """Return ``f(program, start, stop)``: all nodes move on from step `start` to `stop`."""
    b = Builder(dtype)
    program, start, stop = b.function("&program start stop")
    table = _columns(b, program, PROGRAM)
    with b.each(start, stop) as t:
        _move(b, table, t)
    return machine_code.function(b.text(), "drive", 1, 2)


@cache
def advance(dtype: str, most: float) -> Any:
    """Return ``f(program, start, stop)``, which also tells whether data and outputs are sound.

    Data are so if they are finite, targets also if they are missing as a whole, outputs if they are
    within `most`. Nothing moves from the first data, and behind the first output, that are not.
    """
    b = Builder(dtype)
    program, start, stop = b.function("&program start stop", "i64")
    table = _columns(b, program, PROGRAM)

    def bounded(t: Value, node: Columns) -> Value:
        return _is_within(b, _row(b, node, t), node["width"], most)

    def moved(t: Value) -> Value:
        _move(b, table, t)
        return _all(b, table["nodes"], table["n_nodes"], NODE, lambda node: bounded(t, node))

    def step(t: Value) -> Value:
        given = _all(b, table["data"], table["n_data"], DATA, lambda ring: _is_given(b, ring, t))
        return b.when(given, lambda: moved(t), given)

    with b.loop(start, stop, 1, Value(b, "i1", "true")) as (t, sound):
        b.again(b.when(sound, partial(step, t), sound))
    text = b.text(sound.to("i64", "zext"))
    return machine_code.function(text, "advance", 1, 2, ctypes.c_int64)


def _columns(b: Builder, row: Value, names: tuple[str, ...]) -> Columns:
    types = {name: "ptr" if name in _POINTERS else "i64" for name in names}
    return {name: b.load(row.at(k, "i64"), type) for k, (name, type) in enumerate(types.items())}


def _row(b: Builder, ring: Columns, t: Value) -> Value:
    """Return the address of the row of step `t` in a ring of rows."""
    place, n = t + ring["zero"] if "zero" in ring else t, ring["ring"]
    inside = b.when(place.test("uge", n), lambda: b.put(f"urem {place}, {n.name}", "i64"), place)
    return ring["base"].at(inside * ring["width"])


def _move(b: Builder, table: Columns, t: Value) -> None:
    """Move all nodes on by step `t`."""
    no, tables = Value(b, "i1", "false"), (table["ports"], table["parts"])
    with b.loop(0, table["n_nodes"], 1, *tables) as (k, port, part):
        node = _columns(b, table["nodes"].at(k * len(NODE), "i64"), NODE)
        row, late, every = _row(b, node, t), t - node["phase"], node["every"]
        off_beat = partial(_is_off_beat, b, late, every)
        rests = b.when(every.test("sgt", 1), off_beat, no)
        with b.branch(rests.name):
            _copy(b, _row(b, node, t - 1), row, node["width"])
        b.store(row, node["io"])
        acts = rests.test("eq", no)
        with b.loop(0, node["n_ports"], 1, port, part) as (_, port, part):
            b.again(*_hear(b, node["io"], acts, t, port, part))
        with b.branch(acts.name):
            b.step(node["function"], node["args"], node["io"])
        b.again(port, part)


def _is_off_beat(b: Builder, late: Value, every: Value) -> Value:
    return b.put(f"srem {late}, {every.name}", "i64").test("ne", 0)


def _hear(b: Builder, io: Value, acts: Value, t: Value, port: Value, part: Value) -> list[Value]:
    """Point a port at its row; a node that acts has those of several parts behind each other."""
    own = _columns(b, port, PORT)
    alone, place = own["n_parts"].test("eq", 1), io.at(own["slot"], "i64")
    copied = acts & own["n_parts"].test("ne", 1)
    b.store(own["scratch"], place)

    with b.loop(0, own["n_parts"], 1, part, own["scratch"]) as (_, part, scratch):
        source = _columns(b, part, PART)
        row = _row(b, source, t)
        with b.branch(alone.name):
            b.store(row, place)
        with b.branch(copied.name):
            _copy(b, row, scratch, source["width"])
        b.again(part.at(len(PART), "i64"), scratch.at(source["width"]))
    return [port.at(len(PORT), "i64"), part]


def _copy(b: Builder, source: Value, target: Value, n: Value) -> None:
    size = n * b.size
    b.lines.append(f"  call void @llvm.memcpy.p0.p0.i64({target}, {source}, {size}, i1 false)")


def _all(
    b: Builder, table: Value, n: Value, names: tuple[str, ...], test: Callable[[Columns], Value]
) -> Value:
    with b.loop(0, n, 1, Value(b, "i1", "true")) as (k, sound):
        b.again(sound & test(_columns(b, table.at(k * len(names), "i64"), names)))
    return sound


def _is_given(b: Builder, ring: Columns, t: Value) -> Value:
    """Tell whether data are finite, or the target of a step without one: all NaN."""
    row, width = _row(b, ring, t), ring["width"]
    finite = _is_within(b, row, width, math.inf)

    def missing() -> Value:
        known = _is_some(b, row, width, lambda x: x.test("oeq", x), math.nan)
        return ring["is_target"].test("ne", 0) & known.test("eq", 0)

    return b.when(finite.test("eq", 0), missing, finite)


def _is_within(b: Builder, row: Value, n: Value, most: float) -> Value:
    high, low = b.number(most, _LANES), b.number(-most, _LANES)
    beyond = _is_some(b, row, n, lambda x: x.test("uge", high) | x.test("ule", low), 0.0)
    return beyond.test("eq", 0)


def _is_some(
    b: Builder, row: Value, n: Value, test: Callable[[Value], Value], other: float
) -> Value:
    """Tell whether a test, which is false for `other`, is true for some of `n` numbers."""
    with b.loop(0, n, _LANES, Value(b, f"i{_LANES}", "0")) as (k, found):
        b.again(found | test(b.masked(row.at(k), _LANES, n - k, other)).to(f"i{_LANES}"))
    return found.test("ne", 0)
