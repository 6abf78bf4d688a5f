"""Plots of a system in the long run: exponents, neighbours that part, spectra, return maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.plotting.canvas import COLOURS, GREY, TRUTH, new_axes, tidy
from nodegraph.plotting.data import found_whole, series

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["divergence", "histograms", "lyapunov", "power_spectra", "return_map"]


@known_arguments
def lyapunov(found: Any, ax: Axes | None = None) -> Axes:
    """Draw how Lyapunov exponents settle.

    Parameters
    ----------
    found : Lyapunov
        As `nodegraph.dynamics.lyapunov_exponents` returns it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it a new figure is made.
    """
    found = found_whole("lyapunov", "lyapunov_exponents", found, "times", "course")
    times, course = series("lyapunov", "times", found.times), np.asarray(found.course, float)
    ax = ax if ax is not None else new_axes((8.0, 3.6))
    shown = np.isfinite(course).all(axis=0)
    for k in np.flatnonzero(shown)[:12]:
        label = f"{course[-1, k]:.3g}"
        ax.plot(times[:, 0], course[:, k], color=COLOURS[k % len(COLOURS)], lw=1.2, label=label)
    ax.axhline(0.0, color=GREY, lw=0.8)
    tail = course[len(course) // 20 :, shown]
    if tail.size:
        room = 0.1 * (float(np.ptp(tail)) or 1.0)
        ax.set_ylim(float(tail.min()) - room, float(tail.max()) + room)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return tidy(ax, "time", "Lyapunov exponents")


@known_arguments
def divergence(found: Any, ax: Axes | None = None) -> Axes:
    """Draw how neighbours in a series part, and the line whose slope is the largest exponent.

    Parameters
    ----------
    found : Divergence
        As `nodegraph.dynamics.largest_exponent` returns it.
    ax : matplotlib.axes.Axes, optional
    """
    found = found_whole("divergence", "largest_exponent", found, "times", "logs", "fit", "exponent")
    ax = ax if ax is not None else new_axes((6.4, 3.8))
    times, logs = np.asarray(found.times, float), np.asarray(found.logs, float)
    rows = slice(*found.fit)
    ax.plot(times, logs, color=COLOURS[0], lw=1.4)
    middle = logs[rows].mean() + found.exponent * (times[rows] - times[rows].mean())
    label = f"slope {found.exponent:.3g}"
    ax.plot(times[rows], middle, color=COLOURS[1], lw=2.4, ls="--", label=label)
    ax.legend(loc="lower right", frameon=False)
    return tidy(ax, "time", "mean log distance")


@known_arguments
def return_map(
    pairs: npt.ArrayLike, other: npt.ArrayLike | None = None, ax: Axes | None = None
) -> Axes:
    """Draw each maximum over the one before it, of the data and of what a model made.

    Parameters
    ----------
    pairs, other : array (n, 2)
        As `nodegraph.dynamics.return_map` returns them; the second is drawn above the first.
    ax : matplotlib.axes.Axes, optional

    Raises
    ------
    DataError
        If pairs do not come as such.
    """
    ax = ax if ax is not None else new_axes((5.0, 5.0))
    for name, given, colour in (("data", pairs, TRUTH), ("model", other, COLOURS[1])):
        if given is None:
            continue
        points = series("return_map", "pairs", given)
        if points.shape[1] != 2:
            raise DataError(f"return_map: pairs have shape {points.shape}; give (n, 2)")
        ax.scatter(
            points[:, 0], points[:, 1], s=8, color=colour, alpha=0.7, linewidths=0, label=name
        )
    if other is not None:
        ax.legend(loc="upper right", frameon=False)
    return tidy(ax, "maximum", "next maximum")


@known_arguments
def power_spectra(
    frequencies: npt.ArrayLike, y: npt.ArrayLike, y_hat: npt.ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Draw the share of the power at each frequency, the mean over columns.

    Parameters
    ----------
    frequencies : array (n,)
    y, y_hat : array (n, d)
        Of the data and of what a model made, as `nodegraph.dynamics.power_spectrum` returns them.
    ax : matplotlib.axes.Axes, optional

    Raises
    ------
    DataError
        If there are not as many shares as frequencies.
    """
    ax = ax if ax is not None else new_axes((8.0, 3.6))
    across = series("power_spectra", "frequencies", frequencies)[:, 0]
    for name, given, colour in (("data", y, TRUTH), ("model", y_hat, COLOURS[1])):
        if given is None:
            continue
        power = series("power_spectra", "y", given).mean(axis=1)
        if len(power) != len(across):
            raise DataError(
                f"power_spectra: {len(across)} frequencies, {len(power)} values; cut both series "
                "to one length"
            )
        ax.semilogy(across[1:], np.maximum(power[1:], 1e-16), color=colour, lw=1.2, label=name)
    if y_hat is not None:
        ax.legend(loc="upper right", frameon=False)
    return tidy(ax, "frequency", "share of the power")


@known_arguments
def histograms(
    y: npt.ArrayLike, y_hat: npt.ArrayLike, column: int = 0, bins: int = 50, ax: Axes | None = None
) -> Axes:
    """Draw how often values are taken, by the data and by a model that runs by itself.

    Parameters
    ----------
    y, y_hat : array (n_steps, d)
    column : int
        Which of them, from 0.
    bins : int
        How many, over the range of both.
    ax : matplotlib.axes.Axes, optional

    Raises
    ------
    DataError
        If there is no such column.
    """
    ax = ax if ax is not None else new_axes((6.4, 3.6))
    both = [series("histograms", name, given) for name, given in (("y", y), ("y_hat", y_hat))]
    if column >= min(part.shape[1] for part in both) or column < 0:
        most = min(part.shape[1] for part in both) - 1
        raise DataError(f"histograms: there is no column {column}; there are 0 to {most}")
    values = [part[:, column] for part in both]
    ends = min(part.min() for part in values), max(part.max() for part in values)
    for name, part, colour in zip(("data", "model"), values, (TRUTH, COLOURS[1]), strict=True):
        ax.hist(
            part, bins, range=ends, density=True, histtype="step", color=colour, lw=1.4, label=name
        )
    ax.legend(loc="upper right", frameon=False)
    return tidy(ax, "value", "density")
