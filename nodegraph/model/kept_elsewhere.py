"""Outputs that no later stage of learning changes, kept by the workers that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import uuid4

from nodegraph.arrays import Array
from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series
from nodegraph.engines.batches import Group
from nodegraph.engines.checkpointer import Cursor
from nodegraph.engines.shelf import Keeping, Shelf
from nodegraph.graph.plan import Plan
from nodegraph.model.kept_outputs import KeptOutputs, silent
from nodegraph.model.learning_pass import heard, part_of, teachers
from nodegraph.model.stages import Stage

__all__ = ["KeptElsewhere", "Shelved"]


@dataclass(frozen=True)
class Shelved(Keeping):
    """What is kept of a pass by whoever made it, and what has to run where that is there.

    Parameters
    ----------
    whole, stage : Stage
        What has to run where nothing is there, and where all that is taken is.
    taken : tuple of str
        Nodes whose outputs it takes.
    """

    whole: Stage
    stage: Stage
    taken: tuple[str, ...]

    def known(self, shelf: Shelf, group: Group) -> Group | None:
        """Return series with the outputs that are taken; None if some are not there."""
        if not self.taken:
            return None
        reads, taught, found = self.stage.plan.reads, teachers(self.stage.plan), []
        for i, one in group:
            rows = shelf.find(i, self.taken)
            if rows is None or not isinstance(one, Series):
                return None
            found.append((i, one.changed(partial(heard, reads, taught, known=rows))))
        return found


class _There:
    """Rows that are elsewhere, as many as there are."""

    def __init__(self, n_rows: int):
        self.n_rows = n_rows

    def append(self, rows: Array) -> None:
        """Refuse it."""
        raise RuntimeError("outputs that are kept elsewhere do not come by here")

    def read(self, start: int, stop: int) -> Array:
        """Refuse it."""
        raise RuntimeError("outputs that are kept elsewhere are not read here")

    def close(self) -> None:
        """Do nothing: who has them is told with the next pass."""


class KeptElsewhere(KeptOutputs):
    """The outputs of nodes over series that go through the graph somewhere else.

    Whoever is given a series that another one had before runs all of it again: the bits are the
    same.
    """

    def __init__(self, *args: Any):
        super().__init__(*args)
        self._course = uuid4().hex

    @property
    def names(self) -> tuple[str, ...]:
        """None is known here."""
        return ()

    def foreseen(self) -> int:
        """Return that nothing is kept here."""
        return 0

    def begin(self, stage: Stage, at: Cursor, more: bool) -> Stage:
        """Return what a pass has to run where nothing is known; `shelved` says the rest."""
        known = set(self._rows)
        rest = super().begin(stage, at, more)
        taken = tuple(sorted(silent(rest.plan, known)))
        last = not self._wanted(stage, self._stages[at.stage + 1 :], more)
        plan = part_of(stage, rest.learners, ()).plan
        whole = replace(rest, plan=plan, record=tuple(n for n in plan.reads if n in self._rows))
        self.shelved = Shelved(self._course, tuple(self._rows), last, whole, rest, taken)
        return replace(whole, record=())

    def data(self, bound: BoundData, stage: Stage) -> BoundData:
        """Return the data as they are."""
        return bound

    def take(self, outputs: Mapping[str, Array]) -> None:
        """Leave them: series that go one after the other are kept nowhere."""

    def _open_what_fits(self, names: set[str], plan: Plan) -> None:
        """Open all: who has them knows what fits."""
        self._open = tuple(name for name in plan.reads if name in names)
        self._rows |= {name: _There(self._starts[-1]) for name in self._open}
