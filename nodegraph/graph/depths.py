"""How many of its last outputs each node keeps for those who read late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["depths"]


def depths(
    reads: Mapping[str, Mapping[str, Iterable[Any]]], holding: Mapping[str, int]
) -> dict[str, int]:
    """Return by node how many past outputs are kept; at least 1.

    What is wired to a port `target` stands in for the output of its node while that learns, so that
    its readers look back through both delays.

    Parameters
    ----------
    reads : dict
        By node and port: where its input comes from; see `nodegraph.graph.plan.Plan`.
    holding : dict of int
        How many steps a learner's teacher is held for between ticks, which its readers look back
        over as well.
    """
    depth = dict.fromkeys(reads, 1)
    for ports in reads.values():
        for read in (read for group in ports.values() for read in group):
            depth[read.source] = max(depth[read.source], read.delay)
    for name, steps in holding.items():
        depth[name] += steps
    own = dict(depth)
    for name, ports in reads.items():
        for read in ports.get("target", ()):
            depth[read.source] = max(depth[read.source], read.delay + own[name])
    return depth
