"""What a fit will take, before it begins: memory, and time as few rows that are learned tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple
from warnings import catch_warnings, simplefilter

import numpy as np

from nodegraph.compiling.cache import folder
from nodegraph.compiling.machine_code import stats
from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series
from nodegraph.engines import LOCAL
from nodegraph.engines.slot import Slot
from nodegraph.errors import NodegraphError
from nodegraph.host.memory_budget import format_bytes
from nodegraph.host.numerics import using
from nodegraph.model.checks import check_long_enough
from nodegraph.model.fit import Fit
from nodegraph.model.fit_memory import Foresight, foresee, ordered, products

if TYPE_CHECKING:
    from nodegraph.model.model import Model

__all__ = ["Rehearsal", "Trial", "carried_on", "first_rows", "foreseen", "sentence"]

FEW, GROWTH = 512, 4  # rows of the first trial, and how many times more are in the next
ENOUGH, LONG = 0.5, 5.0  # seconds of a trial that tells enough, and of one not done twice
ROWS, COLUMNS, REPEATS = 1024, 1024, 3  # of the matrix that is multiplied, and how often

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
        rows, once, found = self.bound.n_steps or 0, 0.0, list[Trial]()
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
        total, rows = self.bound.n_steps or 0, FEW
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
        return Trial(bound.n_steps or 0, self.clock() - begun)

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


def _working() -> float:
    """Return the CPU seconds of this process, but for what it compiled that is kept on disk."""
    return process_time() - (stats["seconds"] if folder() else 0.0)


def foreseen(
    model: Model, x: Any, y: Any, workers: int | None = None, clock: Clock = _working
) -> Foresight | None:
    """Return what `Model.fit` will take here; None for streams, whose length nobody knows.

    A part of the data is learned from, and forgotten: the model stays as it is.

    Raises
    ------
    BudgetError
        If it would not fit in memory.
    """
    begun = clock()
    draft = model._settle().draft()
    bound = draft.bind(x, y)
    learners = draft.learners(bound)
    draft.forget(learners)
    course = Fit(initializer=draft.initializer, engine=LOCAL, workers=workers, learners=learners)
    course = ordered(course, None, draft.slots, bound)
    found = foresee(course, draft.slots, bound)
    if found is None:
        return None
    made = clock() - begun
    with using(model.numerics):
        learned = Rehearsal(course, draft.slots, bound, _products_a_second(), clock).seconds()
    return found._replace(seconds=None if learned is None else made + learned)


def sentence(found: Foresight | None) -> str:
    """Return in words what a fit will take.

    Examples
    --------
    >>> sentence(Foresight({"readout, sums: 9,000 inputs": 648_000_000, "weights": 2_000_000}, 90))
    'learning takes about 650.0 MB (most: readout, sums: 9,000 inputs) and 90 s of one core'
    """
    if found is None or not found.parts:
        return "what learning takes cannot be told: the length of a stream is not known"
    most = max(found.parts, key=found.parts.__getitem__)
    return (
        f"learning takes about {format_bytes(found.bytes)} (most: {most}) and {_took(found)}"
        " of one core"
    )


def _took(found: Foresight) -> str:
    if found.seconds is None:
        return "a time that a part of the data does not tell,"
    return f"{found.seconds:.2g} s" if found.seconds < 100 else f"{found.seconds / 60:.0f} min"


@cache
def _products_a_second() -> float:
    """Return how many numbers of float64 are multiplied and added up in a CPU second.

    BLAS may use several threads, whose time counts.
    """
    rows = np.random.default_rng(0).standard_normal((ROWS, COLUMNS))
    seconds = []
    for _ in range(REPEATS + 1):
        begun = process_time()
        rows.T @ rows  # a half of it is done, the other is the same
        seconds.append(process_time() - begun)
    return ROWS * COLUMNS**2 / max(min(seconds[1:]), 1e-6)
