"""From outputs to labels: what the outputs of a graph stand for, and which is the greatest."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import GraphError
from nodegraph.plan import Plan

__all__ = ["classes_by_output", "labels_of"]


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
