"""Independent series that go through a graph side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from nodegraph.data.series import Series, Stream
from nodegraph.engines import Engine
from nodegraph.errors import placed
from nodegraph.host.numerics import numerics, set_numerics
from nodegraph.host.progress import Progress

__all__ = ["BatchTask", "batched", "group_rows", "groups", "map_batches", "map_items"]

NUMBERS, LEAST, MOST = 1 << 23, 4096, 16384  # numbers and rows of a group

Group = Sequence[tuple[int, Series | Stream]]

_One = TypeVar("_One", bound=Series | Stream)


@dataclass(frozen=True)
class BatchTask:
    """What is done to groups of independent series, wherever that is.

    Parameters
    ----------
    who : Fit or Run
        Its method `group` does it.
    args : tuple
        That the method takes before the group.
    what : str
        What it is, for people.
    """

    who: Any
    args: tuple[Any, ...]
    what: str

    def __call__(self, group: Group, engine: Engine, progress: Progress) -> Any:
        """Do it to a group of series on an engine."""
        with placed(self.about(group)):
            return self.who.at(engine, progress).group(*self.args, group)

    def about(self, group: Group) -> str:
        """Return in words what is done to which series."""
        first, last = group[0][0], group[-1][0]
        more = f" to {last}" if last > first else ""
        return f"while {self.what} series {first}{more}"


def group_rows(widest: int) -> int:
    """Return how many rows a group may have, so that the outputs of a node with `widest` fit."""
    return min(MOST, max(LEAST, NUMBERS // max(1, widest)))


def groups(series: Sequence[_One], rows: int) -> Iterator[list[tuple[int, _One]]]:
    """Yield neighbours of together at most `rows` steps, numbered; longer series are alone.

    It depends on lengths alone, so that neither engine nor number of workers shows.
    """
    group: list[tuple[int, _One]] = []
    held = 0
    for i, one in enumerate(series):
        n_steps = one.n_steps if isinstance(one, Series) else rows
        if group and held + n_steps > rows:
            yield group
            group, held = [], 0
        group.append((i, one))
        held += n_steps
    if group:
        yield group


def map_batches(
    engine: Engine,
    task: BatchTask,
    items: Iterable[Group],
    workers: int | None,
    progress: Progress,
) -> Iterator[Any]:
    """Yield ``task(group, engine, progress)`` of each group, as `map_items` does."""
    if engine.map is None:
        yield from map_items(engine, task, items, workers, progress)
        return
    sizes: deque[int] = deque()
    for found in map_items(engine, task, _noted(items, sizes), workers, progress):
        progress.advance(sizes.popleft())
        yield found


def map_items(
    engine: Engine,
    task: Callable[..., Any],
    items: Iterable[Any],
    workers: int | None,
    progress: Progress,
) -> Iterator[Any]:
    """Yield ``task(item, engine, progress)`` of each item, in their order.

    They are done on threads, or wherever the engine has workers; few results wait at a time.
    """
    if engine.map is not None:
        yield from engine.map(task, items, workers)
        return
    threads = workers or 1
    do = partial(task, engine=engine, progress=progress)
    if threads == 1:  # this one: its core is warm
        yield from map(do, items)
        return
    with ThreadPoolExecutor(threads, initializer=set_numerics, initargs=(numerics(),)) as pool:
        waiting: deque[Future[Any]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(do, item))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _noted(items: Iterable[Group], sizes: deque[int]) -> Iterator[Group]:
    for group in items:
        sizes.append(sum(one.n_steps for _, one in group if isinstance(one, Series)))
        yield group


def batched(engine: Engine, group: Sequence[tuple[int, Series | Stream]]) -> bool:
    """Tell whether a group goes through `engine` at once rather than series by series."""
    whole = all(isinstance(one, Series) for _, one in group)
    return len(group) > 1 and whole and engine.execute_many is not None
