"""What holds the slots of one part and moves them on, chunk by chunk, in strict order."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, copy_tree, n_bytes
from nodegraph.data.series import Chunk
from nodegraph.engines.local import Sweep
from nodegraph.engines.meter import Meter, Point
from nodegraph.engines.ray.parcels import Parcel
from nodegraph.engines.ray.partition import Partition, pieces
from nodegraph.engines.ray.replica import Replica
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Answer, DelayLine, Slot
from nodegraph.engines.vitals import Vitals
from nodegraph.errors import EngineError
from nodegraph.graph.rule import Rule, conclude
from nodegraph.host.numerics import Numerics, using

__all__ = ["LIGHT", "Loading", "Receipt", "Snapshot", "Worker"]

LIGHT = 1 << 22  # bytes that a worker may keep while it is idle


class Snapshot(NamedTuple):
    """Where a part stands."""

    slots: dict[str, dict[str, Any]]  # what has changed since it was loaded, by node
    meter: Meter | None  # who takes points of its curves
    vitals: Vitals | None  # who takes rows to judge its nodes by
    seconds: float  # that it has worked since the last one
    light: bool = False  # whether it is so little that it may stay when the work is done


class Receipt(NamedTuple):
    """What a worker says of a chunk that it is done with: points of learning curves."""

    points: tuple[Point, ...] = ()
    rest: Point | None = None  # of the steps since the last point


@dataclass(frozen=True)
class Loading:
    """All that a worker must know to go on with a part.

    Parameters
    ----------
    part : Partition
    slots : dict of Slot
        Where the part stands before the first chunk.
    work : Request
        Its clock is that of the first chunk.
    numerics : {"exact", "portable", "fast"}
    attempt, seq : int
        Calls of other attempts, or of other chunks than the next one, are refused.
    free : bool
        Whether inputs are the latest that there are rather than those of the same chunk.
    meter : Meter, optional
        Who takes points of learning curves, as it stands.
    reports : bool
        Whether a `Receipt` goes with each chunk.
    """

    part: Partition
    slots: Mapping[str, Slot]
    request: Request
    numerics: Numerics
    attempt: int
    seq: int
    free: bool = False
    meter: Meter | None = None
    reports: bool = True


class _Loaded(NamedTuple):
    part: Partition
    slots: dict[str, Slot]
    request: Request
    numerics: Numerics
    meter: Meter | None


class Worker(Replica):
    """Holds one part of a plan: params, states, rule memories and delay lines of its nodes.

    It knows nothing of other workers; what it reads comes in as arguments, and it never changes
    them. Whatever is called out of turn is refused, so that no chunk is lived through twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self._loaded: _Loaded | None = None
        self._free, self._reports, self._busy = False, True, 0.0
        self._turn = (0, 0)
        self._clock = 0

    def load(self, loading: Loading) -> None:
        """Take over a part as it stands; what was kept of other work is let go."""
        self._shelf.open(None)
        slots = {name: slot.copy() for name, slot in loading.slots.items()}
        for name in loading.request.learn:
            slots[name].params = copy_tree(slots[name].params)
            slots[name].memory = copy_tree(slots[name].memory)
        meter = deepcopy(loading.meter)
        request = loading.request._replace(vitals=deepcopy(loading.request.vitals))
        self._loaded = _Loaded(loading.part, slots, request, loading.numerics, meter)
        self._free, self._reports, self._busy = loading.free, loading.reports, 0.0
        self._turn = loading.attempt, loading.seq
        self._clock = loading.request.clock

    def rewind(
        self,
        turn: tuple[int, int],
        clock: int,
        held: Snapshot,
        lines: Mapping[str, Slot],
    ) -> None:
        """Go back to where the part stood when it gave a snapshot.

        Parameters
        ----------
        turn : tuple of int
            Attempt and chunk, as in `Loading`.
        clock : int
        held : Snapshot
        lines : dict of Slot
            Of nodes elsewhere that are read here.
        """
        loaded = self._loaded
        if loaded is None:
            raise EngineError("a worker that holds nothing was told to go back")
        held = deepcopy(held)
        for name, changes in held.slots.items():
            for what, tree in changes.items():
                setattr(loaded.slots[name], what, tree)
        loaded.slots.update((name, slot.copy()) for name, slot in lines.items())
        request = loaded.request._replace(vitals=held.vitals)
        self._loaded = loaded._replace(request=request, meter=held.meter)
        self._turn, self._clock = turn, clock

    def unload(self) -> None:
        """Let go of the part, and of the task."""
        super().unload()
        self._loaded = None

    def run(self, attempt: int, seq: int, parcel: Parcel, *inputs: Array | None) -> Any:
        """Live through chunks that came together.

        Parameters
        ----------
        attempt, seq : int
        parcel : Parcel
            What comes from outside.
        *inputs : ndarray
            Outputs of the nodes in ``part.reads``: of these chunks, or of those before them for
            those that are late; None before the first ones.

        Returns
        -------
        tuple
            The outputs of ``part.sends``, one after the other, then a `Receipt` if it is to
            report and a `Snapshot` if the parcel asks for one; if that is one thing, it alone.
        """
        begin = perf_counter()
        loaded = self._open(attempt, seq)
        part, slots = loaded.part, loaded.slots
        if self._free:
            part = replace(part, late=frozenset())
            inputs = tuple(
                _as_now(ys, slots[name].past, parcel.n_steps)
                for name, ys in zip(part.reads, inputs, strict=True)
            )
        early = {n: ys for n, ys in zip(part.reads, inputs, strict=True) if n not in part.late}
        for name, ys in zip(part.reads, inputs, strict=True):
            if name in part.late and ys is not None:
                slots[name].past = DelayLine(slots[name].past, ys, 0, len(ys)).new_past()
        before = {name: slots[name].past for name in part.late}
        with using(loaded.numerics):
            found, points = self._live_through(loaded, parcel, early)
        for name, past in before.items():
            slots[name].past = past
        self._turn, self._clock = (attempt, seq + 1), self._clock + parcel.n_steps
        self._busy += perf_counter() - begin
        if self._reports:
            meter = loaded.meter
            rest = meter.look(slots) if meter is not None and meter.steps else None
            found.append(Receipt(tuple(points), rest))
        if parcel.asks:
            found.append(self._stands(loaded, last=parcel.asks == "last"))
        return found[0] if len(found) == 1 else tuple(found)

    def _live_through(
        self, loaded: _Loaded, parcel: Parcel, early: Mapping[str, Array | None]
    ) -> tuple[list[Any], list[Point]]:
        """Return the outputs that are to be sent, and the points that were taken on the way."""
        if len(parcel.lengths) == 1:
            return self._live(loaded, parcel.first, parcel.chunk, early)
        rows, points, clock = [], list[Point](), self._clock
        for number, start, chunk in parcel.pieces():
            own = {n: None if ys is None else ys[start : start + chunk.n_steps]
                   for n, ys in early.items()}  # fmt: skip
            self._clock = clock + start
            found, more = self._live(loaded, number, chunk, own)
            rows.append(found)
            points += more
        self._clock = clock
        return [np.concatenate(parts) for parts in zip(*rows, strict=True)], points

    def _live(
        self, loaded: _Loaded, seq: int, chunk: Chunk, early: Mapping[str, Array | None]
    ) -> tuple[list[Any], list[Point]]:
        """Return what comes of one chunk."""
        part, slots, request, _, meter = loaded
        if meter is None:
            return self._sweep(loaded, seq, chunk, early, 0, part.sends), []
        names, rows, points = (*part.sends, *meter.rules), [], list[Point]()
        start = 0
        for piece in pieces(chunk, None, meter.steps, request.every):
            rows.append(self._sweep(loaded, seq, piece, early, start, names))
            meter.add(piece, dict(zip(names, rows[-1], strict=True)))
            if meter.steps == request.every:
                points.append(meter.point(slots))
            start += piece.n_steps
        sent = [np.concatenate(parts) for parts in zip(*rows, strict=True)][: len(part.sends)]
        return sent, points

    def _sweep(
        self,
        loaded: _Loaded,
        seq: int,
        chunk: Chunk,
        early: Mapping[str, Array | None],
        start: int,
        names: Iterable[str],
    ) -> list[Array]:
        """Live through a piece of a chunk that begins at row `start`; return outputs of `names`."""
        part, slots, request = loaded.part, loaded.slots, loaded.request
        sweep = Sweep(part.plan, slots, chunk, request, self._clock + start)
        for name in part.reads:
            ys = early.get(name)
            sweep.receive(name, None if ys is None else ys[start : start + chunk.n_steps])
        sweep.go(seq)
        if request.vitals is not None:
            request.vitals.take(part.names, chunk, sweep.sample)
        return [np.ascontiguousarray(sweep.outputs(name)) for name in names]

    def _stands(self, loaded: _Loaded, last: bool) -> Snapshot:
        """Return all that has changed since the part was loaded: it is copied as it is sent.

        After the `last` chunk, those who may conclude do so here, where there are others beside it.
        """
        part, slots, request, mode, meter = loaded
        found: dict[str, dict[str, Any]] = {}
        for name in part.names:
            slot = slots[name]
            found[name] = {
                "state": slot.state,
                "past": slot.past,
                "noise": slot.noise,
            }
            if name in request.learn:
                found[name] |= {"params": slot.params, "memory": slot.memory}
            if last and name in request.final:
                with using(mode):
                    found[name]["answer"] = _conclude(part.plan.rules[name], slot)
        for name in part.taught:
            found.setdefault(name, {})["taught"] = slots[name].taught
        busy, self._busy = self._busy, 0.0
        light = sum(n_bytes(tuple(each.values())) for each in found.values()) <= LIGHT
        return Snapshot(found, meter, request.vitals, busy, light)

    def _open(self, attempt: int, seq: int) -> _Loaded:
        if self._loaded is None or self._turn != (attempt, seq):
            raise EngineError(
                f"a worker that stands at chunk {self._turn[1]} of attempt {self._turn[0]} was "
                f"called for chunk {seq} of attempt {attempt}"
            )
        return self._loaded


def _conclude(rule: Rule, slot: Slot) -> Answer | None:
    """Return what a rule concludes; nothing if that fails, so that the driver fails at it."""
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            ((params, facts),) = conclude(rule, [slot.params], slot.memory)
    except Exception:
        return None
    said = tuple(one.message for one in told if isinstance(one.message, Warning))
    return Answer(params, facts, said)


def _as_now(ys: Array | None, past: Array, n_steps: int) -> Array:
    """Return outputs of another chunk as if they were of this one: its last, or the last held."""
    known = past[-1:] if ys is None else ys[-n_steps:]
    missing = n_steps - len(known)
    return np.concatenate([known, np.repeat(known[-1:], missing, axis=0)]) if missing else known
