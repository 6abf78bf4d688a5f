"""The engine that runs graphs on Ray actors, on this machine or on a cluster."""

from __future__ import annotations

import atexit
import inspect
import os
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Self

from nodegraph.arrays import Array
from nodegraph.data.series import Chunk
from nodegraph.engines.engine import LOCAL
from nodegraph.engines.gathering import GatherTask, Keeper, Leaf, Sums
from nodegraph.engines.ray.cluster import STORE, Cluster, leave_all
from nodegraph.engines.ray.cost import advice, stays, told
from nodegraph.engines.ray.data_parallel import DataParallel
from nodegraph.engines.ray.gatherers import Gatherers
from nodegraph.engines.ray.options import PLACED, STALE, check_options
from nodegraph.engines.ray.pace import pace_of
from nodegraph.engines.ray.partition import Partition, cut
from nodegraph.engines.ray.pipeline import Pipeline, PipelineOptions
from nodegraph.engines.ray.placement import HOP, estimates, group_nodes
from nodegraph.engines.ray.pools import Pools
from nodegraph.engines.ray.replicas import Replicas
from nodegraph.engines.ray.resources import Resources
from nodegraph.engines.ray.shares import fitting
from nodegraph.engines.ray.stats import Stats
from nodegraph.engines.ray.survey import heading, machines, unfit
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot, widths
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.plan import Plan
from nodegraph.host.machine import usable_cpus
from nodegraph.host.progress import Progress

__all__ = ["RayEngine", "the_engine"]

NUMBERS, LEAST, MOST = 1 << 19, 64, 4096  # numbers and rows of a chunk
AHEAD = 16  # chunks that are looked at before it is known that it takes actors


