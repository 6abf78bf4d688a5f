"""From which step on what arrives late at a port has arrived at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any

__all__ = ["first_steps"]


def first_steps(
    reads: Mapping[str, Mapping[str, Iterable[Any]]], ports: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, int]]:
    """Return, by node and port, the first step at which all that arrives there tells of data.

    What goes through nodes on the way counts with the least delay by which data reach their `x`.

    Parameters
    ----------
    reads : dict
        By node and port: where its input comes from; see `nodegraph.graph.plan.Plan`.
    ports : dict
        By node: the ports that are asked for.
    """
    begin = _begins(reads)
    return {
        name: {
            port: max(
                (r.delay + begin.get(r.source, 0) for r in reads[name].get(port, ())), default=0
            )
            for port in wanted
        }
        for name, wanted in ports.items()
    }


def _begins(reads: Mapping[str, Mapping[str, Iterable[Any]]]) -> dict[str, int]:
    """Return the first step at which data reach each node that they reach."""
    readers: dict[str, list[tuple[str, int]]] = {name: [] for name in reads}
    for name, ports in reads.items():
        for read in ports.get("x", ()):
            readers[read.source].append((name, read.delay))
    waiting = [(0, name) for name, ports in reads.items() if not ports.get("x")]
    heapify(waiting)
    found: dict[str, int] = {}
    while waiting:
        step, name = heappop(waiting)
        if name not in found:
            found[name] = step
            for reader, delay in readers[name]:
                heappush(waiting, (step + delay, reader))
    return found
