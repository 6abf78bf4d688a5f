"""Where a model stands, as arrays to work on: driven by data, or with its loop closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import Series
from nodegraph.engines import LOCAL
from nodegraph.engines.local import execute
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot, widths
from nodegraph.errors import DataError
from nodegraph.graph.plan import Plan
from nodegraph.host.numerics import using
from nodegraph.model.checks import refuse_parts
from nodegraph.model.generating import Generation
from nodegraph.model.inference import Inference

__all__ = ["Standing", "input_width"]


@dataclass(frozen=True)
class Standing:
    """A model that stands somewhere; the model itself stays where it is.

    Parameters
    ----------
    plan : Plan
        What goes on from there.
    slots : dict of Slot
    time : int
        Steps that it has gone.
    data : dict of ndarray, shape (n_steps, n_in)
        What drives it from there, by node; nothing where the loop is closed.
    n_steps : int, optional
        How many rows there are, if there are data.
    """

    plan: Plan
    slots: Mapping[str, Slot]
    time: int
    data: Mapping[str, Array]
    n_steps: int | None = None

    @classmethod
    def driven(cls, model: Inference, x: Any) -> Standing:
        """Return `model` with data `x` before it, as `Model.run` takes them for one series."""
        refuse_parts(model.plan, "a step")
        state = model._settle().draft()
        bound = state.bind(x, None, wanted=model.plan.outputs)
        if not bound.own or not isinstance(series := bound.series[0], Series):
            raise DataError("x: expected one array (rows, d), or {node: array}")
        state.require(state.names(None))
        plan = state.runnable(state.ready())
        data = {name: np.asarray(rows, float) for name, rows in series.data.items()}
        return cls(plan, state.slots, state.stream.time, data, series.n_steps)

    @classmethod
    def closed(
        cls, model: Inference, prompt: Any = None, loop: Mapping[str, str] | None = None
    ) -> Standing:
        """Return `model` as `Model.generate` goes on by itself behind a prompt."""
        state = model._settle().draft()
        bound = None if prompt is None else state.bind(prompt, None, wanted=model.plan.outputs)
        with using(model.numerics):
            plan = Generation(LOCAL, 1, loop=loop).closed(state, bound)
        return cls(plan, state.slots, state.stream.time, {})

    def outputs(self, names: Sequence[str]) -> dict[str, Array]:
        """Return what nodes give out as the data drive them; the slots stay as they are."""
        n_steps = self.n_steps or 0
        series, slots = Series(self.data, {}, n_steps), {n: s.copy() for n, s in self.slots.items()}
        sizes = self.plan.chunk_rows(widths(slots))
        chunks = series.chunks(sizes, 0, next(iter(slots.values())).past.dtype)
        request = Request(tuple(names), clock=self.time)
        parts = list(execute(self.plan, slots, chunks, request))
        return {name: np.concatenate([part[name] for part in parts]) for name in names}

    def row(self, step: int) -> dict[str, Array]:
        """Return the data of one step."""
        return {name: rows[step] for name, rows in self.data.items()}


def input_width(model: Inference, name: str) -> int | None:
    """Return how many values an input takes, or None while that is not known."""
    known = model._settle().initializer.data.get(name)
    return model.plan.nodes[name].declared_size if known is None else known
