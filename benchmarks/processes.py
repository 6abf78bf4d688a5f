"""What the processes that this one started use, and how to kill some of them at random moments."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

__all__ = ["family", "family_cpu", "killing", "resident"]

TICKS = os.sysconf("SC_CLK_TCK")


def _stats() -> dict[int, tuple[int, int]]:
    """Return the parent and the CPU ticks of every process."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        found[int(path.parent.name)] = int(words[1]), int(words[11]) + int(words[12])
    return found


def _family(stats: dict[int, tuple[int, int]]) -> set[int]:
    found = {os.getpid()}
    while more := {pid for pid, (parent, _) in stats.items() if parent in found} - found:
        found |= more
    return found


def family() -> set[int]:
    """Return this process and all that it started."""
    return _family(_stats())


def family_cpu() -> float:
    """Return the CPU seconds of this process and of all that it started and that still live."""
    stats = _stats()
    return sum(stats[pid][1] for pid in _family(stats) if pid in stats) / TICKS


def resident(pid: int) -> float:
    """Return the MB of memory that a process has for itself; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1000


@contextmanager
def killing(
    pids: Callable[[], Sequence[int]], soonest: float, latest: float
) -> Iterator[list[int]]:
    """Kill a random one of the processes now and then; yield the list of those that were.

    Parameters
    ----------
    pids : callable
        Returns the processes that may be killed now.
    soonest, latest : float
        Seconds from one to the next.
    """
    stop, done, rng = threading.Event(), list[int](), np.random.default_rng(0)

    def kill() -> None:
        while not stop.wait(rng.uniform(soonest, latest)):
            for pid in rng.permutation(pids()).tolist()[:1]:
                with suppress(ProcessLookupError):  # it is dead already
                    os.kill(pid, signal.SIGKILL)
                    done.append(pid)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()
