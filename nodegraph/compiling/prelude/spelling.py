"""How LLVM writes types and numbers."""

from __future__ import annotations

import struct

__all__ = ["LLVM", "MEMORY", "SIZE", "SUFFIX", "literal"]

LLVM = {"f8": "double", "f4": "float", "i8": "i64", "b1": "i1", "u4": "i64"}
MEMORY = {"f8": "double", "f4": "float", "i8": "i64", "b1": "i8", "u4": "i32"}
SIZE = {"f8": 8, "f4": 4, "i8": 8, "b1": 1, "u4": 4}
SUFFIX = {"f8": "f64", "f4": "f32"}  # of the names of intrinsic functions


def literal(value: float | int | bool, dtype: str) -> str:
    """Return a number as LLVM writes it, exactly."""
    if dtype == "b1":
        return "true" if value else "false"
    if dtype == "i8":
        return str(int(value))
    if dtype == "f4":
        value = struct.unpack("f", struct.pack("f", value))[0]
    return "0x" + struct.pack(">d", value).hex().upper()
