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
    _since: tuple[float, int] | None = None
    _told: float = field(default_factory=monotonic)

    def begin(self) -> None:
        """Count chunks a second anew."""
        self._since, self._told = None, monotonic()

    def came(self, chunks: int, steps: int = 0) -> None:
        """Count chunks that have come through."""
        self.chunks, self.steps = self.chunks + chunks, self.steps + steps
        self._since = self._since or (monotonic(), self.chunks)

    def rate(self) -> float:
        """Return how many chunks a second came behind the first, for which workers had to start."""
        since, before = self._since or (monotonic(), self.chunks)
        return (self.chunks - before) / max(1e-9, monotonic() - since)

    def tell(self) -> None:
        """Write a line to the log, now and then."""
        if monotonic() - self._told >= TELL:
            self._told = monotonic()
            log.info("%d chunks, %.1f a second, %d under way, %d lost",
                     self.chunks, self.rate(), self.depth, self.lost)  # fmt: skip

    def slowest(self) -> tuple[str, float] | None:
        """Return the part that worked longest, and its share of all work."""
        total = sum(self.busy.values())
        if not total:
            return None
        title = max(self.busy, key=self.busy.__getitem__)
        return title, self.busy[title] / total

    def news(self, workers: int, machines: int) -> str:
        """Return how it goes on so many workers of so many machines, what matters most first.

        Examples
        --------
        >>> Stats(busy={"a": 3.0, "b": 1.0}, depth=4, lost=1).news(2, 2)
        '2 workers on 2 machines, 1 lost, 0.0 chunks/s, slowest a: 75%, 4 under way'
        """
        who = [f"{workers} workers"] * (workers > 1) + [f"on {machines} machines"] * (machines > 1)
        told = [" ".join(who)] * bool(who) + [f"{self.lost} lost"] * bool(self.lost)
        told.append(f"{self.rate():.1f} chunks/s")
        if workers > 1 and (found := self.slowest()):
            told.append(f"slowest {found[0]}: {found[1]:.0%}")
        if self.stale:
            told.append(f"inputs up to {max(self.stale)} chunks old")
        return ", ".join([*told, f"{self.depth} under way"])

    def verdict(self) -> str:
        """Return which part held the others up, in words; nothing if none did."""
        if self.here and not self.chunks:
            return "all was done in this process: it is less work than actors take to start"
        found = self.slowest()
        if found is None or (found[1] > 0.995 and not self.lost):
            return ""  # a part that did all the work held nothing up
        who = "one worker was" if self.lost == 1 else f"{self.lost} workers were"
        lost = f"; {who} lost and replaced" * bool(self.lost)
        return f"slowest: {found[0]}: {found[1]:.0%} of the time{lost}"
