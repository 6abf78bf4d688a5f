"""What errors of Ray's mean here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from nodegraph.engines.ray.actors import RayHandle, in_short
from nodegraph.engines.ray.pool import WorkerLost
from nodegraph.errors import EngineError
from nodegraph.host.plugins import shadow

__all__ = ["meaning"]


def meaning(ray: Any, error: BaseException, handles: Iterable[RayHandle]) -> BaseException:
    """Return what an error of Ray's means here; one of a node's own is itself.

    Parameters
    ----------
    ray : module
    error : exception
    handles : iterable of RayHandle
        Those that may be lost.
    """
    kinds = ray.exceptions
    if isinstance(error, _lost(kinds)):
        text = str(error)
        if "ModuleNotFoundError" in text or "creation task" in text:
            return EngineError(f"a worker could not start: {_last_line(error)}{_advice(text)}")
        who = getattr(error, "actor_id", None)
        lost = next((h for h in handles if h.id == who), None)
        return WorkerLost(_what_happened(kinds, error), lost)
    if isinstance(error, kinds.RayTaskError):
        cause = error.cause
        if isinstance(cause, ModuleNotFoundError):
            return EngineError(f"a worker has no module {cause.name!r}{_advice(str(cause))}")
        if isinstance(cause, kinds.RayError):
            return meaning(ray, cause, handles)
        return cause if isinstance(cause, BaseException) else error
    text = str(error)
    if isinstance(error, kinds.RaySystemError) and "No module named" in text:
        return EngineError(f"a worker misses a module: {_last_line(error)}{_advice(text)}")
    if isinstance(error, kinds.ObjectStoreFullError | kinds.OutOfDiskError):
        return EngineError(
            f"Ray's object store is full ({in_short(error)}); give a smaller chunk or window, "
            "or a larger object_store"
        )
    if isinstance(error, kinds.LocalRayletDiedError | kinds.RpcError):
        return WorkerLost(in_short(error))
    return error


def _lost(kinds: Any) -> tuple[type[BaseException], ...]:
    return (kinds.RayActorError, kinds.ObjectLostError, kinds.OwnerDiedError,
            kinds.WorkerCrashedError, kinds.OutOfMemoryError, kinds.NodeDiedError,
            kinds.TaskCancelledError, kinds.ActorUnschedulableError)  # fmt: skip


def _what_happened(kinds: Any, error: BaseException) -> str:
    if isinstance(error, kinds.ActorUnavailableError | kinds.NodeDiedError):
        return "its machine cannot be reached"
    if isinstance(error, kinds.OutOfMemoryError) or "low on memory" in str(error):
        return "memory ran out on its machine"
    died = isinstance(error, kinds.RayActorError | kinds.WorkerCrashedError)
    return "its process died" if died else "what it gave is lost"


_ADVICE = (
    "; install it on every machine of the cluster, or ship it with "
    "runtime_env={'py_modules': ['path/to/package']}"
)


def _advice(said: str) -> str:
    """Return what to do about a module that a worker misses."""
    theirs = shadow("nodes") if re.search(r"No module named '?nodes\b", said) else None
    if theirs is None:
        return _ADVICE
    return (
        f"; {theirs} has the name of the package that holds nodegraph's nodes, and a worker finds "
        "it in its place: rename it, as in my_nodes.py, or start Python in another folder"
    )


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    found = [line for line in lines if "Error:" in line]
    return (found or lines or [type(error).__name__])[-1][:300]
