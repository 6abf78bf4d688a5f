"""One way of data through a plan: what running and learning have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple, Self

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import Series, Stream
from nodegraph.engines import LOCAL, Engine
from nodegraph.engines.batches import Group
from nodegraph.engines.checkpointer import Checkpointer, Cursor
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot, widths
from nodegraph.engines.vitals import Vitals
from nodegraph.graph.plan import Plan
from nodegraph.host.progress import Counted, Progress, Silent, watched
from nodegraph.model.curves import Recorder, executed
from nodegraph.model.initializer import Initializer

__all__ = ["Hooks", "Outputs", "Pass"]

Outputs = dict[str, Array]
Slots = dict[str, Slot]


class Hooks(NamedTuple):
    """Who is told how a pass goes."""

    progress: Progress = Silent()
    history: Recorder | None = None  # takes learning curves
    checkpointer: Checkpointer | None = None  # writes checkpoints, and knows where to go on from
    vitals: Vitals | None = None  # takes rows to judge nodes by

    @property
    def start(self) -> Cursor:
        """Where learning goes on from."""
        return Cursor() if self.checkpointer is None else self.checkpointer.start

    def restore(self, slots: Slots) -> None:
        """Put slots to where learning goes on from."""
        if self.checkpointer is not None:
            self.checkpointer.restore(slots)

    def mark(self, at: Cursor, slots: Mapping[str, Slot]) -> None:
        """Take note of where learning stands, and of the slots that move from there on."""
        if self.checkpointer is not None:
            self.checkpointer.mark(at, slots)

    def reached(self, at: Cursor, slots: Mapping[str, Slot]) -> None:
        """Do what `mark` does; a checkpoint may be written."""
        self.mark(at, slots)
        if self.checkpointer is not None:
            self.checkpointer.moved_on(0)

    def elsewhere(self) -> Hooks:
        """Return those of a part that may be done by another worker."""
        return Hooks(vitals=None if self.vitals is None else self.vitals.blank())


@dataclass(frozen=True, kw_only=True)
class Pass:
    """Series on their way through a plan.

    Parameters
    ----------
    initializer : Initializer
    engine : Engine
    warmup : int
        How many steps of each series only drive the states.
    workers : int, optional
        How many threads or replicas take independent series; the result is the same.
    hooks : Hooks
    """

    initializer: Initializer
    engine: Engine
    warmup: int = 0
    workers: int | None = None
    hooks: Hooks = field(default_factory=Hooks)

    def at(self, engine: Engine, progress: Progress) -> Self:
        """Return the same on another engine."""
        return replace(self, engine=engine, hooks=self.hooks._replace(progress=progress))

    def one(
        self,
        plan: Plan,
        slots: Slots,
        series: Series | Stream,
        request: Request,
        done: int = 0,
        into: Callable[[Outputs], object] | None = None,
    ) -> tuple[Outputs, int]:
        """Let a series go through `plan`, but for the steps that are `done`.

        `into` is given the outputs chunk by chunk, which are then not returned.

        Returns
        -------
        dict of ndarray
            The outputs of ``request.wanted``.
        int
            How many steps it had.
        """
        history = self.hooks.history if request.learn else None
        rows = self.engine.rows if history is None else partial(history.rows, self.engine)
        size, dtype = rows(plan, widths(slots)), self.initializer.dtype
        engine = self.engine
        if plan.from_end and isinstance(series, Series):  # what reads it turned round has no chunks
            engine, size = LOCAL if engine.cuts else engine, series.n_steps
        chunks = series.chunks(size, self.warmup, dtype, done)
        counted = Counted(watched(chunks, self.hooks.progress, self.engine.news))
        total = series.n_steps - done if isinstance(series, Series) else None
        parts = _Parts(total, {name: slots[name].past[:0] for name in request.wanted})
        for outputs in executed(engine, plan, slots, counted, request, history):
            (into or parts.add)(outputs)
        return parts.joined(), counted.n_steps

    def many(
        self, plan: Plan, places: Sequence[Slots], group: Group, request: Request
    ) -> list[Outputs]:
        """Let a group of series go through `plan` side by side; return what each gave out.

        The engine must be able to, see `nodegraph.engines.batches.batched`.
        """
        dtype = self.initializer.dtype
        chunks = [one.whole(self.warmup, dtype) for _, one in group if isinstance(one, Series)]
        many = self.engine.execute_many
        found = [] if many is None else many(plan, places, chunks, request)
        self.hooks.progress.advance(sum(chunk.n_steps for chunk in chunks))
        return [{name: rows.copy() for name, rows in outputs.items()} for outputs in found]


class _Parts:
    """Outputs that come chunk by chunk; `none` of them are those of no step."""

    def __init__(self, total: int | None, none: Outputs):
        self.total, self.n_steps = total, 0
        self.whole: Outputs = {}
        self.none = none
        self.pieces: dict[str, list[Array]] = {}

    def add(self, outputs: Outputs) -> None:
        n = max((len(rows) for rows in outputs.values()), default=0)
        for name, rows in outputs.items():
            if self.total is None:
                self.pieces.setdefault(name, []).append(rows)
                continue
            if name not in self.whole:
                self.whole[name] = np.empty((self.total, rows.shape[1]), rows.dtype)
            self.whole[name][self.n_steps : self.n_steps + n] = rows
        self.n_steps += n

    def joined(self) -> Outputs:
        joined = {name: np.concatenate(rows) for name, rows in self.pieces.items()}
        return self.whole or joined or self.none
