"""Independent series that are read when they are needed, and need not fit in memory together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from nodegraph.data.assembly import Door, check_equal_columns, check_equal_widths, one_series
from nodegraph.data.containers import SeriesOf, axes
from nodegraph.data.index_times import check_times
from nodegraph.data.series import Chunk, Series
from nodegraph.data.targets import series_targets
from nodegraph.errors import DataError

__all__ = ["LazySeries", "lazy_series"]


class LazySeries(Series):
    """A series whose rows are read whenever they are asked for.

    Parameters
    ----------
    make : callable
        Reads it.
    n_steps : int
    columns, taught : dict of Columns
    """

    def __init__(self, make: Callable[[], Series], like: Series):
        for name, value in (("make", make), ("n_steps", like.n_steps), ("number", like.number)):
            object.__setattr__(self, name, value)
        for name in ("columns", "taught"):
            object.__setattr__(self, name, getattr(like, name))

    make: Callable[[], Series]

    @property
    def data(self) -> Any:
        """Rows by input node, read now."""
        return self.read().data

    @property
    def targets(self) -> Any:
        """Targets by learner, read now."""
        return self.read().targets

    @property
    def known(self) -> Any:
        """Outputs that are known, by node."""
        return self.read().known

    def __repr__(self) -> str:
        return f"LazySeries({self.n_steps} steps)"

    def read(self) -> Series:
        """Return the series as it is read now."""
        return self.make()

    def chunks(
        self, size: int, warmup: int, dtype: np.dtype[Any], done: int = 0
    ) -> Iterator[Chunk]:
        """Yield the series in chunks; it is read once for all of them."""
        return self.read().chunks(size, warmup, dtype, done)

    def first(self, n_steps: int) -> Series:
        """Return the series, read now, without what comes after so many steps."""
        return self.read().first(n_steps)

    def changed(self, how: Callable[[Series], Series]) -> Series:
        """Return the series as `how` makes it of what is read."""
        return LazySeries(partial(_then, self.make, how), self)


def _then(make: Callable[[], Series], how: Callable[[Series], Series]) -> Series:
    return how(make())


def lazy_series(x: Any, y: Any, door: Door) -> tuple[list[Series], frozenset[str]]:
    """Return the series of `x` and `y`, each read once to be checked and measured.

    Raises
    ------
    DataError
        If they are not as many, or as `nodegraph.data.assembly.many_series` says of one.
    """
    counts = {**_counts(x, "x"), **_counts(y, "y")}
    if len({*counts.values()}) > 1:
        shown = ", ".join(f"{n} series for {name}" for name, n in counts.items())
        raise DataError(f"inputs and targets must be as many: {shown}")
    read = _Reading(x, y, door)
    first, once = read.measured(0)
    found: list[Series] = [LazySeries(partial(read, 0), first)]
    for i in range(1, next(iter(counts.values()))):
        one, short = read.measured(i)
        check_equal_widths([first, one], i)
        check_equal_columns([first, one], f"series {i}")
        found.append(LazySeries(partial(read, i), one))
        once &= short
    return found, once


def _counts(value: Any, where: str) -> dict[str, int]:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {k: n for name, part in value.items() for k, n in _counts(part, name).items()}
    many = isinstance(value, SeriesOf | list | tuple) or axes(value) in (1, 3)
    if not many:
        raise DataError(
            f"{where}: one series beside ng.Series; give an ng.Series, or a list of arrays, of both"
        )
    return {where: len(value)}


class _Reading:
    """Reads series by number."""

    def __init__(self, x: Any, y: Any, door: Door):
        self.x, self.y, self.door = x, y, door
        self.marks: dict[int, Any] = {}  # what each series was when it was read first

    def _item(self, i: int) -> tuple[Any, Any]:
        x, y = _at(self.x, i), _at(self.y, i)
        return x if isinstance(x, tuple) and len(x) == 2 and y is None else (x, y)

    def __call__(self, i: int) -> Series:
        return self.measured(i)[0]

    def measured(self, i: int) -> tuple[Series, frozenset[str]]:
        """Return series number `i`, and the learners that were given one row or label for it."""
        x, y = self._item(i)
        if x is None and self.x is not None:
            raise DataError(f"series {i} of ng.Series is None; give an array of shape (T, d)")
        data, which = self.door.data(x), f" (series {i})"
        given, targets, once = self.door.targets(y), dict[str, Any](), set[str]()
        n_steps = one_series(data, {}, which, self.door).n_steps if data else 0
        for name, value in given.items():
            lesson = self.door.lesson(name)
            rows, short = series_targets([value], name, [n_steps or len(value)], lesson)
            targets[name] = rows[0]
            once |= {name} if short else set()
        found = one_series(data, targets, which, self.door)
        if i not in self.marks:
            check_times([(data, given, which)])
        self._compare(i, found)
        return found, frozenset(once)

    def _compare(self, i: int, found: Series) -> None:
        """Refuse a series that is another than when it was read first."""
        mark = _mark(found)
        before = self.marks.setdefault(i, mark)
        if before[0] != mark[0]:
            raise DataError(
                f"series {i} of ng.Series had {before[0]} steps when it was read first, and now "
                f"{mark[0]}"
            )
        if before != mark:
            raise DataError(
                f"series {i} of ng.Series was another when it was read again; each reading must "
                "give the same: draw noise from a generator that i seeds, or read a list of copies"
            )


def _mark(one: Series) -> tuple[int, Any]:
    """Return what tells a series from another: its steps, widths, and the rows at both ends."""
    parts = [*one.data.items(), *one.targets.items()]
    return one.n_steps, [(name, a.shape, a[[0, -1]].tobytes()) for name, a in parts]


def _at(value: Any, i: int) -> Any:
    if isinstance(value, Mapping):
        return {name: _at(part, i) for name, part in value.items()}
    return None if value is None else value[i]
