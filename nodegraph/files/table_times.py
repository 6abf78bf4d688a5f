"""The column that calls the rows of a table: whether it goes forward, step by step."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone, tzinfo

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.last_rows import other_pace
from nodegraph.data.time_steps import are_steps_told, beside, duration, odd_steps, told_in
from nodegraph.errors import DataWarning, warn
from nodegraph.files.order_of_dates import with_dots

__all__ = ["as_dates", "check_each", "check_order", "check_together", "read_times", "time_index"]

_CLOCK = r"([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
_ISO = re.compile(rf"[0-9]{{4}}[-/][0-9]{{1,2}}([-/][0-9]{{1,2}}{_CLOCK})?")
_DOTTED = re.compile(rf"[0-9]{{1,2}}\.[0-9]{{1,2}}\.[0-9]{{4}}{_CLOCK}")  # day, month, year
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})$")
EQUAL = "each row is one step: bring all series to equal steps"
_AS_ISO = str.maketrans({"/": "-", ",": ".", "Z": None})


def check_order(times: Sequence[str], where: str) -> str:
    """Warn of rows that do not follow each other as steps do; return what was found, in words.

    Numbers, dates that begin with the year and those like 31.1.2020 or 1/31/2020 are compared,
    with a time and what it is ahead of universal time (+01:00); others, such as times of a day,
    are not.

    Parameters
    ----------
    times : list of str
        What the rows are called.
    where : str
        What the warning begins with.
    """
    moments, doubt = read_times(times)
    with told_in(_zone(times, moments)):
        odd = "" if moments is None else odd_steps(moments)
    if odd:
        doubt = f"{doubt}; {odd}" if doubt else odd
    if doubt:
        warn(f"{where}: {doubt}", DataWarning)
    if moments is None:
        return (
            f"it is not known whether the times ({times[0]!r}, ...) go forward: dates such as "
            "2020-01-31 or 31.1.2020, or numbers, would tell"
        )
    return f"times from {times[0]} to {times[-1]}"


def check_each(times: Sequence[str], series: Mapping[str, tuple[int, int]], where: str) -> None:
    """Warn of the first of some series whose rows do not follow each other as steps do.

    Parameters
    ----------
    times : list of str
        What the rows are called.
    series : dict of (start, stop)
        Of the series, by what each is called.
    where : str
        What the warning begins with.
    """
    moments, doubt = read_times(times)
    if doubt:
        warn(f"{where}: {doubt}", DataWarning)
    if moments is None:
        return
    with told_in(_zone(times, moments)):
        found = [(name, odd_steps(moments[slice(*rows)])) for name, rows in series.items()]
    odd = [(name, said) for name, said in found if said]
    for name, said in odd[:1]:
        more = f" (and so in {len(odd) - 1} more series)" * (len(odd) > 1)
        warn(f"{where}, series {name}: {said}{more}", DataWarning)
    head, *rest = [moments[slice(*rows)] for rows in series.values()]
    paces = zip([*series][1:], rest, strict=True)
    odd = [(name, pace) for name, rows in paces if (pace := other_pace(head, rows))]
    for name, pace in odd[:1] if not are_steps_told() else ():
        more = f" (and so in {len(odd) - 1} more series)" * (len(odd) > 1)
        warn(f"{where}, series {name}: rows are {pace}; {EQUAL}{more}", DataWarning)


def check_together(
    times: Sequence[str], others: Sequence[str], series: Sequence[tuple[int, int]], where: str
) -> str:
    """Warn if rows of two tables stop being as far apart in time; return how far they are, if so.

    Parameters
    ----------
    times, others : list of str, equally long
        What the rows of both are called.
    series : sequence of (start, stop)
        Of the independent series that they hold.
    where : str
        What the `others` are called.
    """
    ours, theirs = (read_times(part)[0] for part in (times, others))
    if ours is None or theirs is None or ours.dtype.kind != theirs.dtype.kind:
        return ""
    for start, stop in series:
        with told_in(_zone([*times, *others], np.concatenate([ours, theirs]))):
            odd = beside(ours[start:stop], theirs[start:stop])
        if odd:
            warn(
                f"{where}: {odd}; each row goes with that of the data in the same place: leave out "
                "of both what only one has, and bring them into one order",
                DataWarning,
            )
            return ""
    apart = theirs[0] - ours[0]
    zero = apart - apart
    if not (apart > zero or apart < zero):
        return ""
    return f"{where}: its rows are {duration(abs(apart))} {'later' if apart > zero else 'earlier'}"


class _AsWritten(tzinfo):
    """The offsets from universal time with which times are written, another one in summer."""

    def __init__(self, times: Sequence[str], moments: Array):
        self.times, self.moments = times, moments

    def fromutc(self, there: datetime) -> datetime:
        """Return a time as it is written, or as the first one is."""
        rows = np.flatnonzero(self.moments == np.datetime64(there.replace(tzinfo=None)))
        ahead = timedelta(minutes=_ahead(self.times[rows[0] if rows.size else 0]))
        return (there + ahead).replace(tzinfo=timezone(ahead))

    def utcoffset(self, _: datetime | None) -> None:
        """Return nothing: it depends on the row."""

    dst = utcoffset

    def tzname(self, _: datetime | None) -> None:
        """Return nothing, for no zone is named."""


def _zone(times: Sequence[str], moments: Array | None) -> tzinfo | None:
    """Return what tells times as they are written, if that says what they are ahead of."""
    offset = _OFFSET.search(times[0]) if times else None
    if moments is None or offset is None or ":" not in times[0][: offset.start()]:
        return None
    return _AsWritten(times, moments)


def read_times(times: Sequence[str]) -> tuple[Array | None, str]:
    """Return dates or numbers, unknown ones where a cell is neither; and what is wrong with them.

    None are times that are neither, or whose order of day and month is not known.
    """
    try:
        times = with_dots(times, _roughness)
    except ValueError as error:
        return None, str(error)
    moments = _moments(times)
    if moments is None:
        moments = _most(times, _is_date)
    if moments is None:
        moments = _most(times, _is_number)
    if moments is None or not (odd := np.flatnonzero(moments != moments)).size:
        return moments, ""
    others = f", nor has {len(odd) - 1} more" * (len(odd) > 1)
    return moments, (
        f"row {odd[0]} has no time as others have ({times[odd[0]]!r}){others}; write it, "
        "or leave out a row that is none"
    )


def _most(times: Sequence[str], is_one: Callable[[str], bool]) -> Array | None:
    """Return times of one sort where most are of it; the others are unknown."""
    rows = [row for row, time in enumerate(times) if is_one(time) and _moments([time]) is not None]
    known = _moments([times[row] for row in rows]) if 2 * len(rows) > len(times) else None
    if known is None:
        return None
    moments = np.full(len(times), np.nan if known.dtype.kind == "f" else "NaT", known.dtype)
    moments[rows] = known
    return moments


def _roughness(times: Sequence[str]) -> float:
    """Return the longest step over the usual one; infinite where times go back, or are none."""
    moments = _moments(times)
    steps = np.zeros(0) if moments is None else np.diff(moments).astype(float)
    if not len(steps) or steps.min() < 0:
        return np.inf
    return float(steps.max() / max(np.median(steps), steps.max() * 1e-9 or 1.0))


def time_index(times: Sequence[str]) -> Array | None:
    """Return numbers or dates that go forward, as the axis of a picture takes them; else None.

    Times that are written with their offset stay as they are written, in their own zone.

    Examples
    --------
    >>> time_index(["2020-01", "2020/2"])
    array(['2020-01-01', '2020-02-01'], dtype='datetime64[D]')
    >>> time_index(["2020-01-31 10:00+01:00"])
    array(['2020-01-31T10:00'], dtype='datetime64[m]')
    """
    moments, _ = read_times(times)
    if moments is None or not len(moments) or not (moments[1:] >= moments[:-1]).all():
        return None
    if moments.dtype.kind != "M":
        return moments
    ahead = np.array([_ahead(time) for time in times], "m8[m]")
    return moments + ahead if ahead.any() else moments


def _moments(times: Sequence[str]) -> Array | None:
    """Return dates or numbers as an array; None if they are neither."""
    try:
        if _are_alike(times) and len(_padded(times[0])) == len(times[0].rstrip("Z")):
            return _days(np.array([time.translate(_AS_ISO) for time in times], "M8"))
        if all(map(_is_date, times)):
            moments = np.array([_padded(time) for time in times], "M8")
            ahead = np.array([_ahead(time) for time in times], "m8[m]")
            return moments - ahead if ahead.any() else _days(moments)
        return as_dates(np.array(times, float))
    except ValueError:
        return None


def as_dates(numbers: Array) -> Array:
    """Return numbers such as 20201231 as dates, if all are such; others as they are.

    Examples
    --------
    >>> as_dates(np.array([20201231, 20210101])), as_dates(np.array([20201299, 20210101]))
    (array(['2020-12-31', '2021-01-01'], dtype='datetime64[D]'), array([20201299, 20210101]))
    """
    if not len(numbers) or not ((numbers >= 19000101) & (numbers <= 21001231)).all():
        return numbers
    whole = numbers.astype(np.int64)
    years, months, days = whole // 10000 - 1970, whole // 100 % 100 - 1, whole % 100 - 1
    of = years.astype("M8[Y]").astype("M8[M]") + months
    dates = of.astype("M8[D]") + days
    valid = (dates.astype("M8[M]") == of) & (whole == numbers) & (0 <= months) & (months < 12)
    return dates if valid.all() else numbers


def _is_number(time: str) -> bool:
    return not _is_date(time)


def _is_date(time: str) -> bool:
    return bool(_ISO.fullmatch(time) or _DOTTED.fullmatch(time))


def _ahead(time: str) -> int:
    """Return by how many minutes a time is ahead of universal time.

    Examples
    --------
    >>> _ahead("2020-01-31 10:00+01:30"), _ahead("2020-01-31")
    (90, 0)
    """
    found = _OFFSET.search(time) if ":" in time else None
    if found is None:
        return 0
    sign, hours, minutes = found.groups()
    return int(f"{sign}1") * (60 * int(hours) + int(minutes))


def _days(moments: Array) -> Array:
    """Return months and years as the days with which they begin."""
    return moments.astype("M8[D]") if moments.dtype in ("M8[Y]", "M8[M]") else moments


def _padded(time: str) -> str:
    """Return a date with two digits in each place.

    Examples
    --------
    >>> _padded("2020/1/9 5:03:07,5Z"), _padded("31.1.2020 10:00+01:00")
    ('2020-01-09T05:03:07.5', '2020-01-31T10:00')
    """
    if ":" in time:
        time = _OFFSET.sub("", time)
    date, _, clock = time.rstrip("Z").replace(" ", "T").replace(",", ".").partition("T")
    parts = [part.zfill(2) for part in re.split("[-/.]", date)]
    date = "-".join(parts if len(parts[0]) == 4 else reversed(parts))
    return f"{date}T{'0' * (clock[1:2] == ':')}{clock}" if clock else date


def _are_alike(times: Sequence[str]) -> bool:
    """Tell whether all are dates that are written in the same way, digit under digit."""
    first, size = times[0], len(times[0])
    if not _ISO.fullmatch(first) or "+" in first or not {*map(len, times)} == {size}:
        return False
    letters = np.array(times, f"U{size}").view(np.uint32).reshape(-1, size)
    digits = np.array([letter.isdigit() for letter in first])
    return bool(
        ((letters[:, digits] >= ord("0")) & (letters[:, digits] <= ord("9"))).all()
        and (letters[:, ~digits] == letters[0, ~digits]).all()
    )
