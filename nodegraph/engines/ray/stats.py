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

    def news(self, workers: int, machines: int) -> str:
        """Return how it goes on so many workers of so many machines.

        Examples
        --------
        >>> Stats(busy={"a": 3.0, "b": 1.0}, depth=4, lost=1).news(2, 2)
        '2 workers on 2 machines, 0.0 chunks/s, 4 under way, slowest a: 75%, 1 lost'
        """
        who = [f"{workers} workers"] * (workers > 1) + [f"on {machines} machines"] * (machines > 1)
        told = [" ".join(who)] * bool(who)
        told += [f"{self.rate():.1f} chunks/s", f"{self.depth} under way"]
        if self.stale:
            told.append(f"inputs up to {max(self.stale)} chunks old")
        if workers > 1 and (found := self.slowest()):
            told.append(f"slowest {found[0]}: {found[1]:.0%}")
        return ", ".join([*told, *[f"{self.lost} lost"] * bool(self.lost)])

    def verdict(self) -> str:
        """Return which part held the others up, in words; nothing if none did."""
        if self.here and not self.chunks:
            return "all was done in this process: it is less work than actors take to start"
        found = self.slowest()
        if found is None or (found[1] > 0.995 and not self.lost):
            return ""  # a part that did all the work held nothing up
        lost = f"; {self.lost} workers were lost and replaced" * bool(self.lost)
        return f"slowest: {found[0]}: {found[1]:.0%} of the time{lost}"
