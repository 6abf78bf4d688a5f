"""The loop that calls a step for each row of a chunk."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from nodegraph.compiling import machine_code
from nodegraph.compiling.prelude.builder import Builder, Value

__all__ = ["driver"]


@cache
def driver(dtype: str) -> Any:
    """Return ``f(step, args, io, strides, n_io, n)``: the loop over the steps of a chunk.

    ``io`` has the addresses of the rows of the first step; each goes on by its stride, in bytes.
    """
    b = Builder(dtype)
    step, args, io, strides, n_io, n = b.function("NAME", "&step &args *io *strides nio n")

    def go_on(k: Value) -> None:
        row = b.load(io.at(k, "i64"), "i64") + b.load(strides.at(k, "i64"), "i64")
        b.store(row, io.at(k, "i64"))

    def turn(_: Value) -> None:
        b.lines.append(f"  call void {step.name}({args}, {io}, {b.number(0)})")
        b.loop(0, n_io, 1, go_on)

    b.loop(0, n, 1, turn)
    kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4, *[ctypes.c_int64] * 2)
    return kind(machine_code.address(b.text(), "drive"))
