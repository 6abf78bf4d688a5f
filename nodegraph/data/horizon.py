"""How many rows a target is ahead of its input: as is wished, and as the data themselves show."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.binding import BoundData
from nodegraph.data.series import MOST, Recent, Series, Stream
from nodegraph.errors import DataError, FieldError
from nodegraph.graph.names import node_name

__all__ = [
    "Ahead",
    "Horizons",
    "checked_ahead",
    "further",
    "horizons",
    "later",
    "rows_ahead",
    "strangers",
    "strays",
]

Horizons = Mapping[str, Mapping[str, int]]  # rows, by learner and input

FEWEST = 32  # rows that must be alike
FAR = 0.5  # of the larger variance: an input and a target that differ by more are not one signal
LOOKED_AT = 64  # rows that sieve the shifts, before all rows are compared


class Ahead(NamedTuple):
    """How far ahead each learner was taught, as far as the data of its lessons tell."""

    shown: Mapping[str, Mapping[str, int]] = {}  # by data that show it by themselves
    recent: Recent = Recent()  # what came a few rows at a time
    strange: frozenset[tuple[str, str]] = frozenset()  # learners, and inputs unlike their targets

    def after(self, bound: BoundData, start: int) -> Ahead:
        """Return what is known after a lesson that began at step `start` of the model's stream."""
        one = bound.series[0]
        if bound.own and isinstance(one, Series) and one.n_steps < MOST:
            return self.after_rows(one.data, one.targets, start)
        return self._replace(shown={**self.shown, **horizons(bound)}, recent=Recent())

    def after_rows(
        self, data: Mapping[str, Array], targets: Mapping[str, Array], start: int
    ) -> Ahead:
        """Return what is known after a lesson of few rows."""
        return self._replace(recent=self.recent.after(data, targets, start))

    def horizons(self) -> Horizons:
        """Return how many rows ahead of which input each learner was taught last."""
        return {**self.shown, **_between(self.recent)}

    def reach(self, rows: int) -> bool:
        """Tell whether some learner was taught an input so many rows later."""
        return any(rows in by_input.values() for by_input in self.horizons().values())


def strangers(bound: BoundData) -> frozenset[tuple[str, str]]:
    """Return each learner with each input, equally wide, whose next row its target strays from."""
    one = bound.series[0]
    if isinstance(one, Stream):
        return frozenset()
    pairs = ((learner, name) for learner in one.targets for name in one.data)
    return frozenset(pair for pair in pairs if strays(one.data[pair[1]], one.targets[pair[0]]))


def strays(x: Array, y: Array) -> bool:
    """Tell whether ``y[t]`` is far from ``x[t + 1]``: by half of the larger variance in a column.

    So are other series, and those in another unit or order; a copy with some noise is not.

    Examples
    --------
    >>> u = np.sin(np.arange(100))[:, None]
    >>> strays(u[:-1], u[1:] + 0.1), strays(u[:-1], 1000 * u[1:])
    (False, True)
    """
    if x.shape[1] != y.shape[1]:
        return False
    x, y = x[1:], y[:-1]
    known = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    if known.sum() < FEWEST:
        return False
    x, y = x[known], y[known]
    largest = np.maximum(np.abs(x).max(axis=0), np.abs(y).max(axis=0))
    size = np.where(largest > 0, largest, 1.0)  # so that no square overflows
    x, y = x / size, y / size
    spread = np.maximum(x.var(axis=0), y.var(axis=0))
    return bool((np.square(x - y).mean(axis=0) > FAR * spread).any())


def horizons(bound: BoundData) -> dict[str, dict[str, int]]:
    """Return how far each target is ahead of each input, where it is that input, later.

    The first series tells; of a stream, the last rows of it that came.
    """
    first = bound.series[0]
    return _between(first.recent if isinstance(first, Stream) else first)


def _between(rows: Series | Recent) -> dict[str, dict[str, int]]:
    shifts = {
        learner: {name: rows_ahead(x, y) for name, x in rows.data.items()}
        for learner, y in rows.targets.items()
    }
    return {
        learner: {name: k for name, k in by_input.items() if k is not None}
        for learner, by_input in shifts.items()
    }


