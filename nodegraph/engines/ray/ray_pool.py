"""Workers that are Ray actors."""

from __future__ import annotations

import os
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from nodegraph.engines.ray.partition import title
from nodegraph.engines.ray.pool import WorkerLost
from nodegraph.engines.ray.resources import Resources
from nodegraph.engines.ray.worker import Worker
from nodegraph.errors import EngineError
from nodegraph.host.plugins import shadow

__all__ = ["RayPool"]

START, GRACE = 60.0, 4.0  # seconds to start in: where there is room, and where there seems none


class Actor(Worker):
    """A worker in a process of its own, which takes no more threads than it was given CPUs."""

    def __init__(self, threads: int):
        super().__init__()
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)

    def ping(self) -> int:
        """Return the number of the process."""
        return os.getpid()


class _RayHandle:
    """An actor, seen from here."""

    def __init__(self, ray: Any, actor: Any, resources: Resources, title: str):
        self.ray, self.actor, self.resources, self.title = ray, actor, resources, title
        self.id, self.pid = actor._actor_id.hex(), 0

    def call(self, method: str, *args: Any, returns: int = 1) -> list[Any]:
        """Ask for a method; results go to whom they are handed to, without passing by here."""
        try:
            with _sending(self.ray, self.title):
                found = getattr(self.actor, method).options(num_returns=returns).remote(*args)
        except self.ray.exceptions.RayActorError as error:
            raise WorkerLost(str(error), self) from error
        return found if returns > 1 else [found]


@contextmanager
def _sending(ray: Any, what: str) -> Iterator[None]:
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
            f"{what}: cannot be sent to a worker ({_short(error)}); define its class at "
            "the top of a module, and keep no open files, locks or lambdas in it"
        ) from error


