"""What is known of work that goes on elsewhere: how fast, how far, who is slow."""

from __future__ import annotations

from dataclasses import dataclass, field
from logging import getLogger
from time import monotonic

__all__ = ["Stats", "log"]

log = getLogger("nodegraph.ray")
TELL = 30.0  # seconds between two lines in the log


@dataclass
class Stats:
    """What is known of the work of each part.

    Parameters
    ----------
    busy : dict of float
        Seconds that each part has worked.
    chunks, steps : int
        That have come through.
    here : int
        Those that were gone through in this process instead.
    depth : int
        Chunks that are under way.
    lost : int
        Workers that were lost and replaced.
    stale : dict of int
        How often inputs were how many chunks old, where parts run freely.
    """

    busy: dict[str, float] = field(default_factory=dict)
    chunks: int = 0
    steps: int = 0
    here: int = 0
    depth: int = 0
    lost: int = 0
    stale: dict[int, int] = field(default_factory=dict)
    _since: tuple[float, int] = field(default_factory=lambda: (monotonic(), 0))
    _told: float = field(default_factory=monotonic)

    def begin(self) -> None:
        """Count chunks a second from now on."""
        self._since = monotonic(), self.chunks
        self._told = self._since[0]

    def rate(self) -> float:
        """Return how many chunks a second came through since `begin`."""
        since, before = self._since
        return (self.chunks - before) / max(1e-9, monotonic() - since)

    def tell(self) -> None:
        """Write a line to the log, now and then."""
        if monotonic() - self._told >= TELL:
            self._told = monotonic()
            log.info("%d chunks, %.1f a second, %d under way, %d workers lost",
                     self.chunks, self.rate(), self.depth, self.lost)  # fmt: skip

    def slowest(self) -> tuple[str, float] | None:
        """Return the part that worked longest, and its share of all work."""
        total = sum(self.busy.values())
        if not total:
            return None
        title = max(self.busy, key=self.busy.__getitem__)
        return title, self.busy[title] / total
