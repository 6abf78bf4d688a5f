"""Series with a class each: which are learned from, which are scored, which columns go in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.experiments.tasks.examples import Examples, TaskData
from nodegraph.files.table_columns import chosen
from nodegraph.files.yaml.task import Split

__all__ = ["Classes", "by_class"]


def by_class(labels: Array) -> Array:
    """Return an order in which every beginning holds each class in its share.

    Within a class, series stay in the order in which they stand.

    Examples
    --------
    >>> by_class(np.array([0, 0, 0, 0, 1, 1]))
    array([0, 4, 1, 2, 5, 3])
    """
    place = np.zeros(len(labels))
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        place[own] = (np.arange(len(own)) + 0.5) / len(own)
    return np.argsort(place, kind="stable")


@dataclass(frozen=True)
class Classes:
    """Series to learn from and others to be scored, each with its class.

    Parameters
    ----------
    x, y : list of array
        Series to learn from, and for each a row of zeros with a one (or as many as it has rows).
    labels : array of int
        Class of each, as an index into `names`.
    other : Classes or None
        Series to be scored; None of those themselves.
    names : tuple
        What the classes are called.
    held_back : bool
        Whether `other` are series that the data set has for learning.
    called : tuple of str
        What each of the series is called in the data; empty where nothing says so.
    """

    x: Any
    y: list[Array]
    labels: Array
    names: tuple[Any, ...]
    other: Classes | None = None
    held_back: bool = False
    called: tuple[str, ...] = ()

    @classmethod
    def of(cls, x: Any, y: Any, x_test: Any, y_test: Any) -> Self:
        """Return what a data set with a part to learn from and a part to be scored gives."""
        if isinstance(y, list):
            labels, test = (np.array([rows[-1].argmax() for rows in part]) for part in (y, y_test))
            names = tuple(range(y[0].shape[1]))
            return cls(list(x), y, labels, names, cls(list(x_test), y_test, test, names))
        found, index = np.unique(np.concatenate([y, y_test]), return_inverse=True)
        names, n = tuple(found.tolist()), len(y)
        one_hot = np.eye(len(found))[index][:, None, :]
        other = cls(list(x_test), list(one_hot[n:]), index[n:], names)
        return cls(list(x), list(one_hot[:n]), index[:n], names, other)

    def _picked(self, where: Array) -> Classes:
        places = np.sort(where).tolist()
        x, y = ([part[i] for i in places] for part in (self.x, self.y))
        called = tuple(self.called[i] for i in places) if self.called else ()
        return replace(self, x=x, y=y, labels=self.labels[places], other=None, called=called)

    def split(self, split: Split) -> Classes:
        """Return `split.train` of the series to learn from, and those to be scored.

        With `split.test` so many of the others to learn from are held back, by class; the series
        that the data set has for the test are then not looked at. Where it has none, those that
        are not learned from are held back, a third unless `split.train` tells.

        Raises
        ------
        DataError
            If there are fewer series, or none of a class is left to learn from.
        """
        held, n = split.test or 0, len(self.x)
        if self.other is None and split.test is None:
            held = n - (2 * n // 3 if split.train is None else split.train)
            if held < 1:
                raise DataError(f"train {split.train} of {n} series leaves none to be scored")
        train = n - held if split.train is None else split.train
        if train + held > n or train < 1:
            own = f"; without test its other {len(self.other.x)} are scored" if self.other else ""
            raise DataError(
                f"train {max(train, 1)} + test {held} series, but the data set has {n} to learn "
                f"from, of which test are held back{own}"
            )
        order = by_class(self.labels)
        if unheard := sorted({*self.labels.tolist()} - {*self.labels[order[:train]].tolist()}):
            raise DataError(
                f"class {self.names[unheard[0]]} has no series among the {train} to learn from; "
                "learn from more"
            )
        other = self._picked(order[train : train + held]) if held else self.other
        return replace(self._picked(order[:train]), other=other, held_back=bool(held))

    def taking(self, wanted: Any) -> Classes:
        """Return the series with the columns that go in, by node where the task says so.

        Raises
        ------
        DataError
            If a column is not there, or none is left.
        """
        if wanted is None:
            return self
        if not wanted:
            raise DataError("a series is told by its columns; leave input out for all of them")
        other = None if self.other is None else self.other.taking(wanted)
        return replace(self, x=_columns(self.x, wanted), other=other)

    def data(self) -> TaskData:
        """Return the arrays of the task."""
        other = self if self.other is None else self.other
        return TaskData(
            Examples(self.x, self.y),
            Examples(other.x, other.y),
            labels=(self.labels, other.labels),
            classes=self.names,
            held_back=self.held_back,
            called=other.called,
        )


def _columns(series: Sequence[Array], wanted: Any) -> Any:
    if isinstance(wanted, Mapping):
        return {node: _columns(series, columns) for node, columns in wanted.items()}
    picked = chosen(wanted, None, series[0].shape[1], "data")
    return [rows[:, picked] for rows in series]
