"""What an engine offers, and from the word for one to its functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, NamedTuple

from nodegraph.arrays import Array
from nodegraph.data.series import Chunk
from nodegraph.engines import local
from nodegraph.engines.request import Request
from nodegraph.engines.side_by_side import execute_many
from nodegraph.engines.slot import Slot
from nodegraph.errors import GraphError
from nodegraph.graph.plan import Plan
from nodegraph.graph.signatures import refuse_hooks

__all__ = ["LOCAL", "Engine", "choose"]


def _nothing() -> None:
    """Hand back nothing."""


class Engine(NamedTuple):
    """What executes plans: over the chunks of one series, or over many series side by side.

    Outputs that are read-only are memory of others, which who keeps them copies.
    An engine without the second one is given one series after the other. One with `rows` says how
    many steps a chunk should have. One with `map` does a task to independent groups of series, each
    somewhere else: ``map(task, groups, workers)`` yields ``task(group, engine, progress)`` of each,
    in their order, for the local engine of that place. One with `gather` sums up where it is what
    such tasks gather, see `nodegraph.engines.gathering`. One with `news` can say in a few words how
    it goes. `close` hands back what it holds, such as workers; it may be used again. One that is
    `remote` has its nodes elsewhere, and chunks in pieces on their way to them: it takes the points
    of learning curves itself, and calls ``request.tell`` with each, after ``request.every`` steps,
    while others are looked at from outside, chunk by chunk; series that must be there whole stay
    in this process.
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
    gather: Callable[[Any, Sequence[Any], int | None, Any, Any], Any] | None = None
    news: Callable[[], str] | None = None
    close: Callable[[], None] = _nothing
    remote: bool = False


LOCAL = Engine(local.execute, execute_many)
_GROUP = "nodegraph.engines"
_GONE = dict.fromkeys(("watches", "cuts"), "write remote = True")


def choose(engine: Any) -> Engine:
    """Return the functions of an engine, given by its word or as an object.

    A package offers an engine under a word of its own by an entry point of the group
    ``nodegraph.engines``, a function without arguments that returns the engine.

    Raises
    ------
    GraphError
        If there is no such engine.
    ContractError
        If it says something in words of before.
    """
    if isinstance(engine, Engine):
        return engine
    if engine == "local":
        return LOCAL
    if isinstance(engine, str):
        engine = _offered(engine)
    execute = getattr(engine, "execute", engine)
    if not callable(execute):
        of_objects = ", or give an object with an execute(plan, slots, chunks, work) method"
        own = "" if isinstance(engine, str) else of_objects
        raise GraphError(f"unknown engine {engine!r}; write {_words()}{own}")
    refuse_hooks(type(engine), _GONE)
    offered = {name: getattr(engine, name) for name in Engine._fields if hasattr(engine, name)}
    return Engine(**{"execute": execute, **offered})


def _offered(word: str) -> Any:
    """Return the engine that an installed package offers under `word`; the word if none does."""
    for entry in entry_points(group=_GROUP, name=word):
        return entry.load()()
    return word


def _words() -> str:
    return " or ".join(repr(word) for word in ("local", *sorted(entry_points(group=_GROUP).names)))
