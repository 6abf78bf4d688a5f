"""The column that calls the rows of a table: whether it goes forward."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataWarning, warn

__all__ = ["check_order", "time_index"]

_ISO = re.compile(
    r"[0-9]{4}[-/][0-9]{1,2}([-/][0-9]{1,2}([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?Z?)?)?"
)


def check_order(times: Sequence[str], where: str) -> str:
    """Warn if a row is earlier than the one before it; return what was found, in a few words.

    Numbers and dates that begin with the year are compared; others, such as times of a day,
    are not.

    Parameters
    ----------
    times : list of str
        What the rows are called.
    where : str
        What the warning begins with.
    """
    keys = _comparable(times)
    if keys is None:
        return (
            "it is not known whether the times go forward: dates such as 2020-01-31, or numbers, "
            "would tell"
        )
    back = [row for row, (one, next_) in enumerate(itertools.pairwise(keys)) if next_ < one]
    if back:
        row = back[0]
        warn(
            f"{where}: rows go back in time {len(back)} times, first from {times[row]} to "
            f"{times[row + 1]} (rows {row} and {row + 1}, from 0); sort them by time, or cut them "
            "into series",
            DataWarning,
        )
    return f"times from {times[0]} to {times[-1]}"


def time_index(times: Sequence[str]) -> Array | None:
    """Return numbers or dates that go forward, as the axis of a picture takes them; else None.

    Examples
    --------
    >>> time_index(["2020-01", "2020/02"])
    array(['2020-01-01', '2020-02-01'], dtype='datetime64[D]')
    """
    try:
        if all(map(_ISO.fullmatch, times)):
            index = np.array([re.sub("[/]", "-", time.rstrip("Z")) for time in times], "M8")
            index = index.astype("M8[D]") if index.dtype in ("M8[Y]", "M8[M]") else index
        else:
            index = np.array(times, float)
    except ValueError:
        return None
    return index if len(index) and (index[1:] >= index[:-1]).all() else None


def _comparable(times: Sequence[str]) -> list[Any] | None:
    if _are_alike(times):
        return list(times)  # digits in the same places: in the order of letters
    if all(map(_ISO.fullmatch, times)):
        return [_parts(time) for time in times]
    try:
        return [float(time) for time in times]
    except ValueError:
        return None


def _are_alike(times: Sequence[str]) -> bool:
    """Tell whether all are dates that are written in the same way, digit under digit."""
    first, size = times[0], len(times[0])
    if not _ISO.fullmatch(first) or not {*map(len, times)} == {size}:
        return False
    letters = np.array(times, f"U{size}").view(np.uint32).reshape(-1, size)
    digits = np.array([letter.isdigit() for letter in first])
    return bool(
        ((letters[:, digits] >= ord("0")) & (letters[:, digits] <= ord("9"))).all()
        and (letters[:, ~digits] == letters[0, ~digits]).all()
    )


def _parts(time: str) -> list[float]:
    """Return year, month ... and seconds of a date."""
    *whole, last = re.split(r"[-/T :]", time.rstrip("Z"))
    return [*map(float, whole), float(last.replace(",", "."))]
