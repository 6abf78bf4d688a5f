"""Around a fit: before it options and data are checked, after it is noted what was learned from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import is_plain
from nodegraph.data.binding import BoundData
from nodegraph.data.containers import axes
from nodegraph.data.horizon import Ahead, checked_ahead, horizons, later, strangers
from nodegraph.data.series import Series
from nodegraph.engines import Engine
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot
from nodegraph.errors import warn
from nodegraph.graph.node import Node
from nodegraph.graph.plan import Plan
from nodegraph.model.checks import (
    check_in_time,
    check_long_enough,
    check_sizes,
    checked_forcing,
    checked_warmup,
    checked_workers,
    ends_open,
)
from nodegraph.model.data_warnings import warn_of_doubts
from nodegraph.model.fit import Fit
from nodegraph.model.fit_memory import checked_order, ordered
from nodegraph.model.passes import Hooks
from nodegraph.model.stages import forced_wiring
from nodegraph.model.state import ModelState
from nodegraph.model.stream_place import StreamPlace

__all__ = ["Asked", "Ready", "gone_free", "made_ready", "noted", "warn_of_params_replaced"]


class Asked(NamedTuple):
    """How a fit is to go, as it was asked for; see `nodegraph.Model.fit`."""

    warmup: int
    ahead: int | Mapping[str, int]
    forcing: bool | str
    order: object
    workers: int | None
    watched: bool  # whether learning curves are taken


class Ready(NamedTuple):
    """A fit that can begin."""

    course: Fit
    bound: BoundData  # with each target at the row that learns it
    ahead: dict[str, int]  # how many rows later it stood

    def told(self, hooks: Hooks) -> Ready:
        """Return it with those who are told how it goes."""
        return self._replace(course=replace(self.course, hooks=hooks))

    @property
    def options(self) -> dict[str, Any]:
        """How it goes, which a checkpoint to go on from must agree with."""
        one = self.course
        how = {"learners": one.learners, "forcing": one.forcing, "warmup": one.warmup}
        order = "one by one" if one.one_by_one else "all at once"
        return {**how, "ahead": self.ahead, "order": order}


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


def made_ready(
    state: ModelState,
    learners: tuple[str, ...],
    bound: BoundData,
    y: Any,
    engine: Engine,
    asked: Asked,
) -> Ready:
    """Return the fit of `learners` from some data; `y` is as it was given.

    Raises
    ------
    FieldError, DataError
        If an option is wrong, or the data can teach nothing.
    NotFittedError
        If the size of a learner is not known.
    BudgetError
        If it would not fit in memory.
    """
    plan, order, forcing = state.plan, checked_order(asked.order), checked_forcing(asked.forcing)
    warmup = checked_warmup(asked.warmup, bound)
    check_sizes(plan, state.slots, learners)
    wired = [name for name in learners if plan.reads[name].get("target")]
    ahead = checked_ahead(asked.ahead, bound, warmup, wired)
    warn_of_doubts(plan, learners, bound, y, warmup, ahead, state.initializer.dtype)
    check_in_time(plan, learners, bound)
    bound = later(bound, ahead)
    course = Fit(
        initializer=state.initializer,
        engine=engine,
        warmup=warmup,
        workers=checked_workers(asked.workers, bound),
        learners=learners,
        forcing=forcing,
    )
    ready = Ready(ordered(course, order, state.slots, bound), bound, ahead)
    _warn_of_idle_options(ready, state, asked.watched)
    _warn_of_one_row(ready)
    check_long_enough(plan, learners, ready.bound)
    ready.course.check_again(state.slots, ready.bound, ready.course.passes)
    return ready


def _warn_of_one_row(ready: Ready) -> None:
    """Warn of readouts that one row teaches, which is all that they can know then."""
    if not (series := ready.bound.here):
        return
    course, plan = ready.course, ready.course.plan
    rules = plan.rules
    taught = [n for n in course.learners if rules[n].supervised and not rules[n].online]
    alone = [n for n in taught if _n_taught(n, plan.nodes[n], series, course.warmup) == 1]
    if alone:
        slow = any(plan.nodes[name].every > 1 for name in alone)
        warn(
            f"{', '.join(alone)}: there is one row to learn from, and that row is all that is "
            f"learned; {'lower every, or ' * slow}give more (rows are steps in time, columns are "
            "signals)"
        )


def _n_taught(name: str, node: Node, series: Iterable[Series], warmup: int) -> int:
    """Return how many rows teach a learner at its ticks; of many not all are counted."""
    n_rows, start = 0, warmup + (node.phase - warmup) % node.every
    for one in series:
        if name in one.targets:
            n_rows += int(np.isfinite(one.targets[name][start :: node.every]).all(axis=1).sum())
        else:
            n_rows += len(range(start, one.n_steps, node.every))
        if n_rows > 1:
            break
    return n_rows


def _warn_of_idle_options(ready: Ready, state: ModelState, watched: bool) -> None:
    """Warn of learning curves that nobody draws, and of workers that have nothing to share."""
    course, plan, bound = ready.course, state.plan, ready.bound
    if watched and not any(plan.rules[name].online for name in course.learners):
        warn("watch: nothing here learns at every step, so there is no curve; leave it out")
    if course.forcing is not True:
        every = course.forcing == "all"
        most, said = ("all", '"all"') if every else (True, "False")
        forced, free = (forced_wiring(plan, course.learners, way) for way in (most, False))
        if forced == free:
            goes = "goes to another node" if every else "is fed back"
            warn(
                f"forcing={said}: no target can stand in, for no output of a supervised node "
                f"{goes}; leave it out"
            )
    if bound.own or course.workers in (None, 1):
        return
    if not any(course.apart(stage, state.slots) for stage in course.stages):
        warn("workers: are for rules that learn from series apart, and none does; leave it out")


def gone_free(ready: Ready, state: ModelState) -> bool:
    """Let a model whose last rows had no teacher to stand in go through them by itself.

    Returns
    -------
    bool
        Whether it did.
    """
    course, bound = ready.course, ready.bound
    if not (bound.own and (ready.ahead or ends_open(course.plan, course.learners, bound))):
        return False
    state.restart()
    course.one(state.runnable(state.ready()), state.slots, bound.series[0], Request())
    return True


def noted(state: ModelState, ready: Ready, y: Any, moved: int, free: bool) -> None:
    """Take note of what was learned from, and of where the model's own stream stands.

    Parameters
    ----------
    state : ModelState
        A draft.
    ready : Ready
    y : Any
        As it was given.
    moved : int
        Steps that the stream has gone.
    free : bool
        Whether it went through the last rows without a teacher.
    """
    bound, shift = ready.bound, ready.ahead
    state.ahead = Ahead(horizons(bound), strange=strangers(bound))
    state.leads = bound.leads(shift) if bound.times else {}
    state.series = 0 if bound.own else len(bound.series)
    state.flat = bound.form == "one" and (y.ndim if is_plain(y) else axes(y)) == 1
    unsaid = free and (1 in shift.values() or state.ahead.reach(1))
    time, here = moved if bound.own else state.stream.time, StreamPlace().followed(bound)
    told = time if bound.own and ready.course.forcing and not free else None
    state.stream = here._replace(time=time, unsaid=time if unsaid else None, told=told)
