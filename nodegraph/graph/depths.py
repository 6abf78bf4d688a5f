"""How many of its last outputs each node keeps for those who read late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["depths"]


def depths(reads: Mapping[str, Mapping[str, Iterable[Any]]]) -> dict[str, int]:
    """Return by node how many past outputs are kept; at least 1.

    What is wired to a port `target` stands in for the output of its node while that learns, so that
    its readers look back through both delays.

    Parameters
    ----------
    reads : dict
        By node and port: where its input comes from; see `nodegraph.graph.plan.Plan`.
    """
    depth = dict.fromkeys(reads, 1)
    for ports in reads.values():
        for read in (read for group in ports.values() for read in group):
            depth[read.source] = max(depth[read.source], read.delay)
    own = dict(depth)
    for name, ports in reads.items():
        for read in ports.get("target", ()):
            depth[read.source] = max(depth[read.source], read.delay + own[name])
    return depth
