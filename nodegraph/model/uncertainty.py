"""Intervals of what a readout says: from what it learned, and adapted to what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError, GraphError
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import Uncertain

__all__ = ["adapted", "intervals_of"]


def intervals_of(model: Any, x: Any, y: Any, rate: float) -> Any:
    """Return the quantiles of the targets at each row; see `nodegraph.Model.intervals`.

    Parameters
    ----------
    model : Model
        It runs on `x`.
    x, y : Any
    rate : float
    """
    name = _output(model.plan)
    node: Any = model.plan.nodes[name]
    sources = _sources(model.plan, name)
    found = model.run(x, outputs=list(dict.fromkeys([name, *sources])))
    apart, params = isinstance(found[name], list), model.params[name]
    told = []
    for i in range(len(found[name]) if apart else 1):
        rows = {each: series[i] if apart else series for each, series in found.items()}
        xs = np.concatenate([rows[source] for source in sources], axis=1)
        told.append(node.bounds(params, xs, rows[name]))
    if y is not None:
        truths = [np.asarray(row, float) for row in (y if apart else [y])]
        pairs = zip(told, [row.reshape(len(row), -1) for row in truths], strict=True)
        told = [adapted(bounds, row, node.intervals, rate) for bounds, row in pairs]
    return told if apart else told[0]


def _output(plan: Plan) -> str:
    """Return the output whose intervals are asked for.

    Raises
    ------
    GraphError
        If there are several outputs, or it has no intervals.
    """
    name = plan.outputs[0]
    if len(plan.outputs) > 1:
        raise GraphError(f"intervals are of one output, and there are {', '.join(plan.outputs)}")
    node: Any = plan.nodes[name]
    if not isinstance(node, Uncertain) or not getattr(node, "intervals", None):
        raise GraphError(
            f"{name} ({type(node).__name__}) keeps no residuals, so it has no intervals: end the "
            "graph in Ridge(intervals=[0.05, 0.95]) and fit, or take ng.Ensemble(graph)"
        )
    return name


def _sources(plan: Plan, name: str) -> tuple[str, ...]:
    """Return the nodes that `name` hears.

    Raises
    ------
    GraphError
        If it hears them later, or nothing but data from outside.
    """
    reads = plan.reads[name].get("x", ())
    if not reads or any(read.delay for read in reads):
        raise GraphError(
            f"intervals need what {name} hears at the same step: lead it through a node in front, "
            f"as in Input() >> Concat() >> {name}, and delayed edges into that Concat"
        )
    return tuple(read.source for read in reads)


def adapted(bounds: Array, y: Array, levels: Sequence[float], rate: float) -> Array:
    """Return bounds that are moved on after each step by whether the target was below them [1]_.

    ``q[t+1] = q[t] + rate s (level - 1(y[t] <= q[t]))``, for what is added to a bound; s is the
    mean width of the intervals, or the mean error where there is one level alone. In the long run
    the share below each bound is its level, whatever the data do.

    Parameters
    ----------
    bounds : ndarray, shape (n_steps, n_out, n_levels)
    y : ndarray, shape (n_steps, n_out)
        A row with a NaN moves nothing.
    levels : sequence of float
    rate : float

    References
    ----------
    .. [1] I. Gibbs, E. Candes, Advances in Neural Information Processing Systems 34 (2021).
    """
    if y.shape != bounds.shape[:2]:
        raise DataError(f"intervals: y should have shape {bounds.shape[:2]}, got {y.shape}")
    wide = np.abs(bounds[..., -1] - bounds[..., 0]).mean(axis=0)
    error = np.nanmean(np.abs(y - bounds.mean(axis=2)), axis=0)
    size = rate * np.where(wide > 0, wide, error)[:, None]
    moved, shift = np.empty_like(bounds), np.zeros(bounds.shape[1:])
    for t, row in enumerate(bounds):
        moved[t] = row + shift
        below = y[t][:, None] <= moved[t]
        step = size * (np.asarray(levels) - below)
        shift = shift + np.where(np.isfinite(y[t])[:, None], step, 0.0)
    return np.sort(moved, axis=2)
