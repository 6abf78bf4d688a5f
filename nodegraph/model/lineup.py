"""Series that go side by side, chunk by chunk, and stand somewhere in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import Series
from nodegraph.engines import Engine
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot, widths
from nodegraph.graph.plan import Plan

__all__ = ["Lineup"]

Outputs = dict[str, Array]


@dataclass(frozen=True)
class Lineup:
    """Some series of one length, each with its own slots, which move on.

    Parameters
    ----------
    engine : Engine
        One that can `execute_many`.
    dtype : dtype
    places : sequence of dict of Slot
    names : tuple of str
        Nodes whose outputs are wanted.
    noise : bool
        Whether nodes with noise are noisy.
    """

    engine: Engine
    dtype: np.dtype[Any]
    places: Sequence[dict[str, Slot]]
    names: tuple[str, ...]
    noise: bool

    def through(self, plan: Plan, series: Sequence[Series], clock: int) -> Iterator[list[Outputs]]:
        """Yield the outputs of each of the series, in chunks as they have them alone.

        Parameters
        ----------
        plan : Plan
        series : sequence of Series
        clock : int
            The number of their first step.
        """
        many = self.engine.execute_many
        size = self.engine.rows(plan, widths(self.places[0]))
        for chunks in zip(*(one.chunks(size, 0, self.dtype) for one in series), strict=True):
            request = Request(self.names, clock=clock, noise=self.noise)
            found = [] if many is None else many(plan, self.places, chunks, request)
            yield [{name: rows.copy() for name, rows in one.items()} for one in found]
            clock += chunks[0].n_steps

    def last(self, plan: Plan, series: Sequence[Series]) -> list[Outputs]:
        """Return the outputs of each at the last of its steps, from step 0 on."""
        *_, found = self.through(plan, series, 0)
        return [{name: rows[-1:] for name, rows in one.items()} for one in found]
