"""Outputs that were taught other rows of an input than they are taken for: told once a call."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import numpy as np

from nodegraph.data.binding import BoundData
from nodegraph.data.horizon import Horizons, horizons
from nodegraph.data.index_times import check_beside
from nodegraph.data.leads import leads, warn_of_other_leads
from nodegraph.data.tables import is_frame
from nodegraph.errors import warn
from nodegraph.graph.plan import Plan
from nodegraph.model.state import ModelState

__all__ = [
    "warn_of_a_far_horizon",
    "warn_of_another_horizon",
    "warn_of_no_past",
    "warn_of_the_future",
    "warn_of_times",
]


def warn_of_a_far_horizon(
    plan: Plan, loop: Mapping[str, str], ahead: Mapping[str, Mapping[str, int]]
) -> None:
    """Warn if an output that becomes an input was not taught that input one step ahead."""
    for taker, giver in loop.items():
        learner = _behind(plan, giver, ahead)
        rows = ahead.get(learner, {}).get(taker, 1)
        if rows != 1:
            warn(
                f"generate takes each output of {giver} for the next input of {taker}, but "
                f"{learner} was taught {taker} {rows} steps ahead; teach it one step ahead, as in "
                "fit(u[:-1], u[1:])"
            )


def warn_of_another_horizon(taught: Horizons, bound: BoundData, call: str) -> None:
    """Warn if targets are an input, but not as many rows later as they were taught."""
    for learner, by_input in horizons(bound).items():
        for name, rows in by_input.items():
            before = taught.get(learner, {}).get(name, rows)
            if before != rows:
                warn(
                    f"{call}: the target of {learner} is {name} {_later(rows)}, and it was taught "
                    f"{name} {_later(before)}; give the rows that it was taught to tell, as by "
                    f"scores(u, u, ahead={before})"
                )


def _later(rows: int) -> str:
    return f"{rows} step{'s' * (rows != 1)} ahead"


def warn_of_the_future(ahead: Horizons, told: Horizons) -> None:
    """Warn of predictions that are returned after a lesson in what they foretell.

    Parameters
    ----------
    ahead : dict
        How many rows ahead of which input each learner is taught.
    told : dict
        That of lessons before, of which nothing is said again.
    """
    for learner, by_input in ahead.items():
        for name, rows in by_input.items():
            if rows > 1 and told.get(learner, {}).get(name) != rows:
                warn(
                    f"partial_fit: the target of {learner} is {name} {rows} rows later, so what is "
                    f"returned had learned what it foretells: the row before was taught {name} "
                    f"{rows - 1} rows later. Give a target when it is known, and delay what it is "
                    f"told from: {name} >> delay({rows}), partial_fit(u, u); a model without the "
                    f'delay that is given model.params["{learner}"] forecasts by step(u[t])'
                )


def warn_of_no_past() -> None:
    """Warn of generation from the start of a stream that has seen nothing."""
    warn(
        "generate: the model's own stream is at its start, as after reset or after fit on a list "
        "of series, so the first input is 0; give prompt= the rows that come before"
    )


def _behind(plan: Plan, name: str, learners: Container[str]) -> str:
    """Return the learner whose output `name` passes on, if it reads nothing else."""
    while name not in learners:
        reads = [read for group in plan.reads[name].values() for read in group]
        if len(reads) != 1 or reads[0].delay:
            break
        name = reads[0].source
    return name


def warn_of_times(state: ModelState, x: Any, y: Any, name: str) -> None:
    """Warn of a table of targets for a model's one output that does not go with its inputs in time.

    Rows that stop being as far apart, and those that are not as far apart as when it learned.
    """
    times, seen = check_beside(x, y, name), state.initializer
    if len(seen.targets) != 1 or not times:
        return
    inputs = {"x": next(iter(seen.data), "x")}
    named = {inputs.get(word, word): rows for word, rows in times.items()}
    target = f"target of {next(iter(seen.targets))}"
    known = {name: state.leads[target]} if target in state.leads else {}
    if known and _stand_as_taught(state, x, y):
        return
    warn_of_other_leads(known, leads(named, [word for word in named if word != name], {}))


def _stand_as_taught(state: ModelState, x: Any, y: Any) -> bool:
    """Tell whether targets are an input as many rows later as was taught, whatever they are called.

    So they are where values were shifted, as by ``y.shift(-24)``, and kept the index of the input.
    """
    if not (is_frame(x) and is_frame(y) and len(x) == len(y)):
        return False
    inputs, targets = (np.asarray(part, float) for part in (x, y))
    found = horizons(state.draft().bind(inputs, targets))
    return any(
        found[name] == before
        for name, before in state.ahead.horizons().items()
        if before and name in found
    )
