"""Targets that can be learned, but are perhaps not what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series
from nodegraph.data.symptoms import stillness
from nodegraph.errors import DataError, warn
from nodegraph.graph.messages.phrases import columns_in_words
from nodegraph.graph.plan import Plan

__all__ = ["flat_labels", "in_classes", "warn_of_targets"]


FEWEST_STILL = 10  # rows that are the same by more than chance


def warn_of_targets(
    plan: Plan, learners: Sequence[str], bound: BoundData, y: Any, warmup: int
) -> None:
    """Warn of targets for `fit` that are perhaps not what was meant; `y` is as it was given.

    Raises
    ------
    DataError
        If a column of targets is NaN in every row, so that no row teaches anything.
    """
    _warn_of_labels(plan, bound, y)
    _warn_of_absent_classes(plan, learners, bound)
    for name in learners:
        if name in bound.targets:
            _warn_of_constants(plan, name, bound, warmup)


def _warn_of_constants(plan: Plan, name: str, bound: BoundData, warmup: int) -> None:
    """Warn of columns of targets that do not move; refuse those that are all NaN."""
    taught = [one.targets[name][warmup:] for one in bound.series if type(one) is Series]
    if len(taught) < len(bound.series):  # what is not read yet
        return
    found = stillness(taught)
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
        warn(
            f"target of {name}: {columns_in_words(found.still, titles=titles)} at rest ({values} "
            f"in all {found.n_rows} rows that are learned from), so nothing else will be said "
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
