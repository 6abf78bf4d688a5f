"""Independent series that go through a graph side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from nodegraph.engines import Engine
from nodegraph.intake import Series, Stream
from nodegraph.numerics import numerics, set_numerics

__all__ = ["group_rows", "groups", "mapping", "side_by_side"]

NUMBERS, LEAST, MOST = 1 << 23, 512, 16384  # numbers and rows of a group

_One = TypeVar("_One", bound=Series | Stream)


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


@contextmanager
def mapping(workers: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """Give a `map` over threads in the numeric mode of this one; a single worker is this one."""
    if workers == 1:
        yield map
        return
    with ThreadPoolExecutor(workers, initializer=set_numerics, initargs=(numerics(),)) as pool:
        yield pool.map


def side_by_side(engine: Engine, group: Sequence[tuple[int, Series | Stream]]) -> bool:
    """Tell whether a group goes through `engine` at once rather than series by series."""
    whole = all(isinstance(one, Series) for _, one in group)
    return len(group) > 1 and whole and engine.execute_many is not None
