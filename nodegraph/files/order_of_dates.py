"""Whether the day or the month stands first in dates such as 1/31/2020."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

__all__ = ["with_dots"]

_DATE = re.compile(
    r"([0-9]{1,2})([/-])([0-9]{1,2})\2([0-9]{4})"
    r"(?:[T ]+([0-9]{1,2})(:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?) ?([AaPp][Mm])?(.*))?"
)
FIRST, SECOND = 1, 3  # groups of the two parts


def with_dots(times: Sequence[str], roughness: Callable[[Sequence[str]], float]) -> Sequence[str]:
    """Return dates as 31.12.2025 23:00, by the order of their parts; others as they stand.

    The order is what one date of the column tells, whose day is past 12; else the one in which
    the column has less than half the `roughness` (infinite where it goes back).

    Raises
    ------
    ValueError
        If two dates tell different orders, or nothing tells.

    Examples
    --------
    >>> with_dots(["12/31/2025 11:30 PM", "2/1/2026"], len)
    ['31.12.2025 23:30', '1.2.2026']
    """
    found = [_DATE.fullmatch(time) for time in times]
    rows = [row for row, match in enumerate(found) if match]
    if 2 * len(rows) <= len(times):
        return times
    ways = [_all_dotted(times, found, part) for part in (FIRST, SECOND)]
    if ways[0] == ways[1]:
        return ways[0]
    past = [_row_past_12(found, part) for part in (FIRST, SECOND)]
    if None not in past:
        day, month = (f"row {row} ({times[row]!r})" for row in past if row is not None)
        raise ValueError(
            f"the day stands first in {day}, the month in {month}, from 0, so no order is known; "
            "write all dates as 2025-12-31"
        )
    if past != [None, None]:
        return ways[past.index(None) - 1]
    first, second = map(roughness, ways)
    if 2 * min(first, second) < max(first, second):
        return ways[first > second]
    raise ValueError(
        f"no date tells whether the day or the month stands first (row {rows[0]}: "
        f"{times[rows[0]]!r}), so no order is known; write dates as 2025-12-31"
    )


def _all_dotted(
    times: Sequence[str], found: Sequence[re.Match[str] | None], day: int
) -> Sequence[str]:
    pairs = zip(times, found, strict=True)
    return [time if match is None else _dotted(match, day) for time, match in pairs]


def _row_past_12(found: Sequence[re.Match[str] | None], part: int) -> int | None:
    return next((row for row, m in enumerate(found) if m and int(m[part]) > 12), None)


def _dotted(match: re.Match[str], day: int) -> str:
    """Return one date with the day at part number `day`."""
    month = FIRST + SECOND - day
    hour, clock, half, zone = match[5], match[6], match[7], match[8]
    if hour is not None and half:
        hour = str(int(hour) % 12 + 12 * (half.upper() == "PM"))
    return f"{match[day]}.{match[month]}.{match[4]}" + (f" {hour}{clock}{zone}" if hour else "")
