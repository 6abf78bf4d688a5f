"""The loop that moves several nodes on, step by step, each by a compiled step of its own."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from nodegraph.compiled import inner, kernel, read, types, write

__all__ = ["NODE", "PART", "PORT", "advance", "drive"]

# Columns of the tables. `ports` and `parts` count the rows of the next table that belong here.
NODE = ("function", "args", "io", "base", "zero", "ring", "width", "every", "phase", "ports")
PORT = ("slot", "scratch", "parts")
PART = ("base", "zero", "ring", "width")
_FUNCTION, _ARGS, _IO, _BASE, _ZERO, _RING, _WIDTH, _EVERY, _PHASE, _PORTS = range(len(NODE))
_SLOT, _SCRATCH, _PARTS = range(len(PORT))


_intrinsic: Any = intrinsic  # numba fills in the first argument
_carray: Any = numba.carray  # type: ignore[attr-defined]
_pointer_to: Any = types.CPointer


def _typed_pointer(_: Any, address: Any, like: Any) -> Any:
    """Return `address` as a pointer to numbers such as `like`."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

    return _pointer_to(like)(types.int64, like), build


_pointer = _intrinsic(_typed_pointer)


@inner
def _vector(address: Any, n: Any, like: Any) -> Any:
    """Return the `n` numbers of the precision of `like` that stand at `address`."""
    return _carray(_pointer(address, like), (n,))


def _typed_call(_: Any, function: Any, args: Any, io: Any, like: Any) -> Any:
    """Call the step at the address `function`, with the addresses of its `args` and `io`."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        numbers, number = ir.IntType(64).as_pointer(), context.get_value_type(like)
        kind = ir.FunctionType(ir.VoidType(), [numbers, numbers, number])
        step = builder.inttoptr(given[0], kind.as_pointer())
        places = [builder.inttoptr(address, numbers) for address in given[1:3]]
        builder.call(step, [*places, given[3]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, like), build


_call = _intrinsic(_typed_call)


@inner
def _row(base: Any, zero: Any, ring: Any, bytes_: Any, t: Any) -> Any:
    """Return the address of the row of step `t` in a ring of rows."""
    return base + np.int64(np.uint64(zero + t) % np.uint64(ring)) * bytes_


@inner
def _copy(source: Any, target: Any, n: Any, like: Any) -> None:
    there, here = _vector(target, n, like), _vector(source, n, like)
    for i in range(n):
        there[i] = here[i]


def _tables() -> tuple[Any, ...]:
    table = read(types.int64, 2)
    return table, table, table, write(types.int64, 2)


@inner
def _move(nodes: Any, ports: Any, parts: Any, io: Any, t: Any, size: Any, like: Any) -> None:
    """Move all nodes on by step `t`."""
    port = part = 0
    for k in range(len(nodes)):
        base, zero, ring = nodes[k, _BASE], nodes[k, _ZERO], nodes[k, _RING]
        width, every = nodes[k, _WIDTH], nodes[k, _EVERY]
        row = _row(base, zero, ring, width * size, t)
        rests = every > 1 and (t - nodes[k, _PHASE]) % every != 0
        if rests:
            _copy(_row(base, zero, ring, width * size, t - 1), row, width, like)
        io[k, 0] = row
        for _ in range(nodes[k, _PORTS]):
            slot, scratch, pieces = ports[port, _SLOT], ports[port, _SCRATCH], ports[port, _PARTS]
            port += 1
            io[k, slot] = scratch
            for _ in range(pieces):
                n = parts[part, 3]
                source = _row(parts[part, 0], parts[part, 1], parts[part, 2], n * size, t)
                part += 1
                if pieces == 1:
                    io[k, slot] = source
                elif not rests:
                    _copy(source, scratch, n, like)
                    scratch += n * size
        if not rests:
            _call(nodes[k, _FUNCTION], nodes[k, _ARGS], nodes[k, _IO], like)


@inner
def _is_finite(address: Any, n: Any, like: Any) -> Any:
    row, total = _vector(address, n, like), like - like
    for i in range(n):
        total += row[i] * (like - like)
    return total == total


@inner
def _is_within(address: Any, n: Any, most: Any, like: Any) -> Any:
    row, within = _vector(address, n, like), True
    for i in range(n):
        within &= abs(row[i]) < most
    return within


@kernel(lambda f: types.void(*_tables(), types.int64, types.int64, types.int64, f))
def drive(
    nodes: Any, ports: Any, parts: Any, io: Any, start: Any, stop: Any, size: Any, like: Any
) -> None:
    """Move all nodes on from step `start` to `stop`; a number has `size` bytes."""
    for t in range(start, stop):
        _move(nodes, ports, parts, io, t, size, like)


@inner
def _is_taught(address: Any, n: Any, like: Any) -> Any:
    """Tell whether a target is finite, or missing as a whole: all NaN."""
    row, missing = _vector(address, n, like), 0
    for i in range(n):
        if row[i] - row[i] != like - like:
            if row[i] == row[i]:
                return False
            missing += 1
    return missing == 0 or missing == n


@kernel(
    lambda f: types.boolean(
        *_tables(), read(types.int64, 2), types.int64, types.int64, types.int64, f
    )
)
def advance(
    nodes: Any,
    ports: Any,
    parts: Any,
    io: Any,
    data: Any,
    start: Any,
    stop: Any,
    size: Any,
    like: Any,
) -> Any:
    """Move all nodes on from step `start` to `stop`; tell whether data and outputs are sound.

    Data are so if they are finite, outputs within `nodegraph.engines.outputs`. A row of `data` is
    (address, width, rows of its ring, whether it is a target). It stops at the first data and
    behind the first output that are not sound.
    """
    most = 1e30 if size == 8 else 1e18
    for t in range(start, stop):
        for k in range(len(data)):
            width = data[k, 1]
            row = _row(data[k, 0], 0, data[k, 2], width * size, t)
            if data[k, 3]:
                if not _is_taught(row, width, like):
                    return False
            elif not _is_finite(row, width, like):
                return False
        _move(nodes, ports, parts, io, t, size, like)
        for k in range(len(nodes)):
            width = nodes[k, _WIDTH]
            row = _row(nodes[k, _BASE], nodes[k, _ZERO], nodes[k, _RING], width * size, t)
            if not _is_within(row, width, most, like):
                return False
    return True
