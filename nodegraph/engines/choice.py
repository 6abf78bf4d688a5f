"""From the word for an engine to the functions that it stands for."""

from __future__ import annotations

from typing import Any

from nodegraph.engines.contract import LOCAL, Engine
from nodegraph.errors import GraphError

__all__ = ["choose"]


def choose(engine: Any) -> Engine:
    """Return the functions of an engine, given by its word or as an object.

    Raises
    ------
    GraphError
        If there is no such engine.
    """
    if isinstance(engine, Engine):
        return engine
    if engine == "local":
        return LOCAL
    if engine == "ray":
        from nodegraph.engines.ray.engine import the_engine

        engine = the_engine()
    execute = getattr(engine, "execute", engine)
    if not callable(execute):
        raise GraphError(
            f"unknown engine {engine!r}; write 'local' or 'ray', or give an object with an "
            "execute(plan, slots, chunks, work) method"
        )
    offered = {name: getattr(engine, name) for name in Engine._fields if hasattr(engine, name)}
    return Engine(**{"execute": execute, **offered})
