"""When the last rows of a stream were taken, and whether those that come next follow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.time_steps import GAP, duration, leads_over_weekend, moment, told_in, usual_step
from nodegraph.errors import warn

__all__ = ["KINDS", "MOST", "Last", "LastRows", "Times", "other_pace"]

Times = Mapping[str, Array | None]  # by input; None where rows have none

FEWEST = 8  # rows that tell how far they are apart
MOST = 2**63 - 1  # that a number of a file may be
NUMBERS = {"f": ("f8", "f8"), "i": ("i8", "i8"), "u": ("i8", "i8")}
KINDS = {"M": ("M8[us]", "m8[us]"), "m": ("m8[us]", "m8[us]"), **NUMBERS}  # of times, of steps


def other_pace(first: Array, times: Array) -> str:
    """Return how far rows are apart where those of a first series are not; else "".

    Of a few rows, and of steps that are not alike, that is not known.

    Examples
    --------
    >>> other_pace(np.arange(9), 2 * np.arange(9))
    '2 apart, and those of the first series 1'
    """
    if times.dtype.kind != first.dtype.kind or min(len(first), len(times)) < FEWEST:
        return ""
    steps = [np.diff(rows) for rows in (first, times)]
    before, now = map(usual_step, steps)
    none = now - now
    even = all(
        (np.abs(step - usual) <= usual / 2).mean() > 0.5
        for step, usual in zip(steps, (before, now), strict=True)
    )
    if not even or min(before, now) <= none or max(before, now) <= GAP * min(before, now):
        return ""
    return f"{duration(now)} apart, and those of the first series {duration(before)}"


class Last(NamedTuple):
    """The last row of a table that a stream has seen, and the steps between its rows so far."""

    time: Any  # a date or a number
    usual: Any  # the step that most rows take; 0 where it is not known
    longest: Any

    @classmethod
    def behind(cls, times: Array, before: Last | None) -> Last:
        """Return that of a stream behind rows at `times`."""
        steps = np.diff(times)
        usual, longest = usual_step(steps), steps.max() if len(steps) else steps.dtype.type(0)
        if before is None or before.kind != times.dtype.kind:
            return cls(times[-1], usual, longest)
        return cls(times[-1], usual if len(steps) else before.usual, max(longest, before.longest))

    @property
    def kind(self) -> str:
        """Whether it is a date, a time, or a number."""
        return str(np.asarray(self.time).dtype.kind)

    def doubt(self, times: Array) -> str:
        """Return where rows at `times` do not follow; else "".

        Rows that are called 0, 1, 2 ... may be those of another table.

        Examples
        --------
        >>> last = Last.behind(np.arange(10), None)
        >>> last.doubt(np.arange(12, 15)), last.doubt(np.arange(10, 15)), last.doubt(np.arange(5))
        ('begin at 12, and those before end at 9, 1 apart', '', '')
        """
        counts = times.dtype.kind == "i" and np.array_equal(times, np.arange(len(times)))
        if counts or times.dtype.kind != self.kind:
            return ""
        step = times[0] - self.time
        none = step - step
        ends = f"begin at {moment(times[0])}, and those before end at {moment(self.time)}"
        if step < none or (step == none and self.usual > none):
            return ends
        if self._is_gap(step):
            return f"{ends}, {duration(self.usual)} apart"
        usual = usual_step(np.diff(times))
        slower, faster = usual > GAP * self.usual, self.usual > GAP * usual
        if min(usual, self.usual) > none and len(times) >= FEWEST and (slower or faster):
            return f"are {duration(usual)} apart, and those before {duration(self.usual)}"
        return ""

    def _is_gap(self, step: Any) -> bool:
        if not step > max(GAP * self.usual, self.longest) or not self.usual > step - step:
            return False
        return not leads_over_weekend(np.array([self.time]), np.array([step])).all()

    def plain(self) -> list[Any]:
        """Return it as its kind and three numbers; those of dates are microseconds."""
        whole = "f8" if self.kind == "f" else "i8"
        return [self.kind, *(np.asarray(part).astype(whole).item() for part in self)]

    @classmethod
    def of(cls, plain: Sequence[Any]) -> Last:
        """Return what `plain` told.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it told something else.
        """
        kind, time, *steps = plain
        of_time, of_step = KINDS[kind]
        numbers = {int, float} if kind == "f" else {int}
        if len(steps) != 2 or any(type(n) not in numbers or abs(n) > MOST for n in (time, *steps)):
            raise ValueError(f"expected three numbers of a last row, got {plain!r}")
        return cls(np.array(time).astype(of_time)[()], *np.array(steps).astype(of_step))


class LastRows(NamedTuple):
    """The last rows of a stream by input, and how many steps it had gone behind them."""

    stop: int = 0
    by_input: Mapping[str, Last] = {}

    def then(self, times: Times, start: int, n_steps: int, cure: str = "") -> LastRows:
        """Return the last rows behind `n_steps` more, the first of which is step `start`.

        Where those do not follow a warning says so, with the cure, if there is one.
        """
        before, known = self.by_input if start == self.stop else {}, _known(times)
        with told_in(getattr(times, "zone", None)):
            doubts = [(n, before[n].doubt(r)) for n, r in known.items() if n in before and cure]
        for name, odd in [doubt for doubt in doubts if doubt[1]][:1]:
            warn(f"{name}: rows {odd}; {cure}; x.to_numpy() has no index, and is taken as it is")
        ends = {name: Last.behind(rows, before.get(name)) for name, rows in known.items()}
        return LastRows(start + n_steps, ends)


def _known(times: Times) -> dict[str, Array]:
    """Return the times of tables that have one for each row."""
    whole = {n: t for n, t in times.items() if t is not None and len(t) and (t == t).all()}
    return {name: rows.astype(KINDS[rows.dtype.kind][0]) for name, rows in whole.items()}
