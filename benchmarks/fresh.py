"""What a fresh process needs: time and memory, measured from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks.one_thread import VARIABLES
from benchmarks.timing import Times

__all__ = ["peak_memory", "race", "seconds"]

LEFT_OUT = {"PYTHONDONTWRITEBYTECODE", *VARIABLES}
WARM = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
_PEAK = """
print(*[line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")])
"""  # not ru_maxrss: that starts with the peak of the process that started this one


def peak_memory(code: str) -> float:
    """Return the peak memory of a process that runs `code`, in MB."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_PEAK}"],
        capture_output=True,
        text=True,
        check=True,
        env=WARM,
    )
    return int(done.stdout.split()[-1]) * 1024 / 1e6  # Linux counts in KiB


def seconds(arguments: Sequence[str], repeats: int) -> Times:
    """Return what a Python process with these arguments takes, repeated.

    The first run is not counted; it leaves the bytecode that Python keeps where it is installed.

    Examples
    --------
    >>> len(seconds(["-c", "pass"], 2).wall)
    2
    """
    (times,) = race(arguments, ["."], repeats)
    return times


def race(arguments: Sequence[str], folders: Sequence[str], repeats: int) -> list[Times]:
    """Return the same for a process started in each of several folders in turn."""
    found = [Times([], []) for _ in folders]
    for _ in range(repeats + 1):
        for times, folder in zip(found, folders, strict=True):
            wall, cpu = time.perf_counter(), _cpu_of_children()
            command = [sys.executable, *arguments]
            subprocess.run(command, capture_output=True, check=True, env=WARM, cwd=folder)
            times.wall.append(time.perf_counter() - wall)
            times.cpu.append(_cpu_of_children() - cpu)
    return [Times(times.wall[1:], times.cpu[1:]) for times in found]


def _cpu_of_children() -> float:
    used = os.times()
    return used.children_user + used.children_system