class RayPool:
    """Actors that are started for parts, and kept for the next ones.

    Parameters
    ----------
    ray : module
        Connected.
    needs : dict of Resources
        Of nodes that have needs of their own, by name.
    default : Resources
        Of all others.
    timeout : float
        Seconds after which a chunk that has not come is given up.
    """

    def __init__(
        self, ray: Any, resources: Mapping[str, Resources], default: Resources, timeout: float
    ):
        self._ray, self._resources, self._default, self._timeout = ray, resources, default, timeout
        self._idle: dict[Resources, list[_RayHandle]] = defaultdict(list)
        self._all: list[_RayHandle] = []
        _pools.add(self)

    def start(self, groups: Sequence[Sequence[str]]) -> list[Any]:
        """Return an actor for each group of nodes."""
        workers = []
        for names in groups:
            resources = _resources_of(names, self._resources, self._default)
            if self._idle[resources]:
                worker = self._idle[resources].pop()
                worker.title = title(names)
            else:
                worker = self._start(resources, title(names))
            workers.append(worker)
        try:
            self._check_started(workers)
        except WorkerLost:
            self.stop(workers)
            raise
        return workers

    def _start(self, resources: Resources, name: str) -> _RayHandle:
        kind = self._ray.remote(Actor)
        options = {
            "num_cpus": resources.num_cpus,
            "num_gpus": resources.num_gpus,
            "resources": dict(resources.resources) or None,
            "max_restarts": 0,
            "max_task_retries": 0,
        }
        actor = kind.options(**options).remote(resources.threads)
        worker = _RayHandle(self._ray, actor, resources, name)
        self._all.append(worker)
        return worker

    def _check_started(self, workers: Sequence[_RayHandle]) -> None:
        """Refuse to wait for actors that the cluster has no room for."""
        refs = [ref for worker in workers for ref in worker.call("ping")]
        _, waiting = self._ray.wait(refs, num_returns=len(refs), timeout=1.0)
        if waiting and _send_home():
            _, waiting = self._ray.wait(refs, num_returns=len(refs), timeout=1.0)
        begin = time.monotonic()
        while waiting:
            _, waiting = self._ray.wait(refs, num_returns=len(refs), timeout=1.0)
            if not waiting or time.monotonic() - begin < GRACE:
                continue
            free = self._ray.available_resources()
            late = [worker for worker, ref in zip(workers, refs, strict=True) if ref in waiting]
            total = self._ray.cluster_resources()
            if time.monotonic() - begin > START or not _fit([w.resources for w in workers], total):
                self.stop(workers)
                wanted = sum(w.resources.num_cpus for w in workers)
                raise EngineError(
                    f"{late[0].title}: no room for its worker: {len(workers)} workers want "
                    f"{wanted:g} CPUs{_others(workers)}, the cluster has {total.get('CPU', 0):g}, "
                    f"of which {free.get('CPU', 0):g} are free; ask for less, give "
                    "placement='block', or add machines"
                )
        try:
            found = self._ray.get(refs, timeout=START)
            for worker, pid in zip(workers, found, strict=True):
                worker.pid = pid
        except self._ray.exceptions.RayError as error:
            raise self._meaning(error) from error

    def pids(self) -> list[int]:
        """Return the processes of all actors."""
        return [worker.pid for worker in list(self._all) if worker.pid]

    def share(self, value: Any) -> Any:
        """Return what stands for a value in calls; each machine is sent it once."""
        with _sending(self._ray, "what is to be done"):
            return self._ray.put(value)

    def take(self, refs: Sequence[Any]) -> list[Any]:
        """Return what the calls gave."""
        try:
            return list(self._ray.get(list(refs), timeout=self._timeout))
        except Exception as error:
            meaning = self._meaning(error)
            if meaning is error:
                raise
            raise meaning from error

    def ready(self, ref: Any) -> bool:
        """Tell whether what a call gives is there."""
        return bool(self._ray.wait([ref], timeout=0, fetch_local=False)[0])

    def _meaning(self, error: BaseException) -> BaseException:
        """Return what an error of Ray's means here."""
        kinds = self._ray.exceptions
        if isinstance(error, kinds.GetTimeoutError):
            return EngineError(
                f"a worker has said nothing for {self._timeout:g} s; if its chunks take that long, "
                "give a smaller chunk or a longer timeout"
            )
        lost = (kinds.RayActorError, kinds.ObjectLostError, kinds.OwnerDiedError,
                kinds.WorkerCrashedError, kinds.OutOfMemoryError, kinds.NodeDiedError)  # fmt: skip
        if isinstance(error, lost):
            if "ModuleNotFoundError" in str(error) or "creation task" in str(error):
                return EngineError(
                    f"a worker could not start: {_last_line(error)}{_advice(str(error))}"
                )
            who = getattr(error, "actor_id", None)
            return WorkerLost(_short(error), next((h for h in self._all if h.id == who), None))
        if isinstance(error, kinds.RayTaskError):
            cause = error.cause
            if isinstance(cause, ModuleNotFoundError):
                return EngineError(f"a worker has no module {cause.name!r}{_advice(str(cause))}")
            if isinstance(cause, kinds.RayError):
                return self._meaning(cause)
            if isinstance(cause, BaseException):
                return cause
        text = str(error)
        if isinstance(error, kinds.RaySystemError) and "No module named" in text:
            return EngineError(f"a worker misses a module: {_last_line(error)}{_advice(text)}")
        if isinstance(error, kinds.ObjectStoreFullError | kinds.OutOfDiskError):
            return EngineError(
                f"Ray's object store is full ({_short(error)}); give a smaller chunk or window, "
                "or a larger object_store"
            )
        return error

    def release(self, workers: Sequence[Any]) -> None:
        """Keep actors for the next parts; what they hold is let go."""
        for worker in workers:
            try:
                worker.call("unload")
            except WorkerLost:
                self.stop([worker])
            else:
                self._idle[worker.resources].append(worker)

    def stop(self, workers: Sequence[Any]) -> None:
        """Kill actors."""
        for worker in workers:
            self._ray.kill(worker.actor, no_restart=True)
            if worker in self._all:
                self._all.remove(worker)

    def send_home(self) -> bool:
        """Kill the actors that have nothing to do; tell whether there were any."""
        idle = [worker for workers in self._idle.values() for worker in workers]
        self._idle.clear()
        self.stop(idle)
        return bool(idle)

    def close(self) -> None:
        """Kill all actors."""
        self._idle.clear()
        if self._ray.is_initialized():
            self.stop(list(self._all))


_pools: WeakSet[RayPool] = WeakSet()


def _send_home() -> bool:
    """Kill the idle actors of all crews of this process, so that there is room for others."""
    return any([pool.send_home() for pool in list(_pools)])


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


def _resources_of(
    names: Sequence[str], resources: Mapping[str, Resources], default: Resources
) -> Resources:
    """Return what the worker of some nodes needs: all that they do."""
    own = [resources[name] for name in names if name in resources]
    found = own[0] if own else default
    for other in own[1:]:
        found = found.joined(other)
    return found


def _fit(resources: Sequence[Resources], total: Mapping[str, float]) -> bool:
    """Tell whether a cluster of that size could ever hold them all."""
    wanted: dict[str, float] = defaultdict(float)
    for one in resources:
        own = {"CPU": one.num_cpus, "GPU": one.num_gpus, **dict(one.resources)}
        for name, count in own.items():
            wanted[name] += count
    return all(total.get(name, 0.0) + 1e-9 >= count for name, count in wanted.items())


def _others(workers: Sequence[_RayHandle]) -> str:
    names = {name for worker in workers for name, _ in worker.resources.resources}
    gpus = sum(worker.resources.num_gpus for worker in workers)
    extra = [f"{gpus:g} GPUs"] * (gpus > 0) + sorted(names)
    return f" and {', '.join(extra)}" if extra else ""


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:300]


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    found = [line for line in lines if "Error:" in line]
    return (found or lines or [type(error).__name__])[-1][:300]
