"""Refuse arrays that would not fit in memory, before they are made."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Context, Decimal
from pathlib import Path

from nodegraph.errors import BudgetError
from nodegraph.host.machine import installed_memory

__all__ = ["available_bytes", "check", "format_bytes", "part"]

_SHARE = 0.8
_NO_LIMIT = 2**62  # what groups of version 1 say that have none lies above
_LINES = 12
_ITEM_BYTES = {"float64": 8, "float32": 4, "float16": 2, "bool": 1}
_ITEM_BYTES |= {f"{sign}int{8 * n}": n for sign in ("", "u") for n in (1, 2, 4, 8)}
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")


def available_bytes() -> int:
    """Return the bytes that may still be allocated without danger.

    ``0.8 * min(cgroup limit - use, Slurm's memory - use, RLIMIT_AS - use, MemAvailable)``, of
    which those that are set count. It is at least 0.
    """
    return max(0, int(_SHARE * min(_rooms(Path("/"), os.environ))))


def check(parts: Mapping[str, int], what: str) -> None:
    """Raise unless all `parts` together fit in the memory that is available.

    Parameters
    ----------
    parts : mapping of str to int
        Bytes that each thing takes, as `part` gives them.
    what : str
        What needs them; begins the message.

    Raises
    ------
    BudgetError
        If the sum is larger than `available_bytes`; the message shows the sum.

    Examples
    --------
    >>> check(dict([part("reservoir.W", (100, 100))]), "the model")
    >>> check(dict([part("reservoir.W", (10**9, 10**9))]), "the model")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    nodegraph.errors.BudgetError: the model does not fit in memory:
      reservoir.W 1e9 x 1e9 float64 = 8.0 EB
    together 8.0 EB, available ...
    """
    needed, available = sum(parts.values()), available_bytes()
    if needed > available:
        raise BudgetError(
            "\n".join(
                [
                    f"{what} does not fit in memory:",
                    *_largest_first(parts),
                    f"together {format_bytes(needed)}, available {format_bytes(available)}; use "
                    "fewer units, sparser weights, shorter pieces or float32",
                ]
            )
        )


def part(name: str, shape: Iterable[int], dtype: str = "float64") -> tuple[str, int]:
    """Return the line that names an array in a sum, and the bytes the array takes.

    Parameters
    ----------
    name : str
        Name of the array, such as ``reservoir.W``.
    shape : iterable of int
        Its shape; Python's own integers do not overflow.
    dtype : str
        Name of its dtype.

    Examples
    --------
    >>> part("readout.gram", (5001, 5001))
    ('readout.gram 5001 x 5001 float64', 200080008)
    """
    sizes = [int(n) for n in shape]
    label = " x ".join(_format_count(n) for n in sizes) or "scalar"
    return f"{name} {label} {dtype}", math.prod(sizes) * _ITEM_BYTES[dtype]


def format_bytes(count: int) -> str:
    """Return a number of bytes for people.

    Examples
    --------
    >>> format_bytes(8 * 10**18)
    '8.0 EB'
    """
    if count < 1000:
        return f"{count} bytes"
    power = next((p for p in range(1, len(_UNITS)) if count < 1000 ** (p + 1)), len(_UNITS))
    if power == len(_UNITS):
        return f"{_format_count(count)} bytes"
    tenths = count * 10 // 1000**power
    return f"{tenths // 10}.{tenths % 10} {_UNITS[power]}"


def _format_count(count: int) -> str:
    if count < 10**6:
        return str(count)
    rounded = Context(prec=3, Emax=10**15).create_decimal(Decimal(count)).normalize()
    return format(rounded, "e").replace("e+", "e")


def _largest_first(parts: Mapping[str, int]) -> Iterator[str]:
    ordered = sorted(parts.items(), key=lambda item: -item[1])
    for name, size in ordered[:_LINES]:
        yield f"  {name} = {format_bytes(size)}"
    if rest := [size for _, size in ordered[_LINES:]]:
        yield f"  {len(rest)} smaller ones = {format_bytes(sum(rest))}"


def _rooms(root: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """Yield the bytes that each limit on this process still leaves."""
    yield _free_on_machine(root)
    yield from _free_in_cgroups(root)
    yield from _free_in_slurm(root, environment)
    yield from _free_in_address_space(root)


def _free_on_machine(root: Path) -> int:
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    installed = installed_memory()
    return sys.maxsize if installed is None else installed


def _free_in_cgroups(root: Path) -> Iterator[int]:
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            yield from _free_upwards(root / "sys/fs/cgroup", group, "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes"
            yield from _free_upwards(root / "sys/fs/cgroup/memory", group, *names)


def _free_upwards(mount: Path, group: str, limit_name: str, usage_name: str) -> Iterator[int]:
    """Yield what the limits of a control group and of those around it leave."""
    inside = Path(group.lstrip("/"))
    for folder in (mount / inside, *(mount / above for above in inside.parents)):
        limit = _number(folder / limit_name)
        if limit is not None and limit < _NO_LIMIT:
            used = (_number(folder / usage_name) or 0) - _reclaimable(folder / "memory.stat")
            yield limit - max(used, 0)


def _reclaimable(stat: Path) -> int:
    """Return the bytes of cached files, which the kernel gives up when asked for memory."""
    counts = dict(line.split()[:2] for line in _lines(stat))
    return int(counts.get("total_inactive_file", counts.get("inactive_file", 0)))


def _free_in_slurm(root: Path, environment: Mapping[str, str]) -> Iterator[int]:
    per_node = environment.get("SLURM_MEM_PER_NODE", "")
    per_cpu = environment.get("SLURM_MEM_PER_CPU", "")
    cpus = environment.get("SLURM_CPUS_ON_NODE", "1")
    if per_node.isdecimal() and int(per_node) > 0:
        yield int(per_node) * 2**20 - _own_bytes(root, resident=True)
    elif per_cpu.isdecimal() and cpus.isdecimal() and int(per_cpu) > 0:
        yield int(per_cpu) * int(cpus) * 2**20 - _own_bytes(root, resident=True)


def _free_in_address_space(root: Path) -> Iterator[int]:
    with suppress(ImportError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            yield limit - _own_bytes(root, resident=False)


def _own_bytes(root: Path, *, resident: bool) -> int:
    for line in _lines(root / "proc/self/statm"):
        return int(line.split()[int(resident)]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _number(path: Path) -> int | None:
    """Return the number in a file, None if there is none (``max`` means no limit)."""
    text = "".join(_lines(path)).strip()
    return int(text) if text.isdecimal() else None


def _lines(path: Path) -> list[str]:
    try:
        with open(path, "rb", buffering=0) as file:  # a third of the time of text
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
