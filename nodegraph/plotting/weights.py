"""Plots of matrices: eigenvalues on the unit circle and readout weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.plotting.canvas import COLOURS, GREY, TRUTH, heat, new_axes, tidy
from nodegraph.plotting.data import check_filled, numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["eigenvalues", "readout_weights"]

MOST_ROWS = 5000


@known_arguments
def eigenvalues(W: Any, ax: Axes | None = None) -> Axes:
    """Draw the eigenvalues of a recurrent matrix beside the unit circle.

    Parameters
    ----------
    W : array or scipy.sparse matrix (units, units)
        Recurrent weights; a sparse matrix is made dense first.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it a new figure is made.

    Raises
    ------
    DataError
        If `W` is not square, not finite, or has more than 5000 rows.
    """
    values = _eigenvalues(W)
    ax = ax if ax is not None else new_axes((5.0, 5.0))
    angle = np.linspace(0.0, 2 * np.pi, 400)
    radius = float(np.abs(values).max())
    ax.plot(np.cos(angle), np.sin(angle), color=TRUTH, lw=1.0, label="unit circle")
    ring = radius * np.cos(angle), radius * np.sin(angle)
    ax.plot(*ring, color=COLOURS[1], lw=1.0, ls="--", label=f"spectral radius {radius:.3g}")
    ax.scatter(values.real, values.imag, s=12, color=COLOURS[0], alpha=0.7, linewidths=0)
    ax.set_aspect("equal")
    ax.locator_params(nbins=6)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    return tidy(ax, "real part", "imaginary part")


@known_arguments
def readout_weights(W_out: npt.ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw the weights of a readout: as stems for one output, as colours for several.

    Parameters
    ----------
    W_out : array (n_out, n_in)
        Weights; a vector is one output.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it a new figure is made.
    """
    weights = np.atleast_2d(numbers("readout_weights", "W_out", W_out))
    check_filled(2, "readout_weights", "W_out", weights)
    ax = ax if ax is not None else new_axes((9.0, 3.0 + 0.08 * min(len(weights), 30)))
    if len(weights) > 1:
        return heat(ax, weights, "input of the readout", "output", "weight")
    ax.vlines(np.arange(weights.size), 0.0, weights[0], color=COLOURS[0], lw=1.0)
    ax.axhline(0.0, color=GREY, lw=0.8)
    return tidy(ax, "input of the readout", "weight")


def _eigenvalues(W: Any) -> npt.NDArray[np.complex128]:
    dense = numbers("eigenvalues", "W", W.toarray() if hasattr(W, "toarray") else W)
    if dense.ndim != 2 or dense.shape[0] != dense.shape[1] or not dense.size:
        raise DataError(f"eigenvalues: W has shape {dense.shape}; give a square matrix")
    if len(dense) > MOST_ROWS or not np.isfinite(dense).all():
        raise DataError(f"eigenvalues: W must be finite with at most {MOST_ROWS} rows")
    return np.asarray(np.linalg.eigvals(dense), complex)
