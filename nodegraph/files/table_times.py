"""The column that calls the rows of a table: whether it goes forward, step by step."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.time_steps import odd_steps
from nodegraph.errors import DataWarning, warn

__all__ = ["check_each", "check_order", "time_index"]

_CLOCK = r"([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
_ISO = re.compile(rf"[0-9]{{4}}[-/][0-9]{{1,2}}([-/][0-9]{{1,2}}{_CLOCK})?")
_DOTTED = re.compile(rf"[0-9]{{1,2}}\.[0-9]{{1,2}}\.[0-9]{{4}}{_CLOCK}")  # day, month, year
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})$")
_AS_ISO = str.maketrans({"/": "-", ",": ".", "Z": None})


def check_order(times: Sequence[str], where: str) -> str:
    """Warn of rows that do not follow each other as steps do; return what was found, in words.

    Numbers, dates that begin with the year and those like 31.1.2020 are compared, with a time and
    what it is ahead of universal time (+01:00); others, such as times of a day, are not.

    Parameters
    ----------
    times : list of str
        What the rows are called.
    where : str
        What the warning begins with.
    """
    moments = _moments(times)
    if moments is None and (row := _no_date(times)) is not None:
        return f"row {row} has no date as others have ({times[row]!r}), so no order is known"
    if moments is None:
        return (
            f"it is not known whether the times ({times[0]!r}, ...) go forward: dates such as "
            "2020-01-31 or 31.1.2020, or numbers, would tell"
        )
    if odd := odd_steps(moments):
        warn(f"{where}: {odd}", DataWarning)
    return f"times from {times[0]} to {times[-1]}"


def _no_date(times: Sequence[str]) -> int | None:
    """Return the first row that has no date, where most have one."""
    odd = [row for row, time in enumerate(times) if not _is_date(time) or _moments([time]) is None]
    return odd[0] if odd and 2 * len(odd) < len(times) else None


def check_each(times: Sequence[str], bounds: Sequence[tuple[int, int]], where: str) -> None:
    """Warn of the first of some series whose rows do not follow each other as steps do."""
    for i, (start, stop) in enumerate(bounds):
        moments = _moments(times[start:stop])
        if moments is not None and (odd := odd_steps(moments)):
            warn(f"{where}, series {i}: {odd}", DataWarning)
            return


def time_index(times: Sequence[str]) -> Array | None:
    """Return numbers or dates that go forward, as the axis of a picture takes them; else None.

    Examples
    --------
    >>> time_index(["2020-01", "2020/2"])
    array(['2020-01-01', '2020-02-01'], dtype='datetime64[D]')
    """
    moments = _moments(times)
    forward = moments is not None and len(moments) and (moments[1:] >= moments[:-1]).all()
    return moments if forward else None


def _moments(times: Sequence[str]) -> Array | None:
    """Return dates or numbers as an array; None if they are neither."""
    try:
        if _are_alike(times) and len(_padded(times[0])) == len(times[0].rstrip("Z")):
            return _days(np.array([time.translate(_AS_ISO) for time in times], "M8"))
        if all(map(_is_date, times)):
            moments = np.array([_padded(time) for time in times], "M8")
            ahead = np.array([_ahead(time) for time in times], "m8[m]")
            return moments - ahead if ahead.any() else _days(moments)
        return np.array(times, float)
    except ValueError:
        return None


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
