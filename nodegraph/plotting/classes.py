"""Plots of classes: which was taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nodegraph.errors import DataError
from nodegraph.plotting.canvas import new_axes, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["confusion"]


def confusion(
    labels: npt.ArrayLike,
    guesses: npt.ArrayLike,
    names: Sequence[Any],
    ax: Axes | None = None,
) -> Axes:
    """Draw how often each true class (row) was taken for each class (column).

    Parameters
    ----------
    labels, guesses : array of int (n_series,)
        Places of the true and of the predicted classes in `names`.
    names : sequence
        What the classes are called.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it a new figure is made.

    Raises
    ------
    DataError
        If there are not as many guesses as labels, or one is not a place in `names`.

    Examples
    --------
    >>> [text.get_text() for text in confusion([0, 1, 1], [0, 1, 0], "ab").texts]
    ['1', '1', '1']
    """
    counts = _counts(np.asarray(labels), np.asarray(guesses), len(names))
    side = 2.0 + 0.38 * len(names)
    ax = ax if ax is not None else new_axes((side, side))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for row, column in np.argwhere(counts):
        colour = "white" if shares[row, column] > 0.5 else "black"
        number = str(counts[row, column])
        ax.text(column, row, number, ha="center", va="center", color=colour)
    words = [str(name) for name in names]
    ax.set_xticks(range(len(words)), words)
    ax.set_yticks(range(len(words)), words)
    return tidy(ax, "predicted class", "true class", grid=False)


def _counts(labels: Any, guesses: Any, n_classes: int) -> npt.NDArray[np.int64]:
    both = np.concatenate([labels.ravel(), guesses.ravel()])
    if labels.shape != guesses.shape or labels.ndim != 1 or not labels.size:
        raise DataError(
            f"confusion: labels have shape {labels.shape}, guesses {guesses.shape}; "
            "both need one class a series"
        )
    if both.dtype.kind not in "iu" or both.min() < 0 or both.max() >= n_classes:
        raise DataError(f"confusion: classes are whole numbers from 0 to {n_classes - 1}")
    counts = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(counts, (labels, guesses), 1)
    return counts
