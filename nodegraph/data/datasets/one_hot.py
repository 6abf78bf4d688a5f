"""Labels as rows of zeros and a one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.messages.phrases import shown

__all__ = ["one_hot"]


@known_arguments
def one_hot(labels: Any, classes: Sequence[Any] | None = None) -> Array:
    """Return a row for each label: 1 in the column of its class, 0 elsewhere.

    Parameters
    ----------
    labels : array_like, shape (n,)
        Numbers or words.
    classes : sequence, optional
        What the columns stand for, in order; by default the labels that occur, sorted.

    Returns
    -------
    array, shape (n, n_classes)

    Raises
    ------
    DataError
        If the labels are no flat list, or one of them is no class.

    Examples
    --------
    >>> one_hot(["a", "b", "a"]).tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    """
    flat = _flat("labels", labels)
    columns = np.unique(flat) if classes is None else _flat("classes", classes)
    if len(np.unique(columns)) < len(columns):
        raise DataError("one_hot: classes holds one class twice; name each once")
    hits = flat[:, None] == columns
    known = np.asarray(hits).any(axis=-1)
    if not known.all():
        raise DataError(
            f"one_hot: label {shown(flat[np.argmin(known)].item())} is none of the classes "
            f"{', '.join(str(each) for each in columns.tolist())}"
        )
    rows: Array = hits.astype(float)
    return rows


def _flat(name: str, values: Any) -> Array:
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.empty((0, 0))
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or not array.size or array.dtype.kind not in "iufbUS":
        raise DataError(f"one_hot: {name} should be a flat list of numbers or words, not empty")
    return array
