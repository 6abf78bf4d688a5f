"""What a fresh process needs: time and memory, measured from outside."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

__all__ = ["peak_memory", "seconds"]

_PEAK = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def peak_memory(code: str) -> float:
    """Return the peak memory of a process that runs `code`, in MB."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_PEAK}"], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1]) * 1024 / 1e6  # Linux counts in KiB


def seconds(arguments: Sequence[str], repeats: int) -> list[float]:
    """Return the wall time of a Python process with these arguments, repeated; the first is lost.

    Examples
    --------
    >>> len(seconds(["-c", "pass"], 2))
    2
    """
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    return times[1:]
