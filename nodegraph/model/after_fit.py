"""The stage after a fit: where the model stands then, and what it learned from."""

from __future__ import annotations

from typing import Any

from nodegraph.arrays import is_plain
from nodegraph.data.containers import axes
from nodegraph.data.horizon import Ahead, horizons, strangers
from nodegraph.engines.request import Request
from nodegraph.model.before_fit import Ready
from nodegraph.model.checks import ends_open
from nodegraph.model.state import ModelState
from nodegraph.model.stream_place import StreamPlace

__all__ = ["gone_free", "noted"]


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
