"""Outputs over independent series that a worker keeps from one pass over them to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.kept_rows import Part, RowsInMemory
from nodegraph.data.series import Series
from nodegraph.engines.batches import Group
from nodegraph.host.machine import usable_cpus
from nodegraph.host.memory_budget import available_bytes

__all__ = ["Keeping", "Shelf"]

OF_MEMORY = 0.25  # what the workers of a machine may take of the room that there is

Outputs = Mapping[str, Array]


@dataclass(frozen=True)
class Keeping:
    """What is kept of a pass.

    Parameters
    ----------
    course : str
        Outputs of another course of learning are none of this one.
    keep : tuple of str
        Nodes whose outputs are read in this pass, or in a later one.
    last : bool
        Whether no later pass reads any.
    """

    course: str
    keep: tuple[str, ...]
    last: bool


class Shelf:
    """Outputs by series and node, as far as there is room: the CPUs of a machine share it."""

    def __init__(self) -> None:
        self._course, self._room = "", 0
        self._rows: dict[int, dict[str, Part]] = {}

    @property
    def n_bytes(self) -> int:
        """How much of memory it takes."""
        return sum(part.n_bytes for rows in self._rows.values() for part in rows.values())

    def open(self, what: Keeping | None) -> None:
        """Let go of what a pass does not name."""
        course = "" if what is None else what.course
        if what is None or course != self._course:
            self._rows, self._course = {}, course
            if what is None:
                return
        for i, rows in self._rows.items():
            self._rows[i] = {name: part for name, part in rows.items() if name in what.keep}
        room = OF_MEMORY * (available_bytes() + self.n_bytes) / usable_cpus()
        self._room = int(room) - self.n_bytes

    def close(self, what: Keeping | None) -> None:
        """Let go of all, if no later pass reads any."""
        if what is None or what.last:
            self.open(None)

    def find(self, series: int, names: Sequence[str]) -> dict[str, Part] | None:
        """Return outputs over a series; None if some are not there."""
        rows = self._rows.get(series, {})
        return {name: rows[name] for name in names} if rows.keys() >= set(names) else None

    def put(self, group: Group, found: Sequence[Outputs]) -> None:
        """Keep outputs of series, which come in their order, each in one or more pieces."""
        pieces = iter(found)
        for i, one in group:
            rows = _next(pieces, one.n_steps) if isinstance(one, Series) else {}
            size = sum(each.nbytes for each in rows.values())
            if size <= self._room:
                self._room -= size
                new = {name: _part(each) for name, each in rows.items()}
                self._rows[i] = self._rows.get(i, {}) | new


def _next(pieces: Iterator[Outputs], n_steps: int) -> dict[str, Array]:
    """Return the next outputs that make so many steps."""
    taken: list[Outputs] = []
    while n_steps > 0 and (piece := next(pieces, None)):
        taken.append(piece)
        n_steps -= len(next(iter(piece.values())))
    names = taken[0] if taken else ()
    return {name: np.concatenate([one[name] for one in taken]) for name in names}


def _part(rows: Array) -> Part:
    kept = RowsInMemory(len(rows), rows.shape[1], rows.dtype)
    kept.append(rows)
    return Part(kept, 0, len(rows))
