"""Rows taken while a model learns, by which nodes can tell what looks wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.slot import Chunk

__all__ = ["FEWEST", "Sample", "Vitals"]

FEWEST = 50  # steps from which on it is worth to look
EACH, PARTS = 32, 16  # rows of a chunk, and parts of so many rows, that are kept


class Sample(NamedTuple):
    """What a node read and gave out at some steps, (rows, n_in) and (rows, n_out)."""

    x: Array
    y: Array


class Vitals:
    """Keeps a few rows of the last pass over the data, evenly spread, of some nodes.

    Parameters
    ----------
    names : collection of str
        The nodes to look at.
    """

    def __init__(self, names: Collection[str]):
        self.names, self._turn = frozenset(names), 0
        self._held: dict[str, _Held] = {}

    def begin(self) -> None:
        """Begin another pass over the data: rows of those who live through it are let go."""
        self._turn += 1

    def take(
        self,
        names: Collection[str],
        chunk: Chunk,
        look: Callable[[str, Array], Sample],
        series: int = 1,
    ) -> None:
        """Look at a chunk, one of `series` that go side by side; `look` gives rows of a node."""
        n = chunk.n_steps - chunk.learn_from
        if n <= 0:
            return
        count = min(n, max(2, EACH // series))
        rows = chunk.learn_from + np.arange(count) * n // count
        for name in self.names.intersection(names):
            held = self._held.get(name)
            if held is None or held.turn != self._turn:
                held = self._held[name] = _Held(self._turn)
            held.add(name, rows, look)

    def sample(self, name: str) -> Sample | None:
        """Return the rows of a node; None if there are too few to judge by."""
        parts = self._held[name].parts if name in self._held else []
        if sum(len(part.y) for part in parts) < EACH:
            return None
        return Sample(*(np.concatenate(rows).astype(float) for rows in zip(*parts, strict=True)))


class _Held:
    """Parts at even distances of all that came by, at most `PARTS` of full size."""

    def __init__(self, turn: int):
        self.turn, self.every, self.seen = turn, 1, 0
        self.parts: list[Sample] = []

    def add(self, name: str, rows: Array, look: Callable[[str, Array], Sample]) -> None:
        if self.seen % self.every == 0:
            self.parts.append(look(name, rows))
        self.seen += 1
        if sum(len(part.y) for part in self.parts) > EACH * PARTS:
            self.parts, self.every = self.parts[::2], 2 * self.every
