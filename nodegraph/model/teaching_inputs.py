"""Inputs that learning alone hears of, as weights of rows: who only runs need not give them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series, Stream
from nodegraph.graph.plan import Plan

__all__ = ["teaching_only", "with_zeros", "zeros"]


def teaching_only(plan: Plan, wanted: Iterable[str] = ()) -> frozenset[str]:
    """Return the inputs that reach no output but through targets and ports of rules.

    Outputs are those of the graph, and others that are `wanted`.
    """
    heard = {*plan.outputs, *wanted}
    waiting = list(heard)
    while waiting:
        name = waiting.pop()
        rule = plan.rules.get(name)
        deaf = {"target", *(() if rule is None else rule.ports)}
        groups = [group for port, group in plan.reads[name].items() if port not in deaf]
        sources = {read.source for group in groups for read in group} - heard
        heard |= sources
        waiting.extend(sources)
    return frozenset(plan.inputs) - heard


def with_zeros(bound: BoundData, widths: Mapping[str, int]) -> BoundData:
    """Return the data with zeros for inputs of these widths that were not given."""
    wanted = {name: width for name, width in widths.items() if name not in bound.data}
    if not wanted:
        return bound
    series = [
        one.changed(partial(_with, wanted))
        if isinstance(one, Series)
        else Stream(_Filled(one.parts, wanted))
        for one in bound.series
    ]
    return replace(bound, series=series, data={**bound.data, **wanted})


class _Filled:
    """Parts of a stream with zeros for some inputs."""

    def __init__(self, parts: Iterable[Series], wanted: Mapping[str, int]):
        self._parts, self._wanted = parts, wanted

    def __iter__(self) -> Iterator[Series]:
        return (_with(self._wanted, part) for part in self._parts)


def _with(wanted: Mapping[str, int], one: Series) -> Series:
    return replace(one, data={**one.data, **zeros(one.n_steps, wanted)})


def zeros(n_steps: int, widths: Mapping[str, int]) -> dict[str, Array]:
    """Return rows of zeros by input."""
    return {name: np.broadcast_to(0.0, (n_steps, width)) for name, width in widths.items()}
