"""The column that calls the rows of a table: whether it goes forward."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Sequence
from typing import Any

from nodegraph.errors import DataWarning

__all__ = ["check_order"]

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
        warnings.warn(
            f"{where}: rows go back in time {len(back)} times, first from {times[row]} to "
            f"{times[row + 1]} (rows {row} and {row + 1}, from 0); sort them by time, or cut them "
            "into series",
            DataWarning,
            stacklevel=2,
        )
    return f"times from {times[0]} to {times[-1]}"


def _comparable(times: Sequence[str]) -> list[Any] | None:
    if all(map(_ISO.fullmatch, times)):
        return [_parts(time) for time in times]
    try:
        return [float(time) for time in times]
    except ValueError:
        return None


def _parts(time: str) -> list[float]:
    """Return year, month ... and seconds of a date."""
    *whole, last = re.split(r"[-/T :]", time.rstrip("Z"))
    return [*map(float, whole), float(last.replace(",", "."))]
