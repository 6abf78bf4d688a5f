"""What this machine has, on Linux, macOS and Windows: cores, memory, processes, vector units."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Any

__all__ = ["has_avx512", "installed_memory", "is_alive", "usable_cpus"]

_QUERY, _DENIED, _GOES_ON = 0x1000, 5, 259  # of Windows: a right, an error, an exit code


def usable_cpus() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def installed_memory() -> int | None:
    """Return the bytes of the machine, on Windows those that are free; None if nothing tells."""
    if sys.platform == "win32":
        return _free_on_windows()
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def is_alive(pid: int) -> bool:
    """Tell whether the process `pid` of this machine goes on; True where that cannot be told."""
    if sys.platform == "win32":  # os.kill(pid, 0) would send Ctrl-C there
        return _is_alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@cache
def has_avx512() -> bool:
    """Tell whether the processor computes with registers of 512 bits, as only some x86 do."""
    from llvmlite.binding import get_host_cpu_features

    try:
        return bool(get_host_cpu_features().get("avx512f", False))
    except RuntimeError:  # LLVM cannot ask every ARM
        return False


class _Memory(ctypes.Structure):
    """What GlobalMemoryStatusEx fills in."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("free", ctypes.c_uint64),
        ("rest", ctypes.c_uint64 * 5),
    )


def _free_on_windows() -> int | None:
    found = _Memory(ctypes.sizeof(_Memory))
    return int(found.free) if _windows().GlobalMemoryStatusEx(ctypes.byref(found)) else None


def _is_alive_on_windows(pid: int) -> bool:
    windows = _windows()
    windows.OpenProcess.restype = ctypes.c_void_p
    process = windows.OpenProcess(_QUERY, False, pid)
    if not process:
        return bool(windows.GetLastError() == _DENIED)
    code = ctypes.c_uint32(_GOES_ON)
    windows.GetExitCodeProcess(ctypes.c_void_p(process), ctypes.byref(code))
    windows.CloseHandle(ctypes.c_void_p(process))
    return code.value == _GOES_ON


def _windows() -> Any:
    """Return the library of Windows that knows of memory and processes."""
    return ctypes.WinDLL("kernel32")  # type: ignore[attr-defined, unused-ignore]
