"""From the word for an engine to the function that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nodegraph.arrays import Array
from nodegraph.engines import local
from nodegraph.errors import GraphError
from nodegraph.plan import Plan
from nodegraph.slot import Chunk, Slot, Work

__all__ = ["Execute", "choose"]

Execute = Callable[[Plan, dict[str, Slot], Iterable[Chunk], Work], Iterator[dict[str, Array]]]


def choose(engine: Any) -> Execute:
    """Return the `execute` function of an engine, given by its word or as an object.

    Raises
    ------
    GraphError
        If there is no such engine.
    """
    if engine == "local":
        return local.execute
    execute = getattr(engine, "execute", engine)
    if not callable(execute):
        raise GraphError(
            f"unknown engine {engine!r}; write 'local', or give an object with an "
            "execute(plan, slots, chunks, work) method"
        )
    chosen: Execute = execute
    return chosen
