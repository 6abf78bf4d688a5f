"""Data and targets that can be learned, but are perhaps not what was meant: told once a call."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series
from nodegraph.data.symptoms import blurred, stillness
from nodegraph.errors import DataError, warn
from nodegraph.graph.messages.phrases import columns_in_words
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import Windowed
from nodegraph.graph.rule import shortest
from nodegraph.model.checks import why_so_many
from nodegraph.model.clock_columns import warn_of_clocks
from nodegraph.model.column_names import warn_of_shared_names

__all__ = [
    "warn_of_doubts",
    "warn_of_idle_targets",
    "warn_of_inputs",
    "warn_of_series_passed_over",
]

FEW, WIDE = 20, 20  # rows of one series that are few, and how many times as many columns are wide
TURNED = 3  # how many times as many columns as rows independent series of classes seldom have
SHOWN = 5
FEWEST_STILL = 10  # rows that are the same by more than chance


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
        If a column of targets is NaN in every row, so that no row teaches anything.
    """
    warn_of_inputs(plan, bound)
    _warn_of_lost_digits(bound, dtype)
    _warn_of_turned_data(bound)
    _warn_of_turned_series(bound)
    _warn_of_series_in_rows(plan, bound, y)
    _warn_of_labels(plan, bound, y)
    _warn_of_absent_classes(plan, learners, bound)
    for name in learners:
        if name in bound.targets:
            _warn_of_constants(plan, name, bound, warmup)
    warn_of_series_passed_over(plan, learners, bound, warmup, ahead)


def warn_of_inputs(plan: Plan, bound: BoundData) -> None:
    """Warn of edges that bring nothing in time, and of columns that are no signals."""
    _warn_of_late_edges(plan, bound)
    warn_of_shared_names(bound)
    one = bound.series[0] if bound.own else None
    if isinstance(one, Series) and any(rows.shape[1] > 1 for rows in one.data.values()):
        warn_of_clocks(one, bound.columns)
    for name in bound.data:
        _warn_of_empty_columns(name, bound)


def _warn_of_empty_columns(name: str, bound: BoundData) -> None:
    """Warn of columns of an input that are NaN in every row; nodes that fill gaps let them in."""
    parts = [one.data[name] for one in bound.here]
    if not parts or not isinstance(parts[0], np.ndarray) or not np.isnan(parts[0][:1]).any():
        return
    empty = np.flatnonzero(np.logical_and.reduce([np.isnan(rows).all(axis=0) for rows in parts]))
    if empty.size and sum(map(len, parts)) >= FEWEST_STILL:
        titles = bound.columns[name].names if name in bound.columns else ()
        warn(
            f"{name}: {columns_in_words(empty, titles=titles)} NaN in every row, so nothing moves "
            "where these gaps are filled; leave out what has no values, or look at where it comes "
            "from"
        )


def _warn_of_late_edges(plan: Plan, bound: BoundData) -> None:
    """Warn of edges that are so late that nothing but zeros comes through them.

    Targets that never come are refused where they are checked.
    """
    late = [
        f"{source} {delay} steps late at {reader}"
        for reader, ports in plan.reads.items()
        for source, delay in dict.fromkeys(
            read[:2] for port, reads in ports.items() if port != "target" for read in reads
        )
        if delay >= max(bound.longest, 2)
    ]
    if late:
        what = "series has" if bound.own else "longest series has"
        warn(
            f"{'; '.join(late[:SHOWN])}{'; ...' * (len(late) > SHOWN)}: the {what} {bound.longest} "
            "rows, so zeros alone are heard there while the model learns; shorten the delay, or "
            "leave the edge out"
        )