class RayEngine:
    """Runs graphs on Ray actors, with the same bits as the local engine.

    Each worker is an actor that holds some nodes: a feedback loop always whole, light neighbours
    together. Chunks go from actor to actor, a bounded number at a time. An actor that dies is
    replaced, and what came since the last snapshot is gone through again.

    Parameters
    ----------
    address : str, optional
        ``"auto"``, ``"host:port"`` or ``"ray://host:port"``: a running cluster. None: that of
        ``RAY_ADDRESS``, else a Ray started here, which nobody outside this machine can reach and
        which is stopped by `close`. A Ray that this process is connected to is used as it is.
    placement : {"block", "node"}
        "node": every node has an actor of its own; loops across actors then move in chunks as
        long as their delays allow.
    workers : int, optional
        How many actors compute at the same time; one for each CPU by default.
    num_cpus : float, optional
        CPUs of each actor, which takes as many threads; 1, or a part of one where there are more
        actors than CPUs.
    num_gpus, resources : float, dict of float
        GPUs and custom resources of each actor.
    nodes : dict of dict, optional
        What single nodes need in place of that, such as ``{"reservoir": {"num_cpus": 2}}``.
    chunk : int, optional
        Steps in a chunk; about four million bytes of the widest node by default.
    window : int, optional
        Chunks under way at the same time; by default as many as keep every actor at work.
    sync : bool
        False: nodes run freely, each with the latest that it has from the others, as independent
        units in the world would. Then results depend on who is faster, and are not repeated;
        `watch.stale` counts how many chunks old inputs were. Series in a list stay exact.
    stale : int
        How many chunks old inputs may be if ``sync=False``.
    snapshot : float
        Seconds between two snapshots, which bound what is gone through again.
    restarts : int
        How often actors may die without any progress in between.
    timeout : float
        Seconds after which a chunk that has not come is given up.
    object_store : int
        Bytes of the object store of a Ray started here.
    runtime_env : dict, optional
        Passed on to Ray where a cluster is joined, as in ``{"py_modules": ["my_nodes"]}``.
    wait : float
        Seconds to wait for a cluster that does not answer yet.
    log : str, optional
        File for what Ray itself says, such as when a worker is lost; else one that is named then.

    Examples
    --------
    >>> RayEngine(address="auto", num_cpus=2)
    RayEngine(address='auto', num_cpus=2)
    """

    remote = True

    @known_arguments
    def __init__(
        self,
        address: str | None = None,
        *,
        placement: str = "block",
        workers: int | None = None,
        num_cpus: float | None = None,
        num_gpus: float = 0,
        resources: Mapping[str, float] | None = None,
        nodes: Mapping[str, Mapping[str, Any]] | None = None,
        chunk: int | None = None,
        window: int | None = None,
        sync: bool = True,
        stale: int = STALE,
        snapshot: float = 2.0,
        restarts: int = 3,
        timeout: float = 600.0,
        object_store: int = STORE,
        runtime_env: Mapping[str, Any] | None = None,
        wait: float = 0.0,
        log: str | None = None,
    ):
        given = {k: v for k, v in locals().items() if k not in ("self", "__class__")}
        check_options(given)
        form = inspect.signature(type(self)).parameters
        self._given = {k: v for k, v in given.items() if v != form[k].default}
        self.placement, self.workers, self.chunk, self.window = placement, workers, chunk, window
        self._default = Resources.of(
            {"num_cpus": 1 if num_cpus is None else num_cpus, "num_gpus": num_gpus,
             "resources": resources}, "engine"
        )  # fmt: skip
        self._resources = {
            n: Resources.of(each, f"engine.nodes.{n}") for n, each in (nodes or {}).items()
        }
        self._stale = None if sync else stale
        self._snapshot, self._restarts = snapshot, restarts
        self._cluster = Cluster(address, workers, object_store, runtime_env, wait, log)
        self._pools = Pools(
            self._cluster, self._resources, self._default, num_cpus is None, timeout,
            alone=placement == "node",
        )  # fmt: skip
        self.watch = Stats()
        _open.add(self)

    def __reduce__(self) -> Any:
        return _again, (self._given,)

    def __deepcopy__(self, memo: Any) -> RayEngine:
        return self  # copies of a model share the actors

    def __repr__(self) -> str:
        return f"RayEngine({', '.join(f'{key}={value!r}' for key, value in self._given.items())})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self) -> None:
        """Join the cluster that was named, before there is anything to do.

        Raises
        ------
        EngineError
            With who is at the address in its place, or why we are not let in.
        """
        if self._cluster.is_elsewhere:
            self._cluster.join()

    def close(self) -> None:
        """End the actors, and Ray itself if it was started by this; a later call starts anew."""
        self._pools.close()
        self._cluster.leave()

    def execute(
        self, plan: Plan, slots: dict[str, Slot], chunks: Iterable[Chunk], request: Request
    ) -> Iterator[dict[str, Array]]:
        """Move every node of `plan` on, chunk by chunk; `slots` are as they should be at the end.

        Yields
        ------
        dict of ndarray, shape (n_steps, n_out)
            For each chunk the outputs of ``work.wanted``.
        """
        coming = iter(chunks)
        first = next(coming, None)
        if first is None:
            return
        coming = chain([first], coming)
        if self._may_stay and not request.every:
            known = list(islice(coming, AHEAD + 1))
            if len(known) <= AHEAD and self._stays(plan, slots, request, known):
                self.watch.here += len(known)
                yield from LOCAL.execute(plan, slots, known, request)
                return
            coming = chain(known, coming)
        parts = self.parts(plan, slots, request, first.targets)
        pace = pace_of(
            parts, estimates(plan, slots, request.learn), slots, first.n_steps,
            window=self.window, free=self._stale is not None, store=self._store(),
        )  # fmt: skip
        pool = self._pools.of([part.names for part in parts])
        options = PipelineOptions(*pace, None, self._snapshot, self._restarts, self._stale)
        self.watch.begin()
        belt = Pipeline(pool, plan, parts, slots, request, options, self.watch)
        yield from belt.through(coming)

    @property
    def _may_stay(self) -> bool:
        """Whether nothing was said of where nodes are to be."""
        return not self._given.keys() & PLACED

    def _stays(
        self, plan: Plan, slots: dict[str, Slot], request: Request, chunks: Sequence[Chunk]
    ) -> bool:
        """Tell whether chunks are done sooner here; a cluster that was named is joined first."""
        joined = self._cluster.is_elsewhere
        cpus = self.cpus() if joined else float(usable_cpus())
        parts = self.parts(plan, slots, request, chunks[0].targets, cpus)
        return stays(
            estimates(plan, slots, request.learn),
            [part.names for part in parts],
            sum(chunk.n_steps for chunk in chunks),
            warm=len(self.pids()) >= len(parts),
            joined=joined,
        )

    def map(self, task: Any, groups: Iterable[Any], workers: int | None) -> Iterator[Any]:
        """Yield what `task` gives for each of `groups`, in their order, from replicas.

        The task is done to each group somewhere else; nothing but the results comes back.
        """
        yield from DataParallel(self._team(task, workers)).each(groups)

    def gather(
        self,
        task: GatherTask,
        leaves: Sequence[Leaf],
        workers: int | None,
        progress: Progress,
        keeper: Keeper,
    ) -> Sums:
        """Return what `task` gathers from all leaves, summed and merged by the replicas."""
        return Gatherers(self._team(task, workers), task, leaves, progress, keeper).total()

    def _team(self, task: Any, workers: int | None) -> Replicas:
        """Return who does a task to many things; none of them has started."""
        count = workers or self.workers or fitting(self._cluster.join(), self._default)
        names = tuple(self._resources)
        pool = self._pools.of([names] * count)
        return Replicas(pool, names, task, count, self._restarts, self.watch)

    def rows(self, plan: Plan, sizes: Mapping[str, int]) -> int:
        """Return how many steps a chunk should have."""
        if self.chunk is not None:
            return self.chunk
        widest = max((sizes[name] for name in plan.reads), default=1)
        return min(MOST, max(LEAST, NUMBERS // max(1, widest)))

    def parts(
        self,
        plan: Plan,
        slots: Mapping[str, Slot],
        request: Request,
        targets: Iterable[str] = (),
        cpus: float | None = None,
    ) -> tuple[Partition, ...]:
        """Return what each actor would hold."""
        costs = estimates(plan, slots, request.learn)
        count = self.workers or (
            fitting(self._cluster.join(), self._default) if cpus is None else self._room(cpus)
        )
        hop = HOP / self.rows(plan, widths(slots))
        needs = {**dict.fromkeys(plan.nodes, self._default), **self._resources}
        groups = group_nodes(plan, costs, count, needs, self.placement, hop)
        return cut(plan, groups, request.wanted, [name for name in targets if name in slots])

    def survey(self) -> tuple[str, list[dict[str, str]], list[str]]:
        """Return which Ray it is, a row for each machine, and what keeps any from running nodes."""
        ray = self._cluster.join()
        return heading(ray, self._cluster.head().name), machines(ray), unfit(ray)

    def preview(
        self, plan: Plan, slots: Mapping[str, Slot], request: Request, cpus: int | None
    ) -> tuple[list[dict[str, str]], str]:
        """Return what each of the actors would hold on so many CPUs, and whether that pays.

        Without `cpus`: on the cluster that one is connected to, and whether there is room.
        """
        costs = estimates(plan, slots, request.learn)
        parts = self.parts(plan, slots, request, cpus=cpus)
        rows = told(parts, costs, slots)
        size, groups = self.rows(plan, widths(slots)), [part.names for part in parts]
        words = advice(plan, costs, groups, size, int(self.cpus()) if cpus is None else cpus)
        return rows, words if cpus is not None else f"{words}\n{self._pools.judged(groups)}"

    def _room(self, cpus: float) -> int:
        return max(1, int(cpus / max(1e-9, self._default.num_cpus or 1.0)))

    def cpus(self) -> float:
        """Return how many CPUs the cluster has."""
        return float(self._cluster.join().cluster_resources().get("CPU", 1.0))

    def news(self) -> str:
        """Return who is at work where, how fast chunks come through, who is slow, who was lost."""
        return self.watch.news(*self._pools.count())

    def slowest(self) -> str:
        """Return which part worked longest, and how much of all work that was, in words."""
        return self.watch.verdict()

    def pids(self) -> list[int]:
        """Return the processes of the actors that there are."""
        return self._pools.pids()

    def _store(self) -> float:
        """Return how many bytes the object stores of the cluster have."""
        return float(self._cluster.join().cluster_resources().get("object_store_memory", STORE))


_open: weakref.WeakSet[RayEngine] = weakref.WeakSet()
_shared: list[RayEngine] = []


def _again(given: Mapping[str, Any]) -> RayEngine:
    return RayEngine(**given)


def the_engine() -> RayEngine:
    """Return the engine that ``engine="ray"`` means: one for the whole process, until its end."""
    if not _shared:
        _shared.append(RayEngine())
    return _shared[0]


def _close_all(process: int = os.getpid()) -> None:
    if os.getpid() == process:
        for engine in list(_open):
            engine.close()
        leave_all()


atexit.register(_close_all)
