"""What a cluster has, machine by machine, and whether each can run our nodes."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from nodegraph.engines.ray.room import Place, places
from nodegraph.engines.ray.sources import digest, homes
from nodegraph.host.memory_budget import format_bytes

__all__ = ["heading", "machines", "unfit"]

PATIENCE = 30.0  # seconds for all machines to say what they have installed
KNOWN = ("CPU", "GPU", "memory", "object_store_memory")


def heading(ray: Any, address: str | None) -> str:
    """Return in a line which Ray it is, where, and who may use it."""
    where = f"at {address}" if address else "of this process alone"
    locked = os.environ.get("RAY_AUTH_MODE") == "token"
    lock = "asks for a token" if locked else "asks for NO token: who reaches it can run code"
    return f"Ray {ray.__version__} on Python {platform.python_version()} {where}; {lock}"


def machines(ray: Any) -> list[dict[str, str]]:
    """Return a row for each machine: what there is, and what of it is free."""
    free = {place.machine: place for place in places(ray)}
    return [
        _row(one, free.get(one["NodeID"], Place(one["NodeID"], {}, {})))
        for one in sorted(ray.nodes(), key=lambda one: (not one["Alive"], not _is_head(one)))
    ]


def _is_head(one: Mapping[str, Any]) -> bool:
    return "node:__internal_head__" in one["Resources"]


def _row(one: Mapping[str, Any], place: Place) -> dict[str, str]:
    who = {"machine": one["NodeManagerHostname"], "address": one["NodeManagerAddress"]}
    if not one["Alive"]:
        return {**who, "CPUs": "lost"}
    own = {
        name: count for name, count in place.total.items()
        if name not in KNOWN and not name.startswith(("node:", "accelerator_type:"))
    }  # fmt: skip
    more = [f"{name}: {count:g}" for name, count in own.items()] + ["head"] * _is_head(one)
    return {
        **who,
        "CPUs": _share(place, "CPU"),
        "GPUs": _share(place, "GPU"),
        "memory": _bytes(place, "memory"),
        "shared memory": _bytes(place, "object_store_memory"),
        "more": ", ".join(more),
    }


def _share(place: Place, name: str) -> str:
    total, free = place.total.get(name, 0.0), place.free.get(name, 0.0)
    return f"{total:g}" if free == total else f"{total:g} ({free:g} free)"


def _bytes(place: Place, name: str) -> str:
    return format_bytes(int(place.total.get(name, 0)))


def unfit(ray: Any) -> list[str]:
    """Return what keeps machines from running our nodes, in a sentence each; none if nothing does.

    Each is asked which versions it imports.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask: Any = ray.remote(_versions)
    alive = [one for one in ray.nodes() if one["Alive"]]
    refs = {
        ask.options(
            num_cpus=0, max_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(one["NodeID"], soft=False),
        ).remote(): one["NodeManagerHostname"]
        for one in alive
    }  # fmt: skip
    ready, late = ray.wait(list(refs), num_returns=len(refs), timeout=PATIENCE)
    found = [f"{refs[ref]}: has not answered within {PATIENCE:g} s" for ref in late]
    for ref in ready:
        try:
            found += _differing(refs[ref], ray.get(ref))
        except Exception as error:
            found.append(f"{refs[ref]}: {str(error).strip().splitlines()[-1][:200]}")
    return found


def _versions() -> dict[str, str]:
    """Return what is installed here that weights and bits hang on; why not, if it is not."""
    found = {}
    for name in ("nodegraph", "nodes", "numpy", "scipy"):
        try:
            module = import_module(name)
        except Exception as error:
            found[name] = f"cannot be imported ({error})"
        else:
            found[name] = str(getattr(module, "__version__", "there"))
    return found | {"sources": digest(homes())[:8]}


def _differing(machine: str, theirs: Mapping[str, str]) -> Iterable[str]:
    for name, mine in _versions().items():
        if (there := theirs.get(name, "unknown")) != mine:
            yield f"{machine}: {name} {there}, here {mine}"
