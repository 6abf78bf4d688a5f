"""Whether times are steps in a row, but for nights and weekends; whether two go together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np

from nodegraph.arrays import Array

__all__ = [
    "GAP",
    "RARE",
    "are_steps_told",
    "beside",
    "duration",
    "leads_over_weekend",
    "long_steps",
    "moment",
    "odd_steps",
    "steps_told",
    "told_in",
    "usual_step",
]

HOUR = np.timedelta64(3600, "s")
NIGHT = 4  # hours from midnight on in which clocks are put forward and back
MOST_CHANGES = 100  # of clocks in one series
OFFSET = "write times with their offset (02:00+01:00), or in UTC"
CUT = "cut them into series (series: NAME in a task; x.groupby(NAME) in pandas)"
FEWEST = 32  # rows of which some are usually of one time with others


def odd_steps(times: Array) -> str:
    """Return what is odd about the times of rows, and the cure; else nothing.

    Rows that go back in time; where they are few, rows at the time of the row before; as many rows
    at each time, as in a table of several series sorted by time; and steps longer than 1.5 times
    the usual one, but for nights, weekends and other pauses that come back.
    Each row is one step of a model, however long. Rows whose time is unknown (NaN, NaT) are passed
    over, and gaps where steps are `steps_told`.

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
        cure = _put_back(times[rows[:-1][back]], steps[back], usual_step(steps))
        return f"rows go back in time {where}; {cure or _forward(times[rows])}"
    if _some(same := steps == zero):
        cure = _put_back(times[rows[:-1][same]], steps[same], usual_step(steps))
        return (
            f"rows have the time of the row before {_place(same, times, rows)}; "
            f"{cure or 'leave one of two out, or cut them into series'}"
        )
    if shared := _shared(times[rows], rows):
        return shared
    next_row = np.diff(rows) == 1
    return "" if are_steps_told() else _gaps(times, rows[:-1][next_row], steps[next_row])


def _forward(times: Array) -> str:
    """Return how rows that go back in time are brought to go forward."""
    _, counts = np.unique(times, return_counts=True)
    if 2 * counts[counts > 1].sum() > len(times):
        return (
            "most share their time with others, as where series stand one after the other: " + CUT
        )
    return "sort them by time, or cut them into series"


def _shared(times: Array, rows: Array) -> str:
    """Return that most times stand in as many rows each, more than one; else nothing.

    Of numbers, and of seconds and less, that may be what a coarse clock says of one series, unless
    rows become fewer, as where series end at several times.
    """
    moments, firsts, counts = np.unique(times, return_index=True, return_counts=True)
    usual = int(usual_step(counts))
    alike = counts == usual
    fewer = (np.diff(counts) <= 0).all() and (counts == counts[0]).sum() >= FEWEST_TIMES
    if fewer and counts[0] > max(1, counts[-2]):  # a coarse clock may stop within its last tick
        return (
            f"{counts[0]} rows stand at {moment(moments[0])}, {counts[-2]} at {moment(moments[-2])}"
            f", and never more than before, as where series of several lengths are mixed: {CUT}"
        )
    if times.dtype.kind != "M" or usual < 2 or len(moments) < FEWEST_TIMES or alike.mean() < 0.5:
        return ""
    if usual_step(np.diff(moments)) <= np.timedelta64(1, "s"):
        return ""
    one = firsts[alike.argmax()]
    return (
        f"{usual} rows stand at each time, first at {moment(times[one])} (rows {rows[one]} to "
        f"{rows[one + usual - 1]}, from 0), as where series are mixed in one table: {CUT}; where "
        "it is one, its times are too coarse to tell whether rows follow each other"
    )


def _put_back(starts: Array, steps: Array, usual: Any) -> str:
    """Return what to do about rows that go back as clocks do in autumn; else nothing."""
    if not _moved_clock(starts, steps, usual, -HOUR):
        return ""
    return f"as where clocks are put back: no row is too many, and {OFFSET}"


def _moved_clock(starts: Array, steps: Array, usual: Any, by: np.timedelta64) -> bool:
    """Tell whether all steps are an hour longer or shorter than the usual one, on Sunday nights."""
    if starts.dtype.kind != "M" or len(steps) > MOST_CHANGES:
        return False
    days = starts.astype("M8[D]")
    at_night = ((starts - days) / HOUR < NIGHT) & np.is_busday(days, weekmask="Sun")
    return bool((steps - usual == by).all() and at_night.all())


