"""Plots over time: prediction beside target, states, and a model that goes on alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.plotting.canvas import (
    COLOURS,
    GREY,
    TRUTH,
    Lanes,
    heat,
    new_axes,
    stack_lanes,
    tidy,
)
from nodegraph.plotting.data import (
    check_same_shape,
    chosen,
    column_names,
    label_times,
    lane_names,
    row_index,
    series,
    times,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["generation", "prediction", "states"]

Floats = npt.NDArray[np.float64]


@known_arguments
def prediction(
    y: npt.ArrayLike,
    y_hat: npt.ArrayLike,
    third: Any = None,
    *,
    ax: Axes | None = None,
    index: Any = None,
    outputs: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    start: int = 0,
    label: str | None = None,
    band: npt.ArrayLike | None = None,
) -> Axes:
    """Draw a target and its prediction over time; several outputs stand one above the other.

    ``prediction(y, y_hat)``, ``prediction(index, y, y_hat)`` or ``prediction(y, y_hat, ax)``.

    Parameters
    ----------
    y, y_hat : array (n_steps, n_out) or (n_steps,)
        Target and prediction; a NaN leaves a gap. A table of pandas brings its index, and the
        names of its columns.
    third : array or matplotlib.axes.Axes, optional
        The prediction, if an index stands first; or `ax`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it a new figure is made. A notebook shows it, and ``plt.show()`` of
        a script that imported pyplot before.
    index : sequence of numbers or dates (n_steps,), optional
        What stands on the axis of time; steps without it.
    outputs : sequence of int, optional
        Which outputs to draw; the first six without it.
    names : sequence of str, optional
        Name of each drawn output, or of each output.
    start : int
        Step at which the series begins, for an axis of time without an index.
    label : str, optional
        What is written at the axis of values, such as a unit; the name of a single output
        without it.
    band : array (n_steps, n_out, n_levels), optional
        Quantiles, as `nodegraph.Model.intervals` gives them: what lies between the first and the
        last is shaded.

    Returns
    -------
    matplotlib.axes.Axes
        ``ax.figure.savefig("prediction.png")`` saves it.

    Raises
    ------
    DataError
        If the two shapes differ or an output does not exist.

    Examples
    --------
    >>> len(prediction([0.0, 1.0, 0.0], [0.1, 0.9, 0.2]).lines)
    2
    """
    if _is_axes(third):
        ax = third
    elif third is not None:
        index, y, y_hat = y, y_hat, third
    index = row_index(y, y_hat) if index is None else index
    target, guess = series("prediction", "y", y), series("prediction", "y_hat", y_hat)
    check_same_shape("prediction", target, guess)
    shown = chosen("prediction", "outputs", outputs, target.shape[1])
    labels = lane_names(names, shown, column_names(y, y_hat))
    steps = times("prediction", index, len(target), start)
    ends = _ends(band, target)
    ax = ax if ax is not None else new_axes((9.0, 2.2 + 0.8 * len(shown)))
    lanes = Lanes(np.vstack([target, guess, *ends])[:, shown])
    for lane, column in enumerate(shown):
        if ends:
            low, high = (lanes(part[:, column], lane) for part in ends)
            ax.fill_between(steps, low, high, color=COLOURS[1], alpha=0.25, lw=0)
        for values, colour, width, style, what in (
            (target, TRUTH, 1.6, "-", "target"),
            (guess, COLOURS[1], 1.3, "--", "prediction"),
        ):
            told = None if lane else what
            line = lanes(values[:, column], lane)
            ax.plot(steps, line, color=colour, lw=width, ls=style, label=told)
    stack_lanes(ax, lanes, labels, label_times(ax, steps, index))
    if label is not None:
        ax.set_ylabel(label)
    return ax


def _ends(band: npt.ArrayLike | None, target: Floats) -> list[Floats]:
    """Return the lower and the upper end of a band, or nothing without one."""
    if band is None:
        return []
    bounds = np.asarray(band, float)
    if bounds.ndim == 2:
        bounds = bounds[:, None]
    if bounds.ndim != 3 or bounds.shape[:2] != target.shape or bounds.shape[2] < 2:
        raise DataError(
            f"prediction: band should have shape {(*target.shape, 2)}, as model.intervals(x) gives "
            f"it, got {np.shape(band)}"
        )
    return [bounds[..., 0], bounds[..., -1]]


def _is_axes(value: Any) -> bool:
    from matplotlib.axes import Axes

    return isinstance(value, Axes)


@known_arguments
def states(
    xs: npt.ArrayLike,
    ax: Axes | None = None,
    *,
    units: Sequence[int] | int = 6,
    raster: bool = False,
) -> Axes:
    """Draw the states of some units over time, as lines or as a raster of colours.

    Parameters
    ----------
    xs : array (n_steps, n_units)
        States, as ``model.run(x, outputs=["reservoir"])`` gives them.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it a new figure is made.
    units : int or sequence of int
        How many units, evenly chosen, or which.
    raster : bool
        Show every unit (or those in a sequence `units`) as a row of colours instead of lines.

    Raises
    ------
    DataError
        If a unit does not exist or `xs` is not two-dimensional.
    """
    values, index, names = series("states", "xs", xs), row_index(xs), column_names(xs)
    n_units = values.shape[1]
    if raster:
        every = range(n_units) if isinstance(units, int) else units
        return _raster(values[:, chosen("states", "units", every, n_units, n_units)], ax)
    if isinstance(units, int):
        units = [int(k) for k in np.unique(np.linspace(0, n_units - 1, max(units, 1)).astype(int))]
    shown = chosen("states", "units", units, n_units, n_units)
    ax = ax if ax is not None else new_axes((9.0, 3.6))
    steps = times("states", index, len(values))
    for place, unit in enumerate(shown):
        name = f"unit {unit}" if names is None else names[unit]
        ax.plot(steps, values[:, unit], lw=1.1, color=COLOURS[place % 6], label=name)
    if len(shown) <= 10:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small")
    return tidy(ax, label_times(ax, steps, index), "state")


@known_arguments
def generation(
    prompt: npt.ArrayLike,
    truth: npt.ArrayLike,
    generated: npt.ArrayLike,
    ax: Axes | None = None,
    *,
    outputs: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    threshold: float = 0.4,
) -> Axes:
    """Draw how a model goes on alone after a prompt, and where it leaves the truth.

    The mark stands at the first step whose error over all outputs exceeds
    ``threshold * sqrt(mean over time of |truth - mean|^2)``.

    Parameters
    ----------
    prompt : array (n_prompt, n_out)
        What the model was shown.
    truth, generated : array (n_steps, n_out)
        How the series went on, and how the model made it go on.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it a new figure is made.
    outputs : sequence of int, optional
        Which outputs to draw; the first six without it.
    names : sequence of str, optional
        Name of each drawn output, or of each output; those of the columns without it.
    threshold : float
        Normalised error that counts as having left the truth.
    """
    shown_first = series("generation", "prompt", prompt)
    target, own = (
        series("generation", "truth", truth),
        series("generation", "generated", generated),
    )
    check_same_shape("generation", target, own, ("truth", "generated"))
    check_same_shape("generation", target[:0], shown_first[:0], ("truth", "prompt"))
    shown = chosen("generation", "outputs", outputs, target.shape[1])
    ax = ax if ax is not None else new_axes((9.0, 2.2 + 0.8 * len(shown)))
    lanes = Lanes(np.vstack([shown_first, target])[:, shown])
    before, after = np.arange(-len(shown_first), 0), np.arange(len(target))
    for lane, column in enumerate(shown):
        for steps, values, colour, style, what in (
            (before, shown_first, GREY, "-", "prompt"),
            (after, target, TRUTH, "-", "truth"),
            (after, own, COLOURS[1], "--", "generated"),
        ):
            label = None if lane else what
            ax.plot(steps, lanes(values[:, column], lane), color=colour, ls=style, label=label)
    ax.axvline(0, color=GREY, lw=0.8)
    _mark_departure(ax, target, own, threshold)
    return stack_lanes(
        ax, lanes, lane_names(names, shown, column_names(truth, prompt)), "steps after the prompt"
    )


def _raster(values: Floats, ax: Axes | None) -> Axes:
    ax = ax if ax is not None else new_axes((9.0, 4.0))
    return heat(ax, values.T, "time (steps)", "unit", "state")


def _mark_departure(ax: Axes, truth: Floats, own: Floats, threshold: float) -> None:
    known = np.isfinite(truth).all(axis=1)
    spread = truth[known] - truth[known].mean(axis=0) if known.any() else truth[known]
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.linalg.norm(truth - own, axis=1)
    most = threshold * np.linalg.norm(spread) / np.sqrt(max(known.sum(), 1))
    gone = np.flatnonzero(known & ~(error <= most))
    if gone.size:
        label = f"error above {threshold:g} at step {gone[0]}"
        ax.axvline(float(gone[0]), color=COLOURS[0], lw=1.2, ls=":", label=label)
