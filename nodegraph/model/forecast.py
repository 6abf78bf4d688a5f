"""What a fit will take, before it begins, in words."""

from __future__ import annotations

from functools import cache
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.engines import LOCAL
from nodegraph.host.memory_budget import format_bytes
from nodegraph.host.numerics import using
from nodegraph.model.fit import Fit
from nodegraph.model.foresight import Foresight, foresee, ordered
from nodegraph.model.rehearsal import Clock, Rehearsal, working

if TYPE_CHECKING:
    from nodegraph.model.model import Model

__all__ = ["foreseen", "sentence"]


def foreseen(
    model: Model, x: Any, y: Any, workers: int | None = None, clock: Clock = working
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


ROWS, COLUMNS = 1024, 1024  # of the matrix that is multiplied
REPEATS = 3


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