def _gaps(times: Array, rows: Array, steps: Array) -> str:
    """Return what is odd about the steps from some rows to those behind them."""
    usual = usual_step(steps)
    if not usual > steps.dtype.type(0):
        return ""
    gaps = long_steps(times[rows], steps, usual)
    if not gaps.any() or (steps.dtype.kind in "iu" and gaps.mean() > RARE):  # numbers of rows
        return ""
    if gaps.mean() > RARE and (np.abs(steps - usual) <= usual / 2).mean() < 0.5:
        return (
            f"rows are no equal steps apart, but {duration(steps.min())} to "
            f"{duration(steps.max())}, half of them up to {duration(np.median(steps))}; each row "
            "is one step: bring them to equal steps (x.resample(...).mean(), for Impute() or "
            "Hold()), or give how long each is to a node with a port dt"
        )
    one = rows[gaps.argmax()]
    if _moved_clock(times[rows[gaps]], steps[gaps], usual, HOUR):
        return (
            f"rows are {duration(usual)} apart, but more {_often(gaps, times, one, one + 1)}, as "
            f"where clocks are put forward: {OFFSET}; else fill in what is missing"
        )
    return (
        f"rows are {duration(usual)} apart, but more {_often(gaps, times, one, one + 1)}; each row "
        "is one step: fill in what is missing (empty cells, for Impute() or Hold()), or cut the "
        "series there"
    )


def beside(times: Array, others: Array) -> str:
    """Return where rows of `others` no longer stand as far in time from those of `times`; or "".

    They may stand a time or a number of rows apart, the same in all rows, to half a step. Where
    none of 32 or more dates is within the time of the first, that is said too.

    Examples
    --------
    >>> beside(np.arange(9), np.arange(2, 11)), beside(np.array([1, 2, 3]), np.array([1, 2, 4]))
    ('', 'row 2 is at 4 beside 3, and rows before it are of one time')
    """
    if len(times) != len(others) or times.dtype.kind != others.dtype.kind or not len(times):
        return ""
    if _rows_apart(times, others) or _rows_apart(others, times):
        return ""
    apart = others.astype("i8" if times.dtype.kind in "iu" else times.dtype) - times
    known = np.flatnonzero(apart == apart)
    if not known.size:
        return ""
    first = apart[known[0]]
    moved = known[np.abs(apart[known] - first) > np.abs(usual_step(np.diff(times[known]))) / 2]
    if moved.size:
        row = moved[0]
        return (
            f"row {row} is at {moment(others[row])} beside {moment(times[row])}, and rows before "
            f"it are {_apart(first)}"
        )
    bounds = [(part.min(), part.max()) for part in (others[known], times[known])]
    if len(known) < FEWEST or times.dtype.kind != "M" or max(bounds)[0] <= min(bounds)[1]:
        return ""
    theirs, ours = (f"{moment(start)} to {moment(stop)}" for start, stop in bounds)
    return f"its rows are from {theirs}, those of the input from {ours}, and none of one time"


