"""Data that can be learned from, but are perhaps not what was meant: warned of once a call."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.data.binding import BoundData
from nodegraph.data.horizon import Horizons, horizons
from nodegraph.data.series import Series
from nodegraph.data.symptoms import blurred
from nodegraph.engines.slot import Slot
from nodegraph.errors import warn
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import shortest
from nodegraph.model.stages import forced_wiring
from nodegraph.model.target_warnings import flat_labels, in_classes, warn_of_targets

if TYPE_CHECKING:
    from nodegraph.model.fit import Fit

__all__ = [
    "warn_of_a_far_horizon",
    "warn_of_another_horizon",
    "warn_of_doubts",
    "warn_of_idle_options",
    "warn_of_idle_workers",
    "warn_of_no_past",
    "warn_of_params_replaced",
    "warn_of_series_passed_over",
    "warn_of_the_future",
]

FEW, WIDE = 20, 20  # rows of one series that are few, and how many times as many columns are wide
TURNED = 3  # how many times as many columns as rows independent series of classes seldom have
SHOWN = 5


def warn_of_doubts(
    plan: Plan,
    learners: Sequence[str],
    bound: BoundData,
    y: Any,
    warmup: int,
    ahead: Mapping[str, int],
    dtype: np.dtype[Any],
) -> None:
    """Warn of data for `fit` that are perhaps not what was meant; `y` is as it was given.

    Raises
    ------
    DataError
        If they can teach nothing.
    """
    _warn_of_lost_digits(bound, dtype)
    _warn_of_turned_data(bound)
    _warn_of_turned_series(bound)
    _warn_of_series_in_rows(plan, bound, y)
    warn_of_targets(plan, learners, bound, y, warmup)
    warn_of_series_passed_over(plan, learners, bound, warmup, ahead)


def warn_of_series_passed_over(
    plan: Plan,
    learners: Sequence[str],
    bound: BoundData,
    warmup: int = 0,
    ahead: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Warn if some series are too short for anything to be learned from them."""
    lengths = [one.n_steps for one in bound.series if isinstance(one, Series)]
    if len(lengths) < 2:
        return
    short = [i for i, n_steps in enumerate(lengths) if n_steps <= warmup]
    if short:
        warn(
            f"warmup={warmup} leaves nothing of {_which(short, len(lengths))}, no longer than "
            "that: nothing is learned from them; lower warmup, or leave them out"
        )
    for name, rows in ahead.items():
        short = [i for i, n_steps in enumerate(lengths) if warmup < n_steps <= warmup + rows]
        if short:
            what = f"ahead={rows} and warmup={warmup} leave" if warmup else f"ahead={rows} leaves"
            warn(
                f"{what} nothing of {_which(short, len(lengths))}: {name} learns nothing from "
                "them; leave them out, or lower what takes their rows"
            )
    for name in learners:
        needed = shortest(plan.rules[name], plan.nodes[name])
        short = [i for i, n_steps in enumerate(lengths) if warmup < n_steps < needed]
        if short and max(lengths) >= needed:  # all of them are refused later
            warn(
                f"{name} learns nothing from {_which(short, len(lengths))}: it needs {needed} "
                "steps, for how far it looks back and ahead"
            )


def warn_of_idle_options(
    plan: Plan, learners: Sequence[str], bound: BoundData, course: Fit, slots: Mapping[str, Slot]
) -> None:
    """Warn of learning curves that nobody draws, and of workers that have nothing to share."""
    if course.hooks.history is not None and not any(plan.rules[name].online for name in learners):
        warn("watch: nothing here learns at every step, so there is no curve; leave it out")
    if course.forcing == "all":
        forced, free = (forced_wiring(plan, learners, way) for way in ("all", False))
        if forced == free:
            warn(
                'forcing="all": no target can stand in, for no output of a supervised node goes to '
                "another node; leave it out"
            )
    if course.workers in (None, 1):
        return
    warn_of_idle_workers(bound, course.workers)
    if not bound.own and not any(course.apart(stage, slots) for stage in course.stages):
        warn("workers: are for rules that learn from series apart, and none does; leave it out")


