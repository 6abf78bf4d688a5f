"""How long a fit will take: few rows are learned from, and what they took is carried on to all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import accumulate
from time import process_time
from typing import NamedTuple
from warnings import catch_warnings, simplefilter

from nodegraph.compiling.cache import folder
from nodegraph.compiling.machine_code import stats
from nodegraph.data.binding import BoundData, total_steps
from nodegraph.data.series import Series
from nodegraph.engines.slot import Slot
from nodegraph.errors import NodegraphError
from nodegraph.model.checks import check_long_enough
from nodegraph.model.fit import Fit
from nodegraph.model.foresight import products

__all__ = ["Rehearsal", "Trial", "carried_on", "first_rows", "working"]

FEW, GROWTH = 512, 4  # rows of the first trial, and how many times more are in the next
ENOUGH, LONG = 0.5, 5.0  # seconds of a trial that tells enough, and of one not done twice

Clock = Callable[[], float]


class Trial(NamedTuple):
    """Some rows, and the seconds that learning from them took."""

    rows: int
    seconds: float


@dataclass(frozen=True)
class Rehearsal:
    """Trials of a fit, each of more rows than the one before, until they take long enough.

    Each goes through all stages, passes and rounds. Sums and solutions, whose work is known, are
    left out of what is carried on, for they do not grow as rows do; what the first trial alone
    takes, for what it loads, is counted once.

    Parameters
    ----------
    course : Fit
    slots : dict of Slot
        They stay as they are.
    bound : BoundData
    rate : float
        Multiplications and additions a second in products of matrices.
    clock : callable
    """

    course: Fit
    slots: dict[str, Slot]
    bound: BoundData
    rate: float
    clock: Clock

    def seconds(self) -> float | None:
        """Return how long all rows will take; None if nothing can be learned from a part."""
        rows, once, found = total_steps(self.bound) or 0, 0.0, list[Trial]()
        for trial in self._trials():
            if not found:
                again = trial if trial.seconds > LONG else self._trial(trial.rows) or trial
                once, trial = trial.seconds - again.seconds, again
            found.append(trial)
            if len(found) > 1 and trial.seconds > ENOUGH:
                break
        if not found:
            return None
        others = [Trial(one.rows, one.seconds - self._known(one.rows)) for one in found]
        return max(0.0, once) + max(carried_on(others, rows) + self._known(rows), 0.0)

    def _trials(self) -> Iterator[Trial]:
        total, rows = total_steps(self.bound) or 0, FEW
        while True:
            trial = self._trial(min(rows, total))
            if trial is not None:
                yield trial
            if rows >= total:
                return
            rows *= GROWTH

    def _trial(self, rows: int) -> Trial | None:
        """Learn from about so many rows; None if they are too few."""
        bound, slots = first_rows(self.bound, rows), deepcopy(self.slots)
        begun = self.clock()
        try:
            with catch_warnings():
                simplefilter("ignore")
                check_long_enough(self.course.plan, self.course.learners, bound)
                self.course.run(slots, bound)
        except NodegraphError:
            return None
        return Trial(total_steps(bound) or 0, self.clock() - begun)

    def _known(self, rows: int) -> float:
        """Return the seconds of sums and solutions over so many rows."""
        return products(self.course, self.slots, self.bound, rows) / self.rate


def carried_on(trials: Sequence[Trial], rows: int) -> float:
    """Return the seconds of so many rows, on the line through the last two trials.

    Of one trial it is the line from nothing.

    Examples
    --------
    >>> carried_on([Trial(10, 1.0), Trial(30, 2.0)], 50)
    3.0
    """
    before, last = [Trial(0, 0.0), *trials][-2:]
    if last.rows <= before.rows:
        return last.seconds
    slope = max(0.0, (last.seconds - before.seconds) / (last.rows - before.rows))
    return last.seconds + slope * (rows - last.rows)


def first_rows(bound: BoundData, rows: int) -> BoundData:
    """Return the first series of together so many rows, or the first rows of a longer one."""
    series = [one for one in bound.series if isinstance(one, Series)]
    ends = accumulate(one.n_steps for one in series)
    count = 1 + sum(end < rows for end in ends)
    found = series[:count]
    if len(found) == 1 and not bound.once:
        found = [found[0].first(min(rows, found[0].n_steps))]
    return replace(bound, series=found)


def working() -> float:
    """Return the CPU seconds of this process, but for what it compiled that is kept on disk."""
    return process_time() - (stats["seconds"] if folder() else 0.0)
