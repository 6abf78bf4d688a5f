"""From outputs to labels: what the outputs of a graph stand for, and which is the greatest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError, GraphError, warn
from nodegraph.graph.messages.phrases import shown
from nodegraph.graph.plan import Plan

__all__ = ["classes_by_output", "is_classifier", "labels_of", "share_right"]


def classes_by_output(plan: Plan) -> dict[str, tuple[Any, ...]]:
    """Return the classes that the outputs of each output end stand for, where they do.

    They are those of the node, or of all readouts that it hears of.

    Raises
    ------
    GraphError
        If none of the ends is of classes.
    """
    found = {name: _heard(plan, name) for name in plan.outputs}
    judges = {name: next(iter(classes)) for name, classes in found.items() if len(classes) == 1}
    if not judges:
        raise GraphError(
            "no output stands for classes; give the readout their names, as in "
            "Ridge(classes=np.unique(labels))"
        )
    return judges


def _heard(plan: Plan, name: str) -> set[tuple[Any, ...]]:
    """Return the classes of the nearest nodes that have some, from `name` on upstream."""
    found, seen, waiting = set(), {name}, [name]
    while waiting:
        node = waiting.pop()
        if classes := getattr(plan.nodes[node], "classes", None):
            found.add(tuple(classes))
            continue
        sources = {read.source for read in plan.reads[node].get("x", ())} - seen
        seen |= sources
        waiting.extend(sources)
    return found


def labels_of(outputs: Any, classes: tuple[Any, ...]) -> Array:
    """Return a label for each row of one series, or for each series, by its last row."""
    whole = isinstance(outputs, np.ndarray) and outputs.ndim == 2
    rows = outputs if whole else np.array([series[-1] for series in outputs])
    found: Array = np.array(classes)[rows.argmax(axis=1)]
    return found


def is_classifier(plan: Plan) -> bool:
    """Tell whether a model has one output end, and that is of classes."""
    if len(plan.outputs) != 1:
        return False
    return plan.nodes[plan.outputs[0]].knows_classes or len(_heard(plan, plan.outputs[0])) == 1


def share_right(plan: Plan, y: Any, outputs: Any) -> float:
    """Return the share of labels `y` that the outputs are greatest for.

    Parameters
    ----------
    plan : Plan
        Of a classifier.
    y : sequence
        A label for each row of one series, for each series, or for each row of each series; or
        rows with a 1 in the column of the class.
    outputs : ndarray (T, n), or sequence of such
    """
    heard = _heard(plan, plan.outputs[0])
    classes = np.array(next(iter(heard))) if heard else None
    if isinstance(outputs, np.ndarray) and outputs.ndim == 2:
        rows, said = [outputs], [y]
    elif _one_each(y, outputs):
        rows, said = [np.array([series[-1] for series in outputs])], [y]
    else:
        rows, said = list(outputs), list(y)
    guesses = np.concatenate([each.argmax(axis=1) for each in rows])
    labels = [_numbers(each, rows[0].shape[1], classes) for each in said]
    right = np.concatenate(labels)
    if len(right) != len(guesses):
        raise DataError(f"score: {len(right)} labels for {len(guesses)} outputs")
    if classes is not None:
        _check_known(right, said, classes)
    return float(np.mean(right == guesses))


def _check_known(numbers: Array, said: Sequence[Any], classes: Array) -> None:
    """Refuse labels none of which is of a class; warn of some that are of none."""
    strange = np.flatnonzero(numbers < 0)
    if not strange.size:
        return
    labels = np.concatenate([np.ravel(np.asarray(each)) for each in said])
    told = f"label {shown(labels[strange[0]].item())} (number {strange[0]})"
    known = f"none of the classes {', '.join(map(repr, classes.tolist()))}"
    if strange.size == numbers.size:
        raise DataError(f"score: {told} is {known}, and nor is any other; give labels as in fit")
    others = f", nor are {strange.size - 1} more" * (strange.size > 1)
    warn(
        f"score: {told} is {known}{others}, of {numbers.size} in all: such rows count as wrong; "
        "leave them out, or learn from data of that class"
    )


def _one_each(y: Any, outputs: Any) -> bool:
    """Tell whether `y` has a label for each series, or a row with a 1 in its column."""
    labels = [np.asarray(one) for one in y]
    if all(one.size == 1 for one in labels):
        return True
    numbers = all(one.ndim == 1 and one.dtype.kind in "biuf" for one in labels)
    n_out = len(outputs[0][0])
    return numbers and all(len(one) == n_out and one.sum() == one.max() == 1 for one in labels)


def _numbers(labels: Any, n_out: int, classes: Array | None) -> Array:
    """Return the number of the class that each label names; -1 of one that is none."""
    given = np.asarray(labels)
    found: Array = given.ravel()
    if given.ndim == 2 and given.shape[1] == n_out > 1:
        found = given.argmax(axis=1)
    elif classes is not None:
        same = given.reshape(-1, 1) == classes
        found = np.where(same.any(axis=1), same.argmax(axis=1), -1)
    return found
