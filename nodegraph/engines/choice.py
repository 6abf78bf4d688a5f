"""From the word for an engine to the functions that it stands for."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from nodegraph.engines.contract import LOCAL, Engine
from nodegraph.errors import GraphError

__all__ = ["choose"]

_GROUP = "nodegraph.engines"


def choose(engine: Any) -> Engine:
    """Return the functions of an engine, given by its word or as an object.

    A package offers an engine under a word of its own by an entry point of the group
    ``nodegraph.engines``, a function without arguments that returns the engine.

    Raises
    ------
    GraphError
        If there is no such engine.
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
    offered = {name: getattr(engine, name) for name in Engine._fields if hasattr(engine, name)}
    return Engine(**{"execute": execute, **offered})


def _offered(word: str) -> Any:
    """Return the engine that an installed package offers under `word`; the word if none does."""
    for entry in entry_points(group=_GROUP, name=word):
        return entry.load()()
    return word


def _words() -> str:
    return " or ".join(repr(word) for word in ("local", *sorted(entry_points(group=_GROUP).names)))
