"""Workers that are Ray actors: started where there is room, kept, and replaced."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from time import monotonic, sleep
from typing import Any, NamedTuple
from weakref import WeakSet

from nodegraph.engines.checkpointer import heed
from nodegraph.engines.ray import room
from nodegraph.engines.ray.actors import RayHandle, sending, started_actor
from nodegraph.engines.ray.answers import PAUSE, Answers
from nodegraph.engines.ray.head import Head
from nodegraph.engines.ray.partition import title
from nodegraph.engines.ray.pool import NoRoom, WorkerLost
from nodegraph.engines.ray.resources import Resources, needs_of
from nodegraph.engines.ray.sources import digest, homes, strangers
from nodegraph.engines.ray.stats import log
from nodegraph.errors import EngineError

__all__ = ["RayPool", "free_places"]

START = 60.0  # seconds in which one more actor must have started
FREED = 1.5  # seconds for what was let go to be free again


class _Squeezed(NamedTuple):
    """Where actors are put that do not have what is theirs."""

    machines: list[str]
    cpus: float
    words: str


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
    head : Head, optional
        Of the cluster.
    elastic : bool
        Whether those others may do with less, where a machine is lost.
    alone : bool
        Whether each is for one node, so that they cannot be fewer.
    """

    def __init__(
        self,
        ray: Any,
        resources: Mapping[str, Resources],
        default: Resources,
        timeout: float,
        head: Head | None = None,
        elastic: bool = False,
        alone: bool = False,
    ):
        self._ray, self._resources, self._default = ray, resources, default
        self._head, self._elastic, self._alone = head or Head(None), elastic, alone
        self._idle: dict[Resources, list[RayHandle]] = defaultdict(list)
        self._all: list[RayHandle] = []
        self._alike: set[tuple[str, tuple[str, ...]]] = set()  # machines and folders as ours
        self._answers = Answers(ray, self._all, timeout, self._head)
        _pools.add(self)

    def start(self, groups: Sequence[Sequence[str]]) -> list[Any]:
        """Return an actor for each group of nodes.

        Raises
        ------
        NoRoom
            If they do not fit beside each other on the machines that there are.
        """
        self._head.wait()
        workers: list[RayHandle | None] = [self._waiting(names) for names in groups]
        missing = [names for names, worker in zip(groups, workers, strict=True) if worker is None]
        if not missing:  # who of them has died is seen by those who call them
            return list(workers)
        try:
            homes = iter(self._homes(missing))
        except NoRoom:
            self.release([worker for worker in workers if worker is not None])
            raise
        started = [
            worker or self._start(names, next(homes))
            for names, worker in zip(groups, workers, strict=True)
        ]
        return self._answering(started)

    def _waiting(self, names: Sequence[str]) -> RayHandle | None:
        """Return an idle actor for some nodes, if there is one: in the order of their last work.

        So they are given the same parts of the data again, of which they may have kept something;
        one that had the same nodes goes before.
        """
        idle = self._idle[self._needs(names)]
        if not idle:
            return None
        worker = next((one for one in idle if one.names == names), idle[0])
        idle.remove(worker)
        worker.title, worker.names, worker.stays = title(names), names, False
        return worker

    def _needs(self, names: Sequence[str]) -> Resources:
        return needs_of(names, self._resources, self._default)

    def _start(
        self, names: Sequence[str], machine: str | None = None, cpus: float | None = None
    ) -> RayHandle:
        needs = self._needs(names)
        given = needs if cpus is None else needs._replace(num_cpus=cpus)
        actor = started_actor(self._ray, given, needs.threads, machine)
        worker = RayHandle(self._ray, actor, needs, title(names), names)
        worker.squeezed = cpus is not None
        self._all.append(worker)
        return worker

    def _homes(self, groups: Sequence[Sequence[str]]) -> list[str | None]:
        """Return on which machine each new worker is to be: Ray chooses, if it knows of all deaths.

        Raises
        ------
        NoRoom
            Before anything is started.
        """
        needs = [self._needs(names) for names in groups]
        begin = monotonic()
        while True:
            found = [p for p in room.places(self._ray) if p.machine not in self._answers.gone]
            homes = room.packed(needs, [place.free for place in found])
            if homes is not None:
                return [found[home].machine if self._answers.gone else None for home in homes]
            could = room.packed(needs, [place.total for place in found]) is not None
            if could and (_send_home() or monotonic() - begin < FREED):
                sleep(PAUSE / 5)
                continue
            raise NoRoom(room.refusal([*map(title, groups)], needs, found, self._alone))

    def _answering(self, workers: list[RayHandle]) -> list[Any]:
        """Return actors as soon as all of them have started."""
        try:
            refs = [ref for worker in workers for ref in worker.call("ping")]
            waiting, since = refs, monotonic()
            while waiting:
                left = self._ray.wait(refs, num_returns=len(refs), timeout=PAUSE)[1]
                since = monotonic() if len(left) < len(waiting) else since
                waiting = left
                heed()
                self._head.look()
                if monotonic() - since > START:
                    late = next(w for w, r in zip(workers, refs, strict=True) if r in waiting)
                    raise EngineError(
                        f"{late.title}: its worker has not started within {START:g} s; see "
                        "'ray status' and Ray's logs on that machine"
                    )
            for worker, found in zip(workers, self.take(refs), strict=True):
                worker.pid, worker.machine, *theirs = found
                self._require_our_sources(worker, *theirs)
            self._answers.machines.meet([worker.machine for worker in workers])
        except BaseException:
            self.stop(workers)
            raise
        return list(workers)

    def _require_our_sources(self, worker: RayHandle, theirs: tuple[str, ...] = ()) -> None:
        """Refuse a worker whose sources are not those that this process runs."""
        is_here = worker.machine == self._ray.get_runtime_context().get_node_id()
        if (is_here and theirs == homes()) or (worker.machine, theirs) in self._alike:
            return
        if not theirs or self.take(worker.call("sources"))[0] != digest(homes()):
            raise EngineError(strangers(theirs, is_here))
        self._alike.add((worker.machine, theirs))

    def lost(self, workers: Sequence[Any], lost: WorkerLost) -> list[Any]:
        """Return which of some actors are known to be dead, after one was lost.

        One that does not answer at once may be at work.
        """
        self._head.wait()
        first = [] if lost.worker is None else [lost.worker]
        self._answers.look_at({worker.machine for worker in first})
        dead = [w for w in workers if w in first or w.machine in self._answers.gone]
        pings = {worker: self._ping(worker) for worker in workers if worker not in dead}
        refs = [ref for ref in pings.values() if ref is not None]
        ready = self._ray.wait(refs, num_returns=len(refs), timeout=PAUSE)[0] if refs else []
        return [w for w in workers if w in dead or self._fails(pings[w], ready)]

    def _ping(self, worker: RayHandle) -> Any:
        try:
            return worker.call("ping")[0]
        except WorkerLost:
            return None

    def _fails(self, ref: Any, ready: Sequence[Any]) -> bool:
        """Tell whether an answer is known to be none."""
        if ref is None:
            return True
        try:
            if ref in ready:
                self.take([ref])
        except WorkerLost:
            return True
        return False

    def replace(self, dead: Sequence[Any], living: Sequence[Any]) -> list[Any]:
        """Return actors in the place of some, beside those that live.

        They get as much as those had. Where there is no room for that, and nobody said how much it
        must be, they get what there is, or share what the living have.
        """
        self.stop(dead)
        groups = [worker.names for worker in dead]
        try:
            return self.start(groups)
        except NoRoom:
            if not self._elastic or any(n in self._resources for names in groups for n in names):
                raise
            if (found := self._squeezed(groups, living)) is None:
                raise
        log.warning("there is no room for all workers any more: %s %s, so that it goes on more "
                    "slowly", " and ".join(map(title, groups)), found.words)  # fmt: skip
        homes = zip(groups, found.machines, strict=True)
        return self._answering([self._start(names, home, found.cpus) for names, home in homes])

    def _squeezed(
        self, groups: Sequence[Sequence[str]], living: Sequence[RayHandle]
    ) -> _Squeezed | None:
        """Return where some actors can be that do not have what is theirs."""
        there = [
            place for place in free_places(self._ray) if place.machine not in self._answers.gone
        ]
        free = [place.free for place in there]
        share = room.largest_share(self._default, len(groups), [], free)
        if share is not None:
            homes = room.packed([self._default._replace(num_cpus=share)] * len(groups), free) or ()
            words = f"get {share:g} of a CPU each"
            return _Squeezed([there[home].machine for home in homes], share, words)
        crowd = Counter(worker.machine for worker in living if worker.machine)
        if not crowd:
            return None
        machines = []
        for _ in groups:
            machines.append(min(crowd, key=crowd.__getitem__))
            crowd[machines[-1]] += 1
        return _Squeezed(machines, 0.0, "share the CPUs of the others")

    def pids(self) -> list[int]:
        """Return the processes of all actors."""
        return [worker.pid for worker in list(self._all) if worker.pid]

    def share(self, value: Any) -> Any:
        """Return what stands for a value in calls; each machine is sent it once."""
        with sending(self._ray, "what is to be done"):
            return self._ray.put(value)

    def homes(self) -> list[str]:
        """Return the machines of all actors."""
        return [worker.machine for worker in list(self._all) if worker.pid]

    def take(self, refs: Sequence[Any]) -> list[Any]:
        """Return what the calls gave; meanwhile look whether one is to wait any longer."""
        return self._answers.take(refs)

    def some(self, refs: Sequence[Any]) -> list[Any]:
        """Return those of some calls that are done, as soon as one is."""
        return self._answers.some(refs)

    def ready(self, ref: Any) -> bool:
        """Tell whether what a call gives is there."""
        return bool(self._ray.wait([ref], timeout=0, fetch_local=False)[0])

    def release(self, workers: Sequence[Any]) -> None:
        """Keep actors for the next parts; what they hold is let go, but for what is light."""
        for worker in workers:
            try:
                if not worker.stays:
                    worker.call("unload")
            except WorkerLost:
                self.stop([worker])
                continue
            if worker.squeezed:
                self.stop([worker])
            else:
                self._idle[worker.resources].append(worker)

    def stop(self, workers: Sequence[Any]) -> None:
        """Kill actors; those of a cluster without a head end by themselves."""
        for worker in workers:
            if worker in self._all:
                self._all.remove(worker)
        if workers and self._head.answers():
            _freed.append(monotonic())
            for worker in workers:
                self._ray.kill(worker.actor, no_restart=True)

    def send_home(self) -> bool:
        """Kill the actors that have nothing to do; tell whether there were any."""
        idle = self.idle()
        self._idle.clear()
        self.stop(idle)
        return bool(idle)

    def idle(self) -> list[RayHandle]:
        """Return the actors that have nothing to do."""
        return [worker for workers in self._idle.values() for worker in workers]

    def close(self) -> None:
        """Kill all actors."""
        self._idle.clear()
        if self._ray.is_initialized():
            self.stop(list(self._all))


_pools: WeakSet[RayPool] = WeakSet()
_freed: deque[float] = deque([-FREED], 1)  # when actors were killed


def free_places(ray: Any) -> list[room.Place]:
    """Return what there is where; what idle actors of this process hold is free."""
    while True:
        found = room.places(ray)
        held: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for worker in (w for pool in list(_pools) for w in pool.idle()):
            held[worker.machine].update(worker.resources.counts())
        for i, place in enumerate(found):  # what is used up is not named
            found[i] = place._replace(free=Counter(place.free) + held.pop(place.machine, Counter()))
        if monotonic() - _freed[0] > FREED or all(place.is_free for place in found):
            return found
        sleep(PAUSE / 10)


def _send_home() -> bool:
    """Kill the idle actors of all pools of this process, so that there is room for others."""
    return any([pool.send_home() for pool in list(_pools)])
