"""Workers that are Ray actors, and how one speaks to them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nodegraph.engines.ray.mail import Outbox, Recipient
from nodegraph.engines.ray.pool import WorkerLost
from nodegraph.engines.ray.resources import Resources
from nodegraph.engines.ray.sources import digest, homes
from nodegraph.errors import EngineError

__all__ = ["Actor", "RayHandle", "in_short", "sending", "started_actor"]


class Actor(Recipient):
    """A worker in a process of its own, which takes no more threads than it was given CPUs."""

    def __init__(self, threads: int):
        super().__init__()
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)

    def ping(self) -> tuple[int, str, tuple[str, ...]]:
        """Return the number of the process, that of the machine, and where our sources are."""
        import ray

        return os.getpid(), str(ray.get_runtime_context().get_node_id()), homes()

    def sources(self) -> str:
        """Return what tells our sources from others."""
        return digest(homes())


class RayHandle:
    """An actor, seen from here.

    Parameters
    ----------
    ray : module
    actor : ActorHandle
    resources : Resources
        What it was started with, and is to be kept for.
    title, names : str, sequence of str
        The nodes that it was started for.
    """

    def __init__(
        self, ray: Any, actor: Any, resources: Resources, title: str, names: Sequence[str]
    ):
        self.ray, self.actor, self.resources = ray, actor, resources
        self.title, self.names = title, names
        self.id, self.pid, self.machine = actor._actor_id.hex(), 0, ""
        self.squeezed = False  # it has less than what it was to have
        self.stays = False
        self._outbox = Outbox()
        self._methods: dict[tuple[str, int], Any] = {}

    def call(self, method: str, *args: Any, returns: int = 1) -> list[Any]:
        """Ask for a method; results go to whom they are handed to, without passing by here."""
        try:
            with sending(self.ray, self.title):
                form = self._outbox.form(method, args)
                if form is None:
                    return []
                found = self._method(form[0], returns).remote(*form[1])
        except self.ray.exceptions.RayActorError as error:
            raise WorkerLost(str(error), self) from error
        return found if returns > 1 else [found]

    def settled(self, light: bool) -> None:
        """Take note of an answer to a snapshot, and whether what the actor holds may stay there."""
        self.stays = light
        self._outbox.arrived()

    def _method(self, name: str, returns: int) -> Any:
        """Return a method of the actor; it is made once, as that takes as long as a call of it."""
        if (name, returns) not in self._methods:
            method = getattr(self.actor, name).options(num_returns=returns)
            self._methods[name, returns] = method
        return self._methods[name, returns]


@contextmanager
def sending(ray: Any, what: str) -> Iterator[None]:
    """Say what is wrong with something that cannot be sent."""
    try:
        yield
    except ray.exceptions.ObjectStoreFullError as error:
        raise EngineError(
            "what goes to a worker is larger than Ray's object store; give a smaller chunk, "
            "or a larger object_store"
        ) from error
    except (TypeError, AttributeError, ValueError) as error:
        raise EngineError(
            f"{what}: cannot be sent to a worker ({in_short(error)}); define its class at "
            "the top of a module, and keep no open files, locks or lambdas in it"
        ) from error


def started_actor(ray: Any, resources: Resources, threads: int, machine: str | None) -> Any:
    """Return an actor that is about to start: on a machine, if one is named."""
    options: dict[str, Any] = {
        "num_cpus": resources.num_cpus,
        "num_gpus": resources.num_gpus,
        "resources": dict(resources.resources) or None,
        "max_restarts": 0,
        "max_task_retries": 0,
    }
    if machine is not None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(machine, soft=False)
    return ray.remote(Actor).options(**options).remote(threads)


def in_short(error: BaseException) -> str:
    """Return what an error says, on one line that is not too long."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:300]
