"""The loop that moves several nodes on, step by step, each by a compiled step of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.compiled.addresses import call, vector
from nodegraph.compiled.compiling import inner, kernel, read, types, write

__all__ = ["NODE", "PART", "PORT", "advance", "drive"]

# Columns of the tables. `ports` and `parts` count the rows of the next table that belong here.
NODE = ("function", "args", "io", "base", "zero", "ring", "width", "every", "phase", "ports")
PORT = ("slot", "scratch", "parts")
PART = ("base", "zero", "ring", "width")
_FUNCTION, _ARGS, _IO, _BASE, _ZERO, _RING, _WIDTH, _EVERY, _PHASE, _PORTS = range(len(NODE))
_SLOT, _SCRATCH, _PARTS = range(len(PORT))


@inner
def _row(base: Any, zero: Any, ring: Any, bytes_: Any, t: Any) -> Any:
    """Return the address of the row of step `t` in a ring of rows."""
    return base + np.int64(np.uint64(zero + t) % np.uint64(ring)) * bytes_


@inner
def _copy(source: Any, target: Any, n: Any, like: Any) -> None:
    there, here = vector(target, n, like), vector(source, n, like)
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
                found = _row(parts[part, 0], parts[part, 1], parts[part, 2], n * size, t)
                part += 1
                if pieces == 1:
                    io[k, slot] = found
                elif not rests:
                    _copy(found, scratch, n, like)
                    scratch += n * size
        if not rests:
            call(nodes[k, _FUNCTION], nodes[k, _ARGS], nodes[k, _IO], like)


@inner
def _is_finite(address: Any, n: Any, like: Any) -> Any:
    row, total = vector(address, n, like), like - like
    for i in range(n):
        total += row[i] * (like - like)
    return total == total


@inner
def _is_within(address: Any, n: Any, most: Any, like: Any) -> Any:
    row, within = vector(address, n, like), True
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


@kernel(lambda f: types.boolean(*_tables(), read(types.int64, 2), types.int64, types.int64, f))
def advance(
    nodes: Any, ports: Any, parts: Any, io: Any, data: Any, t: Any, size: Any, like: Any
) -> Any:
    """Move all nodes on by step `t`; tell whether `data` (addresses, sizes) and outputs are sound.

    Data are so if they are finite, outputs within `nodegraph.engines.bounds`. With data that
    are not finite nothing is moved.
    """
    for k in range(len(data)):
        if not _is_finite(data[k, 0], data[k, 1], like):
            return False
    _move(nodes, ports, parts, io, t, size, like)
    most = 1e30 if size == 8 else 1e18
    for k in range(len(nodes)):
        row = _row(nodes[k, _BASE], nodes[k, _ZERO], nodes[k, _RING], nodes[k, _WIDTH] * size, t)
        if not _is_within(row, nodes[k, _WIDTH], most, like):
            return False
    return True