def _rows_apart(times: Array, others: Array) -> bool:
    """Tell whether `others` are `times` from some row on, which is none past the middle."""
    for k in np.flatnonzero(times[: (len(times) + 1) // 2] == others[0])[:1]:
        return bool(np.array_equal(times[k:], others[: len(times) - k]))
    return False


def _apart(time: Any) -> str:
    if not time:
        return "of one time"
    zero = type(time)(0)
    return f"{duration(abs(time))} {'later' if time > zero else 'earlier'}"


_told: ContextVar[bool] = ContextVar("told", default=False)
are_steps_told = _told.get


@contextmanager
def steps_told() -> Iterator[None]:
    """Let gaps pass where a model is told how long each step is, at a port dt."""
    before = _told.set(True)
    try:
        yield
    finally:
        _told.reset(before)


_zone: ContextVar[tzinfo | None] = ContextVar("zone", default=None)


@contextmanager
def told_in(zone: tzinfo | None) -> Iterator[None]:
    """Let times be told in a zone, in place of universal time, in which they are reckoned."""
    before = _zone.set(zone)
    try:
        yield
    finally:
        _zone.reset(before)


def moment(time: Any) -> str:
    """Return a time without what is zero at its end.

    Examples
    --------
    >>> moment(np.datetime64("2020-01-01T00:00:00.000")), moment(np.timedelta64(9500, "ms"))
    ('2020-01-01', '9.5 s')
    """
    if isinstance(time, np.timedelta64):
        return f"{time / np.timedelta64(1, 's'):.12g} s"
    if not isinstance(time, np.datetime64):
        return f"{time:.12g}" if isinstance(time, np.floating) else str(time)
    if (zone := _zone.get()) is not None and isinstance(there := time.astype(datetime), datetime):
        return there.replace(tzinfo=UTC).astimezone(zone).isoformat()
    return re.sub(r"(T00:00(:00)?)?(\.0+)?$", "", str(time))


def _some(odd: Array) -> bool:
    return bool(0 < odd.mean() <= RARE) if len(odd) else False


def _place(odd: Array, times: Array, rows: Array) -> str:
    return _often(odd, times, *rows[odd.argmax() :][:2])


def _often(odd: Array, times: Array, one: int, other: int) -> str:
    count = int(odd.sum())
    often = "once" if count == 1 else f"{count} times"
    first, second = moment(times[one]), moment(times[other])
    return f"{often}, first from {first} to {second} (rows {one} and {other}, from 0)"


def duration(step: Any) -> str:
    """Return a step of numbers or of dates in words.

    Examples
    --------
    >>> duration(np.timedelta64(7200, "s")), duration(0.5)
    ('2 h', '0.5')
    """
    if not isinstance(step, np.timedelta64):
        return f"{step:g}"
    seconds = step / np.timedelta64(1, "s")
    size, unit = next((s, u) for s, u in _UNITS if seconds >= s)
    return f"{seconds / size:g} {unit}"


_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"), (0, "s"))


RARE = 0.05  # of all steps: what is odd more often than this may be how the series was sampled
GAP = 1.5  # times the usual step; months and years differ by less
FAR = 2  # times the usual pause: a weekend may be a day or two longer
FEWEST_TIMES = 4  # that tell whether rows share them
FEWEST_PAUSES = 4  # that tell whether they come back


def usual_step(steps: Array) -> Any:
    """Return the step that most rows take; the median, where no two in five are equal.

    Examples
    --------
    >>> usual_step(np.array([1, 1, 3, 5, 9])), usual_step(np.array([0.9, 1.1, 1, 3]))
    (np.int64(1), np.float64(1.05))
    """
    if not len(steps):
        return steps.dtype.type(0)
    values, counts = np.unique(steps, return_counts=True)
    most = int(counts.argmax())
    return values[most] if counts[most] >= 0.4 * len(steps) else np.median(steps)


def long_steps(starts: Array, steps: Array, usual: Any) -> Array:
    """Return which steps are gaps: longer than 1.5 times the usual one, but for pauses.

    Pauses begin a regular time apart, half of them or more, as nights and weekends do; of them
    those are gaps that last more than twice as long as the others. Too few to tell are none,
    where they are a large part of all steps.

    Parameters
    ----------
    starts, steps : array (n_steps,)
        The time from which each step goes, and how long it is.
    """
    gaps: Array = steps > GAP * usual
    while gaps.any() and _come_back(starts[gaps], 2 if gaps.mean() > RARE else FEWEST_PAUSES):
        gaps = steps > FAR * np.median(steps[gaps])
    if gaps.any():
        gaps &= ~leads_over_weekend(starts, steps)
        gaps &= gaps.sum() >= FEWEST_PAUSES or gaps.mean() <= RARE
    return gaps


def _come_back(starts: Array, fewest: int) -> bool:
    """Tell whether half of the times are equally far from the next one, or from one behind it."""
    for lag in (1, 2, 3):
        apart = starts[lag:] - starts[:-lag]
        if len(apart) >= FEWEST_PAUSES - 1:
            period = np.median(apart)
            near = np.abs(apart - period) <= period / 10
            if near.mean() >= 0.5 and near.sum() >= fewest:
                return True
    return False


def leads_over_weekend(starts: Array, steps: Array) -> Array:
    """Return which steps lead over a weekend and no other day, where no row is of a weekend."""
    if starts.dtype.kind != "M":
        return np.zeros(len(steps), bool)
    first, last = starts.astype("M8[D]"), (starts + steps).astype("M8[D]")
    if not (np.is_busday(first).all() and np.is_busday(last).all()):
        return np.zeros(len(steps), bool)
    days = (last - first).astype(int)
    over: Array = (np.busday_count(first, last) == 1) & (days > 1)
    return over
