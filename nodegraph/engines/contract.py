"""What an engine offers, and the engine of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from nodegraph.arrays import Array
from nodegraph.data.series import Chunk
from nodegraph.engines import local
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot
from nodegraph.graph.plan import Plan

__all__ = ["LOCAL", "Engine"]


def _nothing() -> None:
    """Hand back nothing."""


class Engine(NamedTuple):
    """What executes plans: over the chunks of one series, or over many series side by side.

    An engine without the second one is given one series after the other. One with `rows` says how
    many steps a chunk should have. One with `map` does a task to independent groups of series,
    each somewhere else: ``map(task, groups, workers)`` yields ``task(group, engine, progress)``
    of each, in their order, for the local engine of that place. One with `news` can say in a few
    words how it goes, and one with `slowest` what held the work up. `close` hands back what the
    engine holds, such as workers; it may be used again. One that `watches` takes the points of
    learning curves itself: it calls ``work.tell`` with each, after ``work.every`` steps; others are
    looked at from outside, chunk by chunk.
    """

    execute: Callable[[Plan, dict[str, Slot], Iterable[Chunk], Request], Iterator[dict[str, Array]]]
    execute_many: (
        Callable[
            [Plan, Sequence[dict[str, Slot]], Sequence[Chunk], Request], Sequence[dict[str, Array]]
        ]
        | None
    ) = None
    rows: Callable[[Plan, Mapping[str, int]], int] = Plan.chunk_rows
    map: Callable[[Any, Iterable[Any], int | None], Iterator[Any]] | None = None
    news: Callable[[], str] | None = None
    slowest: Callable[[], str] = str
    close: Callable[[], None] = _nothing
    watches: bool = False


LOCAL = Engine(local.execute, local.execute_many)
