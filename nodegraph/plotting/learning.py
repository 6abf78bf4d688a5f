"""Plots of learning: how each node did while it learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.plotting.canvas import COLOURS, new_axes, tidy
from nodegraph.plotting.data import numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["learning_curves"]


@known_arguments
def learning_curves(
    curves: Any,
    ax: Axes | None = None,
    *,
    what: str = "change",
    nodes: Sequence[str] | None = None,
) -> Axes:
    """Draw one quantity of the nodes that have it over the steps that they learned from.

    Parameters
    ----------
    curves : Model, or dict of dict of array
        The model, or its ``model.curves``, as ``model.partial_fit(x, y, watch=True)`` leaves them.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it a new figure is made.
    what : str
        ``"change"``, ``"error"``, or what a rule measures itself, such as ``"skill"``.
    nodes : sequence of str, optional
        Which nodes to draw; all that have the quantity without it.

    Raises
    ------
    DataError
        If it is no curves, no node was watched, or none has the quantity.

    Examples
    --------
    >>> curves = {"readout": {"step": [64, 128], "error": [0.5, 0.1]}}
    >>> len(learning_curves(curves, what="error").lines)
    1
    """
    curves = getattr(curves, "curves", curves)
    if not isinstance(curves, Mapping):
        raise DataError(
            f"learning_curves: expected a model or model.curves, got {type(curves).__name__}"
        )
    if not curves:
        raise DataError("learning_curves: nothing was watched; learn with watch=True")
    shown = [name for name in (curves if nodes is None else nodes) if what in curves.get(name, {})]
    if not shown:
        known = sorted({key for curve in curves.values() for key in curve if key != "step"})
        raise DataError(
            f"learning_curves: no node has {what!r}; "
            f"nodes are {', '.join(curves)}, with {', '.join(known)}"
        )
    ax = ax if ax is not None else new_axes((9.0, 3.6))
    logarithmic = what in ("error", "change") and any(
        (numbers("", what, curves[name][what]) > 0).any() for name in shown
    )
    for place, name in enumerate(shown):
        steps = numbers("learning_curves", "step", curves[name]["step"])
        values = numbers("learning_curves", what, curves[name][what])
        if logarithmic:
            values = np.where(values > 0, values, np.nan)  # a zero has no place there: a gap
        ax.plot(steps, values, lw=1.3, color=COLOURS[place % 6], label=name)
    ax.set_yscale("log" if logarithmic else "linear")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small")
    return tidy(ax, "learning (steps)", what)