def warn_of_idle_workers(bound: BoundData, workers: int | None) -> None:
    """Warn of workers that are to share one series."""
    if bound.own and workers not in (None, 1):
        warn("workers: are for a list of independent series, and this is one series; leave it out")


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


def warn_of_params_replaced(plan: Plan, slots: Mapping[str, Slot], learners: Sequence[str]) -> None:
    """Warn of weights that were given to learners that begin from nothing."""
    names = [
        name
        for name in learners
        if not plan.rules[name].online
        and name in slots
        and not slots[name].given.keys().isdisjoint(plan.rules[name].moving)
    ]
    if names:
        shown = ", ".join(f'"{name}"' for name in names)
        warn(
            f"fit works out the weights of {', '.join(names)} from the data alone, in place of "
            f"those that were assigned to model.params; to keep them, write model.freeze({shown})"
        )


def _behind(plan: Plan, name: str, learners: Container[str]) -> str:
    """Return the learner whose output `name` passes on, if it reads nothing else."""
    while name not in learners:
        reads = [read for group in plan.reads[name].values() for read in group]
        if len(reads) != 1 or reads[0].delay:
            break
        name = reads[0].source
    return name


def _warn_of_lost_digits(bound: BoundData, dtype: np.dtype[Any]) -> None:
    """Warn if the precision of the model takes from a column most of what moves in it."""
    series = bound.series[0]
    if not isinstance(series, Series):
        return
    named = [*series.data.items()]
    named += [(f"target of {name}", rows) for name, rows in series.targets.items()]
    for name, rows in named:
        if found := blurred(rows, dtype):
            warn(
                f"{name}: {found}; take its mean off before they are given, x - x.mean(axis=0), "
                "or write dtype='float64'"
            )


def _warn_of_turned_data(bound: BoundData) -> None:
    """Warn if one series has very few rows and very many columns."""
    series = bound.series[0]
    if not bound.own or not isinstance(series, Series) or series.n_steps > FEW:
        return
    for name, width in bound.data.items():
        if width >= WIDE * series.n_steps:
            warn(
                f"{name}: {series.n_steps} rows of {width} columns, and rows are steps in time; "
                "if they are columns here, give x.T"
            )


def _warn_of_turned_series(bound: BoundData) -> None:
    """Warn if series with one target each have few rows, equally many, and far more columns."""
    lengths = {one.n_steps for one in bound.series if isinstance(one, Series)}
    if not bound.once or bound.own or len(bound.series) < 2 or len(lengths) != 1:
        return
    n_steps = lengths.pop()
    for name, width in bound.data.items():
        if width >= max(WIDE, TURNED * n_steps):
            warn(
                f"{name}: {len(bound.series)} series of {n_steps} rows and {width} columns, and "
                "rows are steps in time; if they are (channels, time), give np.swapaxes(x, 1, 2) "
                "of an array, [a.T for a in x] of a list"
            )


def _warn_of_series_in_rows(plan: Plan, bound: BoundData, y: Any) -> None:
    """Warn if the rows of one table, each with a label, seem to be series themselves.

    They do where there are as many columns as rows, or where neighbours in a row are nearer to
    each other than neighbours in a column, and only if some node remembers what came before.
    """
    one = bound.series[0]
    if bound.form != "one" or not isinstance(one, Series) or not plan.remembers:
        return
    labels = [in_classes(plan, name, given) for name, given in flat_labels(bound, y, one.n_steps)]
    for name, rows in one.data.items() if any(labels) else ():
        if rows.shape[1] >= WIDE and (rows.shape[1] >= len(rows) or _smooth_along_rows(rows)):
            warn(
                f"{name}: {len(rows)} rows of {rows.shape[1]} columns with a label for each row "
                "are taken for one series, a row a step; if each row is a series of its own, give "
                "x[:, :, None] (a table: x.to_numpy()[:, :, None])"
            )


def _smooth_along_rows(rows: Any) -> bool:
    along, across = (np.nanmean(np.abs(np.diff(rows, axis=axis))) for axis in (1, 0))
    return bool(2 * along < across)


def _which(short: Sequence[int], total: int) -> str:
    names = ", ".join(map(str, short[:SHOWN])) + ", ..." * (len(short) > SHOWN)
    return f"{len(short)} of {total} series (number {names})"
