"""Plots of classes: which was taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.plotting.canvas import new_axes, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["confusion"]


@known_arguments
def confusion(
    labels: npt.ArrayLike,
    guesses: npt.ArrayLike,
    names: Sequence[Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how often each true class (row) was taken for each class (column).

    Parameters
    ----------
    labels, guesses : array (n_series,)
        The true and the predicted classes: places in `names`, or names.
    names : sequence, optional
        What the classes are called; without it all that occur, sorted.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it a new figure is made.

    Raises
    ------
    DataError
        If there are not as many guesses as labels, or one is not in `names`.

    Examples
    --------
    >>> [text.get_text() for text in confusion([0, 1, 1], [0, 1, 0], "ab").texts]
    ['1', '1', '1']
    >>> ax = confusion(["up", "down", "up"], ["up", "down", "down"])
    >>> [tick.get_text() for tick in ax.get_xticklabels()]
    ['down', 'up']
    """
    labels, guesses = np.asarray(labels), np.asarray(guesses)
    names = _every(labels, guesses) if names is None else list(names)
    counts = _counts(_places(labels, names), _places(guesses, names), len(names))
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


def _every(labels: Any, guesses: Any) -> list[Any]:
    """Return the classes that occur, sorted; whole numbers are places, from 0."""
    if labels.dtype.kind in "iu" and guesses.dtype.kind in "iu":
        return list(range(1 + int(max(labels.max(initial=-1), guesses.max(initial=-1)))))
    return sorted({*labels.ravel().tolist(), *guesses.ravel().tolist()}, key=str)


def _places(classes: Any, names: Sequence[Any]) -> Any:
    if classes.dtype.kind not in "OSU":
        return classes
    places = {name: place for place, name in enumerate(names)}
    if strange := [each for each in classes.ravel().tolist() if each not in places]:
        raise DataError(f"confusion: {strange[0]!r} is none of {', '.join(map(str, names))}")
    return np.reshape([places[each] for each in classes.ravel().tolist()], classes.shape)


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
