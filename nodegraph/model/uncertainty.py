"""Intervals of what a readout says: from what it learned, and adapted to what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.containers import axes, opened
from nodegraph.errors import DataError, FieldError, GraphError
from nodegraph.graph.blocks import Read
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import keeps_intervals
from nodegraph.model.checks import rows_like
from nodegraph.model.drift import Drift
from nodegraph.model.horizon_warnings import warn_of_times

__all__ = ["arriving", "bounds_of", "intervals_of", "refuse_unheard"]

RATE = 0.05


def intervals_of(model: Any, x: Any, y: Any, rate: float | None) -> Any:
    """Return the quantiles of the targets at each row; see `nodegraph.Model.intervals`.

    Parameters
    ----------
    model : Model
        It runs on `x`; if that or `y` cannot be, it stays where it was.
    x, y : Any
    rate : float, optional
    """
    name, pace = _output(model.plan), _checked_rate(rate, y)
    before = model._settle()
    if y is not None:
        tables = opened(x, "intervals: x"), opened(y, "intervals: y")
        warn_of_times(before, *tables, "intervals: y")
    try:
        return _moved_on(model, name, x, y, pace)
    except BaseException:
        model._hold(before)
        raise


def _moved_on(model: Any, name: str, x: Any, y: Any, rate: float) -> Any:
    node: Any = model.plan.nodes[name]
    found = bounds_of(model, x, outputs=[name])[name]
    stacked = isinstance(found, np.ndarray) and found.ndim == 4
    apart = stacked or isinstance(found, list)
    told = list(found) if apart else [found]
    truths = _truths(y, [bounds.shape[:2] for bounds in told], apart)
    state, start = model._settle(), Drift.begin(*told[0].shape[1:])
    here = start if apart or state.stream.drift is None else state.stream.drift
    pairs = zip(told, truths, strict=True)
    moved = [here.over(bounds, rows, node.intervals, rate) for bounds, rows in pairs]
    if apart:
        series = [bounds for bounds, _ in moved]
        return np.stack(series) if stacked else series
    if y is not None:
        state.stream = state.stream._replace(drift=moved[0][1])
    return moved[0][0]


def bounds_of(
    model: Any, x: Any = None, *, outputs: Sequence[str], **options: Any
) -> dict[str, Any]:
    """Return by readout the quantiles that it learned for each row; the model moves on.

    Parameters
    ----------
    model : Model
    x : Any
    outputs : sequence of str
        Readouts that keep intervals.
    options : dict
        What else `Model.run` takes.

    Returns
    -------
    dict of ndarray (n_steps, n_out, n_levels), or of lists or stacks of such

    Raises
    ------
    GraphError
        If one hears nothing but data from outside.
    """
    reads = {name: _reads(model.plan, name) for name in outputs}
    pasts = {source: slot.past for source, slot in model._settle().slots.items()}
    heard = [read.source for each in reads.values() for read in each]
    found = model.run(x, outputs=list(dict.fromkeys([*outputs, *heard])), **options)
    return {name: _bounds(model, name, reads[name], found, pasts) for name in outputs}


def _bounds(
    model: Any,
    name: str,
    reads: Sequence[Read],
    found: Mapping[str, Any],
    pasts: Mapping[str, Array],
) -> Any:
    """Return the quantiles of a readout, from what it heard and gave out."""
    node, params = model.plan.nodes[name], model.params[name]
    if isinstance(found[name], np.ndarray) and found[name].ndim == 2:
        xs = np.concatenate([arriving(found[r.source], r, pasts) for r in reads], axis=1)
        return node.bounds(params, xs, found[name])
    told = []
    for i, rows in enumerate(found[name]):
        xs = np.concatenate([arriving(found[r.source][i], r, {}) for r in reads], axis=1)
        told.append(node.bounds(params, xs, rows))
    return told if isinstance(found[name], list) else np.stack(told)


def refuse_unheard(plan: Plan, name: str) -> None:
    """Refuse a readout whose intervals could not be told.

    Raises
    ------
    GraphError
        If it hears nothing but data from outside.
    """
    _reads(plan, name)


def _checked_rate(rate: float | None, y: Any) -> float:
    """Return how fast bounds move."""
    if rate is None:
        return RATE
    if y is None:
        raise DataError(
            f"intervals: rate={rate!r} says how fast bounds follow what came, and there is no y; "
            "give y, or leave rate out"
        )
    number = isinstance(rate, int | float | np.number) and not isinstance(rate, bool)
    if not number or not 0 <= rate < np.inf:
        raise FieldError(f"intervals: rate should be a number of at least 0, got {rate!r}")
    return float(rate)


def _truths(y: Any, shapes: list[tuple[int, ...]], apart: bool) -> list[Array | None]:
    """Return what came at the rows of each series.

    Raises
    ------
    DataError
        If it is not of their shapes.
    """
    if y is None:
        return [None] * len(shapes)
    y = opened(y, "intervals: y")
    several = isinstance(y, list | tuple) or axes(y) == 3
    if apart and (not several or len(y) != len(shapes)):
        said = f"{len(y)}" if several else f"a {type(y).__name__}"
        raise DataError(f"intervals: x is a list of {len(shapes)} series, y should be, got {said}")
    return [
        rows_like(one, shape, "intervals: y")
        for one, shape in zip(y if apart else [y], shapes, strict=True)
    ]


def _output(plan: Plan) -> str:
    """Return the output whose intervals are asked for.

    Raises
    ------
    GraphError
        If there are several outputs, or it has no intervals.
    """
    name = plan.outputs[0]
    if len(plan.outputs) > 1:
        raise GraphError(
            f"intervals are of one output, and there are {', '.join(plan.outputs)}; let one "
            "readout learn all targets, as columns, or make a model of each"
        )
    if not keeps_intervals(plan.nodes[name]):
        kind = type(plan.nodes[name]).__name__
        raise GraphError(
            f"{name} ({kind}) keeps no residuals, so it has no intervals: end the "
            "graph in Ridge(intervals=[0.05, 0.95]) and fit, or take ng.Ensemble(graph)"
        )
    return name


def _reads(plan: Plan, name: str) -> tuple[Read, ...]:
    """Return what `name` hears, from whom and how late.

    Raises
    ------
    GraphError
        If it hears nothing but data from outside.
    """
    reads = plan.reads[name].get("x", ())
    if not reads:
        raise GraphError(
            f"intervals need to see what {name} hears: lead the data through a node in front, as "
            f"in Input() >> {name}"
        )
    return reads


def arriving(rows: Array, read: Read, pasts: Mapping[str, Array]) -> Array:
    """Return what an edge brings at each row, of outputs and of those before them; else zeros."""
    if not read.delay:
        return rows
    past = pasts.get(read.source, rows[:0])[-read.delay :]
    nothing = np.zeros((read.delay - len(past), rows.shape[1]), rows.dtype)
    heard: Array = np.concatenate([nothing, past, rows])[: len(rows)]
    return heard
