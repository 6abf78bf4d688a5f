"""Data that can be learned from, but are perhaps not what was meant: warned of once a call."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.data.binding import BoundData, total_steps
from nodegraph.data.precision import blurred
from nodegraph.data.series import Series
from nodegraph.engines.slot import Slot
from nodegraph.engines.vitals import FEWEST, Trickle, Vitals
from nodegraph.errors import warn
from nodegraph.graph.node import Node
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import shortest

if TYPE_CHECKING:
    from nodegraph.model.fit import Fit

__all__ = [
    "trickle_of",
    "vitals_of",
    "warn_in_time",
    "warn_of_a_far_horizon",
    "warn_of_doubts",
    "warn_of_idle_options",
    "warn_of_no_past",
    "warn_of_params_replaced",
    "warn_of_series_passed_over",
    "warn_of_states",
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
    """Warn of data for `fit` that are perhaps not what was meant; `y` is as it was given."""
    _warn_of_lost_digits(bound, dtype)
    _warn_of_turned_data(bound)
    _warn_of_turned_series(bound)
    _warn_of_series_in_rows(plan, bound, y)
    _warn_of_labels(plan, bound, y)
    _warn_of_absent_classes(plan, learners, bound)
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
    if course.workers in (None, 1):
        return
    if bound.own:
        warn("workers: are for a list of independent series, and this is one series; leave it out")
    elif not any(course.apart(stage, slots) for stage in course.stages):
        warn("workers: are for rules that learn from series apart, and none does; leave it out")


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


def vitals_of(plan: Plan, bound: BoundData) -> Vitals | None:
    """Return who is to take rows of the nodes that can judge themselves; None of few steps."""
    names, total = _judges(plan), total_steps(bound)
    return Vitals(names) if names and (total is None or total >= FEWEST) else None


def trickle_of(plan: Plan) -> Trickle | None:
    """Return who is to take rows of them in calls of few steps; None if there are none."""
    names = _judges(plan)
    return Trickle(names) if names else None


def _judges(plan: Plan) -> list[str]:
    return [name for name, node in plan.nodes.items() if type(node).doubts is not Node.doubts]


def warn_of_states(plan: Plan, slots: Mapping[str, Slot], vitals: Vitals | None) -> None:
    """Warn, once for all, of nodes with which little can be learned; each says so itself."""
    if vitals is not None and (said := _said(plan, slots, vitals)):
        warn(said)


def warn_in_time(plan: Plan, slots: Mapping[str, Slot], trickle: Trickle) -> None:
    """Warn so of a model that learns a few rows at a time, and only once."""
    said = _said(plan, slots, trickle.vitals)
    trickle.looked(bool(said))
    if said:
        warn(said)


def _said(plan: Plan, slots: Mapping[str, Slot], vitals: Vitals) -> str:
    said = []
    for name in plan.nodes:
        sample = vitals.sample(name)
        if sample is not None and (found := plan.nodes[name].doubts(*sample, slots[name].params)):
            said.append(f"{name}: {'; '.join(found)}")
    return "\n".join(said)


def _warn_of_labels(plan: Plan, bound: BoundData, y: Any) -> None:
    """Warn if classes seem to be learned as quantities: few whole numbers, one for each series.

    They must be integers, 0 or 1 and all that follow without a gap, three of them or more, and
    each twice on average; floats are never taken for classes, and truth values always.
    """
    if bound.own:
        return
    for name, labels in _flat_labels(bound, y, len(bound.series)):
        if plan.nodes[name].knows_classes or labels.dtype.kind not in "iub":
            continue
        if labels.dtype.kind == "b":
            warn(
                f"target of {name}: truth values, one for each series, are learned as quantities; "
                "for classes write Ridge(classes=[False, True]); for quantities y.astype(float)"
            )
            continue
        known = np.unique(labels)
        first, last, count = int(known[0]), int(known[-1]), len(known)
        if first in (0, 1) and count == last - first + 1 >= 3 and 2 * count <= len(labels):
            warn(
                f"target of {name}: the whole numbers {first} to {last}, one for each series, are "
                "learned as quantities; for classes write Ridge(classes=np.unique(y)), or give "
                "ng.datasets.one_hot(y); for quantities "
                "y.astype(float)"
            )


def _warn_of_absent_classes(plan: Plan, learners: Sequence[str], bound: BoundData) -> None:
    """Warn of classes that no label is of: they are learned as what never is."""
    series = [one for one in bound.series if type(one) is Series]
    if len(series) < len(bound.series):  # what is not read yet
        return
    for name in learners:
        classes = getattr(plan.nodes[name], "classes", None)
        if classes is None or name not in bound.targets:
            continue
        seen = np.sum([(one.targets[name] > 0).any(axis=0) for one in series], axis=0)
        if absent := [repr(word) for word, times in zip(classes, seen, strict=True) if not times]:
            warn(
                f"target of {name}: no label is of {' or '.join(absent)}, so it will never say "
                "that; leave classes out that do not occur, or give data of them"
            )


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
    if bound.form != "one" or not isinstance(one, Series) or not _remembers(plan):
        return
    labels = [_in_classes(plan, name, given) for name, given in _flat_labels(bound, y, one.n_steps)]
    for name, rows in one.data.items() if any(labels) else ():
        if rows.shape[1] >= WIDE and (rows.shape[1] >= len(rows) or _smooth_along_rows(rows)):
            warn(
                f"{name}: {len(rows)} rows of {rows.shape[1]} columns with a label for each row "
                "are taken for one series, a row a step; if each row is a series of its own, give "
                "x[:, :, None] (a table: x.to_numpy()[:, :, None])"
            )


def _remembers(plan: Plan) -> bool:
    """Tell whether the order of rows can matter: a node has a state, or an edge a delay."""
    delayed = any(read.delay for ports in plan.reads.values() for r in ports.values() for read in r)
    return delayed or any(type(n).start is not Node.start for n in plan.nodes.values())


def _in_classes(plan: Plan, name: str, labels: Any) -> bool:
    """Tell whether labels are of classes: so told, or few whole numbers that come again."""
    known = plan.nodes[name].knows_classes
    return known or (labels.dtype.kind in "iu" and 2 * len(np.unique(labels)) <= len(labels))


def _smooth_along_rows(rows: Any) -> bool:
    along, across = (np.nanmean(np.abs(np.diff(rows, axis=axis))) for axis in (1, 0))
    return bool(2 * along < across)


def _flat_labels(bound: BoundData, y: Any, count: int) -> Iterator[tuple[str, Any]]:
    """Yield the targets that are `count` labels and no quantities, by the first who learns them."""
    given = y if isinstance(y, Mapping) else dict.fromkeys(list(bound.targets)[:1], y)
    for name, value in given.items():
        try:
            labels = np.asarray(value)
        except ValueError:  # rows of different lengths
            continue
        if labels.dtype.kind not in "fc" and labels.shape in ((count,), (count, 1)):
            yield name, labels


def _which(short: Sequence[int], total: int) -> str:
    names = ", ".join(map(str, short[:SHOWN])) + ", ..." * (len(short) > SHOWN)
    return f"{len(short)} of {total} series (number {names})"