def rows_ahead(x: Array, y: Array) -> int | None:
    """Return the k for which ``y[t] = x[t + k]`` in all rows: 1 if it can be, else the least.

    Rows of `y` with NaN are no targets. None if there is no such k up to half of the rows.

    Examples
    --------
    >>> u = np.sin(np.arange(100))[:, None]
    >>> rows_ahead(u[:-10], u[10:])
    10
    """
    known = np.flatnonzero(np.isfinite(y).all(axis=1))
    most = min(len(x) // 2, len(x) - FEWEST)
    if x.shape[1] != y.shape[1] or len(known) < FEWEST or most < 1:
        return None
    shifts = np.concatenate([[1, 0], np.arange(2, most + 1)])
    for t in known[:LOOKED_AT]:
        here = t + shifts < len(x)
        same = (x[np.minimum(t + shifts, len(x) - 1)] == y[t]).all(axis=1)
        shifts = shifts[same | ~here]
        if len(shifts) < 2:
            break
    return next((int(k) for k in shifts[:LOOKED_AT] if _alike(x, y, known, int(k))), None)


def _alike(x: Array, y: Array, known: Array, k: int) -> bool:
    rows = known[known + k < len(x)]
    return len(rows) >= FEWEST and np.array_equal(x[rows + k], y[rows])


def checked_ahead(
    ahead: Any, bound: BoundData, warmup: int = 0, wired: Collection[str] = ()
) -> dict[str, int]:
    """Return how many steps later the target of each learner stands, without those of 0.

    Parameters
    ----------
    ahead : int, or dict of int by learner
    bound : BoundData
    warmup : int
        Rows at the start of each series that are not learned from either.
    wired : collection of str
        Learners whose targets are led to them in the graph, and cannot come later.

    Raises
    ------
    DataError, FieldError
        If it is no number of steps, or no row is left that has a target.
    """
    if isinstance(ahead, Mapping):
        steps = {node_name(n, list(bound.targets), "ahead"): _whole(k) for n, k in ahead.items()}
    else:
        steps = dict.fromkeys(bound.targets, _whole(ahead))
        if ahead and not steps:
            raise DataError(
                "ahead: no target was given that could come later; one that is led to its learner "
                "in the graph comes with its row, so give it as y"
            )
        if steps and ahead and (led := sorted(set(wired) - steps.keys())):
            cure = dict.fromkeys(steps, ahead)
            raise DataError(
                f"ahead={ahead}: the target of {', '.join(led)} is led to it in the graph, and "
                f"comes with its row; say which are to come later, ahead={cure}"
            )
    found = {name: k for name, k in steps.items() if k}
    if found:
        _check_rows(found, bound, warmup)
    return found


def _check_rows(ahead: Mapping[str, int], bound: BoundData, warmup: int) -> None:
    """Refuse data in which no target is so many steps later."""
    name = max(ahead, key=lambda each: ahead[each])
    if once := bound.once & ahead.keys():
        raise DataError(
            f"ahead: {min(once)} was given one target for each series, and there is none later; "
            "leave ahead out"
        )
    if bound.n_steps is None:
        raise DataError(
            "ahead: a chunk of a stream does not hold the targets that come later; pair each chunk "
            f"with the targets {ahead[name]} rows later, and leave ahead out"
        )
    if ahead[name] + warmup >= bound.longest:
        more = f" and warmup={warmup}" if warmup else ""
        raise DataError(
            f"ahead={ahead[name]}{more} leave nothing: the longest series has {bound.longest} rows"
        )


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise FieldError(
            f"ahead: expected a whole number of steps of at least 0, got {value!r}; for a target "
            'of some steps before write delay: h >> delay(3) >> readout["target"]'
        )
    return int(value)


def later(bound: BoundData, ahead: Mapping[str, int]) -> BoundData:
    """Return the data with the targets of ``t + ahead`` at row t; NaN at the last rows of each.

    Examples
    --------
    >>> one = Series({}, {"out": np.arange(4.0)[:, None]}, 4)
    >>> moved = later(BoundData([one], "one", {}, {"out": 1}), {"out": 1})
    >>> moved.series[0].targets["out"][:, 0]
    array([ 1.,  2.,  3., nan])
    """
    if not ahead:
        return bound
    series = [
        one.changed(partial(_moved, ahead)) if isinstance(one, Series) else one
        for one in bound.series
    ]
    return replace(bound, series=series)


def further(bound: BoundData, ahead: Any, warmup: int) -> BoundData:
    """Return more data with later targets, as `later` does.

    Raises
    ------
    DataError
        If it is one series: the rows before it lack what are its first targets.
    """
    steps = checked_ahead(ahead, bound, warmup)
    if steps and bound.own:
        raise DataError(
            "ahead: a series that goes on where the model stands lacks its first targets; give "
            "further series as a list, update([x], [y], ahead=...)"
        )
    return later(bound, steps)


def _moved(ahead: Mapping[str, int], one: Series) -> Series:
    moved = {name: _rows(one.targets[name], k) for name, k in ahead.items() if name in one.targets}
    return replace(one, targets={**one.targets, **moved})


def _rows(rows: Array, ahead: int) -> Array:
    found = np.full_like(rows, np.nan)
    found[: max(0, len(rows) - ahead)] = rows[ahead:]
    return found
