"""Plots of how a system moves and remembers: phase portraits and memory-capacity curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.plotting.canvas import COLOURS, new_axes, tidy
from nodegraph.plotting.data import chosen, column_names, series

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["memory_capacity", "phase_portrait"]

Floats = npt.NDArray[np.float64]


@known_arguments
def phase_portrait(
    xs: npt.ArrayLike,
    dims: Sequence[int] = (0, 1),
    ax: Axes | None = None,
    *,
    lag: int = 1,
    names: Sequence[str] | None = None,
) -> Axes:
    """Draw one variable over another (or three in space); one series over its own past.

    Parameters
    ----------
    xs : array (n_steps, n) or (n_steps,)
        Trajectory. With a single column, dimension k is the series `k * lag` steps earlier.
    dims : two or three ints
        Which columns; three give a projection of space.
    ax : matplotlib.axes.Axes, optional
        Where to draw, with ``projection="3d"`` for three; without it a new figure is made.
    lag : int
        Delay of the embedding of a single series, in steps.
    names : sequence of str, optional
        Names of the columns; as a table of pandas has them without it.

    Raises
    ------
    DataError
        If a column does not exist, or the series is shorter than its embedding.
    """
    values = _embedded(series("phase_portrait", "xs", xs), dims, lag)
    if len(dims) not in (2, 3):
        raise DataError(f"phase_portrait: dims has {len(dims)} entries; give two or three columns")
    shown = chosen("phase_portrait", "dims", dims, values.shape[1], 3)
    space = len(shown) == 3
    ax = ax if ax is not None else new_axes((5.4, 5.0), "3d" if space else None)
    ax.plot(*values[:, shown].T, color=COLOURS[0], lw=0.8, alpha=0.9)
    single = np.ndim(xs) == 1 or np.shape(xs)[1] == 1
    known = None if single else names or column_names(xs)
    called = [_embedding_name(k * lag) if single else known[k] if known else f"x{k}" for k in shown]
    if space:
        ax.set_zlabel(called[2])  # type: ignore[attr-defined]
    return tidy(ax, called[0], called[1], grid=False)


@known_arguments
def memory_capacity(curve: npt.ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw how much of its past input a reservoir still holds, delay by delay.

    Parameters
    ----------
    curve : array (n_delays,)
        Squared correlation between the input k steps ago and its best linear reconstruction,
        for k = 1, 2, ...; the sum is the memory capacity.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it a new figure is made.

    References
    ----------
    Jaeger (2001). Short term memory in echo state networks. GMD report 152.
    """
    values = series("memory_capacity", "curve", curve)
    if values.shape[1] != 1:
        raise DataError(f"memory_capacity: curve has shape {values.shape}; give one value a delay")
    ax = ax if ax is not None else new_axes((8.0, 3.4))
    delays = np.arange(1, len(values) + 1)
    ax.fill_between(delays, values[:, 0], color=COLOURS[0], alpha=0.18, lw=0)
    label = f"memory capacity {np.nansum(values):.1f}"
    ax.plot(delays, values[:, 0], color=COLOURS[0], lw=1.6, label=label)
    ax.set_ylim(0.0, 1.05)
    ax.set_xlim(1, max(len(values), 2))
    ax.legend(loc="upper right", frameon=False)
    return tidy(ax, "delay (steps)", "squared correlation")


def _embedded(values: Floats, dims: Sequence[int], lag: int) -> Floats:
    if values.shape[1] > 1:
        return values
    reach = max([0, *dims]) * lag
    if lag < 1 or min([0, *dims]) < 0 or reach >= len(values):
        raise DataError(
            f"phase_portrait: {len(values)} steps cannot be embedded with dims {tuple(dims)} and "
            f"lag {lag}; a series needs more than max(dims) * lag steps and a lag of at least 1"
        )
    columns = [values[reach - k * lag : len(values) - k * lag, 0] for k in range(max(dims) + 1)]
    return np.stack(columns, axis=1)


def _embedding_name(back: int) -> str:
    return f"x[t-{back}]" if back else "x[t]"
