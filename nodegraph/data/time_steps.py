"""How the rows of a series follow each other in time: forward, back, twice, or after a gap."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import warn

__all__ = ["check_steps", "odd_steps"]

RARE = 0.05  # of all steps: what is odd more often than this is how the series was sampled
GAP = 1.5  # times the usual step; months and years differ by less


def check_steps(table: Any, where: str) -> None:
    """Warn if the index of a table of pandas says that its rows are not steps in a row."""
    index = getattr(table, "index", None) if hasattr(type(table), "iloc") else None
    if index is not None and hasattr(index, "to_timestamp"):
        index = index.to_timestamp()  # periods
    if index is None or index.nlevels > 1 or index.dtype.kind not in "Mmiuf":
        return
    dated = index.dtype.kind in "Mm"
    times = index.to_numpy(f"{index.dtype.kind}8[ns]") if dated else index.to_numpy()
    said = [_unknown(times), odd_steps(times)]
    if any(said):
        odd = "; ".join(filter(None, said))
        warn(f"{where}: {odd}; x.to_numpy() has no index, and is taken as it stands")


def _unknown(times: Array) -> str:
    unknown = np.flatnonzero(times != times)
    if not unknown.size:
        return ""
    more = f" and {len(unknown) - 1} more" * (len(unknown) > 1)
    return f"row {unknown[0]}{more} has no time ({times[unknown[0]]}); write it, or leave it out"


def odd_steps(times: Array) -> str:
    """Return what is odd about the times of rows, and the cure; else nothing.

    Rows that go back in time; and, where they are few, rows at the time of the row before and
    steps longer than 1.5 times the usual one. Each row is one step of a model, however long. Rows
    whose time is unknown (NaN, NaT) are passed over.

    Parameters
    ----------
    times : array of numbers or dates, shape (n_rows,)
        When each row was taken.

    Examples
    --------
    >>> odd_steps(np.array([3, 2, 4]))
    'rows go back in time once, first from 3 to 2 (rows 0 and 1, from 0); sort them by time, or \
cut them into series'
    """
    rows = np.flatnonzero(times == times)
    steps = np.diff(times[rows])
    zero = steps.dtype.type(0)
    if (back := steps < zero).any():
        where = _place(back, times, rows)
        return f"rows go back in time {where}; sort them by time, or cut them into series"
    if _some(same := steps == zero):
        return (
            f"rows have the time of the row before {_place(same, times, rows)}; leave one of two "
            "out, or cut them into series"
        )
    next_row = np.diff(rows) == 1
    usual = np.median(steps[next_row]) if next_row.any() else zero
    if usual > zero and _some(gaps := (steps > GAP * usual) & next_row):
        return (
            f"rows are {_shown(usual)} apart, but more {_place(gaps, times, rows)}; each row is "
            "one step: fill in what is missing (empty cells, for Impute() or Hold()), or cut the "
            "series there"
        )
    return ""


def _some(odd: Array) -> bool:
    return bool(0 < odd.mean() <= RARE) if len(odd) else False


def _place(odd: Array, times: Array, rows: Array) -> str:
    count = int(odd.sum())
    often = "once" if count == 1 else f"{count} times"
    one, other = rows[odd.argmax() :][:2]
    return f"{often}, first from {times[one]} to {times[other]} (rows {one} and {other}, from 0)"


def _shown(step: Any) -> str:
    """Return a step of numbers or of dates in words.

    Examples
    --------
    >>> _shown(np.timedelta64(7200, "s")), _shown(0.5)
    ('2 h', '0.5')
    """
    if not isinstance(step, np.timedelta64):
        return f"{step:g}"
    seconds = step / np.timedelta64(1, "s")
    size, unit = next((s, u) for s, u in _UNITS if seconds >= s)
    return f"{seconds / size:g} {unit}"


_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"), (0, "s"))
