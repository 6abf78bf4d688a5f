"""Plots of what states hold of past inputs, and of how they forget where they began."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.plotting.canvas import COLOURS, GREY, TRUTH, new_axes, tidy
from nodegraph.plotting.data import found_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["capacity", "contraction", "ranks", "spectrum"]


@known_arguments
def capacity(found: Any, ax: Axes | None = None) -> Axes:
    """Draw information processing capacity, degree by degree, beside what is possible.

    Parameters
    ----------
    found : Capacity
        As `nodegraph.dynamics.information_processing_capacity` returns it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it a new figure is made.
    """
    maker = "information_processing_capacity"
    found = found_whole("capacity", maker, found, "by_degree", "rank", "total")
    ax = ax if ax is not None else new_axes((5.6, 3.8))
    bottom = 0.0
    for k, value in enumerate(np.asarray(found.by_degree, float)):
        label = f"degree {k + 1}: {value:.1f}"
        ax.bar(0, value, 0.5, bottom=bottom, color=COLOURS[k % len(COLOURS)], label=label)
        bottom += value
    ax.axhline(found.rank, color=TRUTH, lw=1.0, ls="--", label=f"independent states: {found.rank}")
    ax.set_xlim(-0.6, 0.6)
    ax.set_xticks([0], [f"total {found.total:.1f}"])
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return tidy(ax, "", "capacity")


@known_arguments
def contraction(found: Any, ax: Axes | None = None) -> Axes:
    """Draw how states that began apart come together.

    Parameters
    ----------
    found : EchoState
        As `nodegraph.dynamics.echo_state_index` returns it.
    ax : matplotlib.axes.Axes, optional
    """
    found = found_whole("contraction", "echo_state_index", found, "distances", "esp_index", "rate")
    ax = ax if ax is not None else new_axes((6.4, 3.6))
    distances = np.asarray(found.distances, float)
    floor = np.finfo(float).tiny
    label = f"index {found.esp_index:.2g}, rate {found.rate:.3g} a step"
    ax.semilogy(np.maximum(distances, floor), color=COLOURS[0], lw=1.4, label=label)
    positive = distances[distances > 0]
    ax.set_ylim(float(positive.min()) / 3, float(positive.max()) * 3)
    ax.legend(loc="upper right", frameon=False)
    return tidy(ax, "time (steps)", "mean distance")


@known_arguments
def ranks(kernel: Any, generalisation: Any, ax: Axes | None = None) -> Axes:
    """Draw the singular values of states that different, and that similar, inputs lead to.

    Parameters
    ----------
    kernel, generalisation : Rank
        As `nodegraph.dynamics.kernel_rank` and `generalisation_rank` return them.
    ax : matplotlib.axes.Axes, optional
    """
    if not all(
        hasattr(each, "values") and hasattr(each, "rank") for each in (kernel, generalisation)
    ):
        raise DataError(
            "ranks: give the whole of what kernel_rank and generalisation_rank return, as in "
            "ng.plotting.ranks(ng.dynamics.kernel_rank(model), "
            "ng.dynamics.generalisation_rank(model))"
        )
    ax = ax if ax is not None else new_axes((6.4, 3.6))
    rows = ("kernel", kernel, COLOURS[0]), ("generalisation", generalisation, COLOURS[1])
    for name, found, colour in rows:
        values = np.maximum(np.asarray(found.values, float), 1e-17)
        places = np.arange(1, len(values) + 1)
        ax.semilogy(places, values, color=colour, lw=1.4, label=f"{name} rank {found.rank}")
    ax.legend(loc="upper right", frameon=False)
    return tidy(ax, "number", "singular value")


@known_arguments
def spectrum(found: Any, ax: Axes | None = None) -> Axes:
    """Draw the spectral radius of the Jacobian as input drives a model.

    Parameters
    ----------
    found : EffectiveRadius
        As `nodegraph.dynamics.effective_spectral_radius` returns it.
    ax : matplotlib.axes.Axes, optional
    """
    found = found_whole("spectrum", "effective_spectral_radius", found, "rows", "radii", "mean")
    ax = ax if ax is not None else new_axes((6.4, 3.4))
    ax.plot(found.rows, found.radii, color=COLOURS[0], lw=1.2, marker="o", ms=3)
    ax.axhline(found.mean, color=COLOURS[1], lw=1.2, ls="--", label=f"mean {found.mean:.3g}")
    ax.axhline(1.0, color=GREY, lw=0.8)
    ax.legend(loc="best", frameon=False)
    return tidy(ax, "row", "spectral radius of the Jacobian")
