"""Columns beside others that count the rows, or tell their time, and so are no signals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import Series
from nodegraph.data.tables import Columns
from nodegraph.errors import warn
from nodegraph.graph.messages.phrases import columns_in_words

__all__ = ["clocks", "warn_of_clocks"]


def warn_of_clocks(series: Series, columns: Mapping[str, Columns]) -> None:
    """Warn of columns beside others that count the rows of a series, or tell their time."""
    for name, rows in series.data.items():
        if found := clocks(rows):
            titles = columns[name].names if name in columns else ()
            steps = ", ".join(f"{step:.6g}" for step in found.values())
            warn(
                f"{name}: {columns_in_words([*found], titles=titles)} at every row {steps} more, "
                "as a clock or a count of rows is: all rows to come lie outside of what was "
                "learned; leave it out, or let it call the rows (the index of a table; in YAML "
                "time: NAME)"
            )


FEWEST = 50  # rows that rise evenly by more than chance
SPREAD = 64  # rows that are looked at before all are
EVEN, USUAL = 1e-6, 0.9  # of a step that is like others; of the steps, where some rows are missing


def clocks(rows: Array) -> dict[int, float]:
    """Return by how much columns rise at every row that count rows or tell the time.

    They are nowhere a step or more beside a straight line, or, where rows are missing, nine of ten
    steps are alike and none goes back. Of few rows there are none, nor where all columns are such.

    Parameters
    ----------
    rows : array, shape (n_steps, n)
        A column with a NaN is no clock.

    Examples
    --------
    >>> t = np.arange(60.0)
    >>> clocks(np.column_stack([np.sin(t), 0.02 * t, 2000 - t, t**2]))
    {1: 0.02, 2: -1.0}
    >>> clocks(np.column_stack([t, 2 * t]))
    {}
    """
    if len(rows) < FEWEST:
        return {}
    spread = np.unique(np.linspace(0, len(rows) - 1, SPREAD).astype(int))
    ways = np.sign(np.diff(rows[spread].astype(float), axis=0))
    likely = np.flatnonzero((ways == ways[0]).all(axis=0) & (ways[0] != 0))
    found = {int(i): step for i in likely if (step := _tick(rows[:, i].astype(float)))}
    return {} if len(found) == rows.shape[1] else found


def _tick(column: Array) -> float:
    """Return the usual step of a clock, 0 of what is none."""
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(column)
        step = float(np.median(steps))
        mean = (column[-1] - column[0]) / len(steps)
        if (np.abs(column - column[0] - mean * np.arange(len(column))) < abs(mean)).all():
            return float(mean)
        rounding = 4 * np.finfo(float).eps * np.abs(column).max()
        alike = np.abs(steps - step) <= EVEN * abs(step) + rounding
    return step if (steps * step > 0).all() and alike.mean() >= USUAL else 0.0
