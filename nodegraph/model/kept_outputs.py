"""Outputs that no later stage of learning changes, kept so that they are made once."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from tempfile import gettempdir
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.binding import BoundData
from nodegraph.data.kept_rows import KeptRows, Part, RowsInMemory, RowsOnDisk
from nodegraph.data.series import Series
from nodegraph.engines.checkpointer import Cursor
from nodegraph.graph.blocks import Reads
from nodegraph.graph.plan import Plan
from nodegraph.host.memory_budget import available_bytes
from nodegraph.model.learning_pass import StageOutputs, part_of
from nodegraph.model.stages import Stage

__all__ = ["KeptOutputs", "room_on_disk", "silent"]

OF_MEMORY, OF_DISK = 0.25, 0.5  # what may be taken of the room that there is


class KeptOutputs(StageOutputs):
    """The outputs of some nodes over all series, from the pass in which they become final on.

    A node is kept if those that have yet to learn, or what runs behind them, will read it, and it
    has no more to learn itself: in memory if there is room, else on disk. Where there is room in
    neither, those of what it reads are, or it runs again; bits are the same in any case.

    Parameters
    ----------
    stages : sequence of Stage
        All that will be gone through.
    bound : BoundData
    widths : dict of int
        By node.
    dtype : dtype
        Of the outputs.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        bound: BoundData,
        widths: Mapping[str, int],
        dtype: np.dtype[Any],
    ):
        self._stages, self._widths, self._dtype = stages, widths, dtype
        self._open: tuple[str, ...] = ()
        self._rows: dict[str, KeptRows] = {}
        self._able = bool(stages) and bound.n_steps is not None
        self._starts = list(accumulate(bound.lengths, initial=0))

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes whose outputs are known."""
        return tuple(name for name in self._rows if name not in self._open)

    def foreseen(self) -> int:
        """Return how many bytes of memory outputs will take at most."""
        sizes = [self._bytes(self.before(number + 1)) for number in range(len(self._stages))]
        return max((size for size in sizes if self._fits_in_memory(size)), default=0)

    def before(self, number: int) -> set[str]:
        """Return the nodes whose outputs will be known when the stage of this number begins."""
        if not (self._able and number):
            return set()
        names = self._wanted(self._stages[number - 1], self._stages[number:], False)
        return names if self._bytes(names) <= room_on_disk() else set()

    def begin(self, stage: Stage, at: Cursor, more: bool) -> Stage:
        """Return what a pass has to run, with the nodes whose outputs are to be taken in it.

        Parameters
        ----------
        stage : Stage
            That of the pass, with everything upstream of its learners.
        at : Cursor
            Where the pass begins; if that is not at its first step, nothing is taken.
        more : bool
            Whether there will be another pass in the stage.
        """
        learners = tuple(name for name in stage.learners if name in at.learning)
        part = part_of(stage, learners, self._rows)
        if self._able and not (at.series or at.steps):
            wanted = self._wanted(stage, self._stages[at.stage + 1 :], more)
            reads = part.plan.reads
            self._open_what_fits({name for name in wanted if name in reads}, part.plan)
        return replace(part, record=self._open)

    def data(self, bound: BoundData, stage: Stage) -> BoundData:
        """Return the data that a stage hears, with the outputs of what does not run."""
        bound, quiet = super().data(bound, stage), silent(stage.plan, self.names)
        if not quiet:
            return bound
        series = [
            one.changed(partial(_knowing, {n: self._part(self._rows[n], i) for n in quiet}))
            if isinstance(one, Series)
            else one
            for i, one in enumerate(bound.series)
        ]
        return replace(bound, series=series)

    def take(self, outputs: Mapping[str, Array]) -> None:
        """Keep the rows that come next, in the order of steps and series."""
        for name in self._open:
            self._rows[name].append(outputs[name])

    def end(self, stage: Stage, number: int, more: bool) -> None:
        """Let go what is not whole, and what nobody will read any more."""
        whole, wanted = self._starts[-1], self._wanted(stage, self._stages[number + 1 :], more)
        for name, rows in list(self._rows.items()):
            if rows.n_rows < whole or name not in wanted:
                self._rows.pop(name).close()
        self._open = ()

    def close(self) -> None:
        """Let everything go."""
        while self._rows:
            self._rows.popitem()[1].close()

    def _part(self, rows: KeptRows, i: int) -> Part:
        return Part(rows, self._starts[i], self._starts[i + 1] - self._starts[i])

    def _wanted(self, stage: Stage, later: Sequence[Stage], more: bool) -> set[str]:
        """Return the nodes that are final, and read by some that are not, after a stage."""
        passes = [*([stage.plan] if more else []), *(one.plan for one in later)]
        if not passes:
            return set()
        final = _final(stage)
        return {
            name
            for plan in passes
            for name in _sources(plan.reads, set(plan.reads) - final)
            if (name in final or name in self._rows) and _is_made(plan, name)
        }

    def _open_what_fits(self, names: set[str], plan: Plan) -> None:
        """Open what fits of some nodes; of what does not, what it is made of."""
        tried = set(names)
        while names and self._bytes(names) > room_on_disk():
            widest = max(names, key=lambda name: (self._widths[name], name))
            above = {n for n in _sources(plan.reads, {widest}) if n in plan.reads}
            new = {n for n in above - tried - self._rows.keys() if _is_made(plan, n)}
            names = (names - {widest}) | new
            tried |= new
        in_memory = self._fits_in_memory(self._bytes(names))
        self._open = tuple(name for name in plan.reads if name in names)
        for name in self._open:
            self._rows[name] = self._new(self._widths[name], in_memory)

    def _new(self, width: int, in_memory: bool) -> KeptRows:
        if in_memory:
            return RowsInMemory(self._starts[-1], width, self._dtype)
        return RowsOnDisk(width, self._dtype)

    def _fits_in_memory(self, size: int) -> bool:
        return not size or size <= OF_MEMORY * available_bytes()

    def _bytes(self, names: Collection[str]) -> int:
        return sum(self._starts[-1] * self._widths[n] * self._dtype.itemsize for n in names)


def room_on_disk() -> int:
    """Return how many bytes may be kept in the folder for temporary files; 0 if nobody knows."""
    usage = getattr(shutil, "disk_usage", None)  # some platforms tell nothing of their disks
    return int(OF_DISK * usage(gettempdir()).free) if usage else 0


def _final(stage: Stage) -> set[str]:
    """Return the nodes of a stage that its learners do not move."""
    moved = set(stage.learners)
    while more := {
        name
        for name, ports in stage.plan.reads.items()
        if name not in moved
        and any(r.source in moved and not r.taught for group in ports.values() for r in group)
    }:
        moved |= more
    return set(stage.plan.reads) - moved


def _sources(reads: Reads, names: Collection[str]) -> set[str]:
    """Return whose outputs some nodes read."""
    return {
        read.source
        for name in names
        for group in reads[name].values()
        for read in group
        if not read.taught
    }


def _is_made(plan: Plan, name: str) -> bool:
    """Tell whether a node makes something of what it reads, rather than giving out the data."""
    return bool(plan.reads.get(name)) or not plan.nodes[name].external


def silent(plan: Plan, known: Collection[str]) -> set[str]:
    """Return which of those whose outputs are known a plan reads without running them."""
    return (_sources(plan.reads, plan.reads) & set(known)) - set(plan.reads)


def _knowing(known: Mapping[str, Part], one: Series) -> Series:
    return replace(one, known=known)