def warn_of_series_passed_over(
    plan: Plan,
    learners: Sequence[str],
    bound: BoundData,
    warmup: int = 0,
    ahead: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Warn if some series are too short for anything to be learned from them."""
    lengths = bound.lengths
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
        rule = plan.rules[name]
        asks = isinstance(rule, Windowed) or name not in bound.targets  # else see its clock, below
        needed = shortest(rule, plan.nodes[name]) if asks else 1
        short = [i for i, n_steps in enumerate(lengths) if warmup < n_steps < needed]
        if short and max(lengths) >= needed:  # all of them are refused later
            warn(
                f"{name} learns nothing from {_which(short, len(lengths))}: it needs {needed} "
                f"steps, {why_so_many(plan, name)}"
            )
        _warn_of_clock(plan, name, bound, warmup, ahead.get(name, 0))


def _warn_of_clock(plan: Plan, name: str, bound: BoundData, warmup: int, ahead: int) -> None:
    """Warn of series whose targets all stand between the ticks of the learner's clock."""
    every, phase = plan.nodes[name].every, plan.nodes[name].phase
    if every == 1 or name not in bound.targets:
        return
    missed = []
    for i, one in enumerate(bound.series):
        if type(one) is Series:  # else it is not read yet
            taught = np.flatnonzero(np.isfinite(one.targets[name]).all(axis=1)) - ahead
            taught = taught[taught >= warmup]
            if taught.size and ((taught - phase) % every).all():
                missed.append(i)
    if missed:
        warn(
            f"{name} learns nothing from {_which(missed, len(bound.series))}: its clock (every="
            f"{every}, phase={phase}) does not tick where they have a target, as at the last step; "
            "leave every out, or give targets at other steps"
        )


def warn_of_idle_targets(plan: Plan, learners: Container[str], bound: BoundData, y: Any) -> None:
    """Warn of targets for who learns offline, where they are given to those who learn online."""
    idle = [n for n in bound.targets if n not in learners]
    heard = len(idle) < len(bound.targets) and not isinstance(y, Mapping)  # by who was meant
    if idle and not heard:
        warn(
            f"partial_fit: the target of {', '.join(idle)} teaches nothing, for "
            f"{', '.join(type(plan.rules[n]).__name__ for n in idle)} learns from all rows at once "
            "and rests; write fit or update, or leave it out"
        )


def _warn_of_lost_digits(bound: BoundData, dtype: np.dtype[Any]) -> None:
    """Warn if the precision of the model takes from a column most of what moves in it."""
    series = bound.series[0]
    if not isinstance(series, Series):
        return
    named = [*series.data.items()]
    named += [(f"target of {name}", rows) for name, rows in series.targets.items()]
    for name, rows in named:
        narrower = dtype.itemsize < rows.dtype.itemsize
        told = narrower or name in series.data  # else as at rest, below
        if told and (found := blurred(rows, dtype)):
            cure = (
                "take its mean off before they are given, x - x.mean(axis=0), or write "
                "dtype='float64'"
                if narrower
                else "take its first value off before they are given, x - x[0]"
            )
            warn(f"{name}: {found}; {cure}")


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
    n_series, n_steps = len(bound.series), max(bound.lengths, default=0)
    if not bound.once or bound.own or n_series < 2 or {*bound.lengths} != {n_steps}:
        return
    for name, width in bound.data.items():
        if width >= max(WIDE, TURNED * n_steps):
            warn(
                f"{name}: {n_series} series of {n_steps} rows and {width} columns, and "
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


def _warn_of_constants(plan: Plan, name: str, bound: BoundData, warmup: int) -> None:
    """Warn of columns of targets that do not move; refuse those that are all NaN."""
    if not bound.here:
        return
    found = stillness([one.targets[name][warmup:] for one in bound.here])
    titles = bound.taught[name].names if name in bound.taught else ()
    if found.unknown.size:
        raise DataError(
            f"target of {name}: no rows to learn from: "
            f"{columns_in_words(found.unknown, titles=titles)} "
            "NaN in every row, and a row with a NaN teaches nothing; leave such columns out"
        )
    told = found.still.size and found.n_rows >= FEWEST_STILL and not found.coded
    if told and not plan.nodes[name].knows_classes:
        values = columns_in_words([f"{value:.12g}" for value in found.values]).split(" ", 1)[1]
        but = (
            f", but for {found.spread:.2g} that are taken for rounding; if they are none, take "
            "the first row off, y - y[0]"
        ) * bool(found.spread)
        warn(
            f"target of {name}: {columns_in_words(found.still, titles=titles)} at rest ({values} "
            f"in all {found.n_rows} rows that are learned from{but}), so nothing else will be said "
            "there; leave out what does not move, or look at where it comes from"
        )


def _warn_of_labels(plan: Plan, bound: BoundData, y: Any) -> None:
    """Warn if classes seem to be learned as quantities: few whole numbers, one for each series.

    They must be integers, 0 or 1 and all that follow without a gap, three of them or more, and
    each twice on average; floats are never taken for classes, and truth values always.
    """
    if bound.own:
        return
    for name, labels in flat_labels(bound, y, len(bound.series)):
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
    series = bound.here
    for name in learners if series else ():
        classes = getattr(plan.nodes[name], "classes", None)
        if classes is None or name not in bound.targets:
            continue
        seen = np.sum([(one.targets[name] > 0).any(axis=0) for one in series], axis=0)
        if absent := [repr(word) for word, times in zip(classes, seen, strict=True) if not times]:
            warn(
                f"target of {name}: no label is of {' or '.join(absent)}, so it will never say "
                "that; leave classes out that do not occur, or give data of them"
            )


def in_classes(plan: Plan, name: str, labels: Any) -> bool:
    """Tell whether labels are of classes: so told, or few whole numbers that come again."""
    known = plan.nodes[name].knows_classes
    return known or (labels.dtype.kind in "iu" and 2 * len(np.unique(labels)) <= len(labels))


def flat_labels(bound: BoundData, y: Any, count: int) -> Iterator[tuple[str, Any]]:
    """Yield the targets that are `count` labels and no quantities, by the first who learns them."""
    given = y if isinstance(y, Mapping) else dict.fromkeys(list(bound.targets)[:1], y)
    for name, value in given.items():
        try:
            labels = np.asarray(value)
        except ValueError:  # rows of different lengths
            continue
        if labels.dtype.kind not in "fc" and labels.shape in ((count,), (count, 1)):
            yield name, labels
