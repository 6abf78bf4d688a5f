"""Targets that come some steps later than what they are learned from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.binding import BoundData, total_steps
from nodegraph.data.series import Series
from nodegraph.errors import DataError, FieldError
from nodegraph.graph.names import node_name

__all__ = ["checked_ahead", "further", "later"]


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
    if total_steps(bound) is None:
        raise DataError(
            "ahead: a chunk of a stream does not hold the targets that come later; pair each chunk "
            f"with the targets {ahead[name]} rows later, and leave ahead out"
        )
    longest = max(one.n_steps for one in bound.series if isinstance(one, Series))
    if ahead[name] + warmup >= longest:
        more = f" and warmup={warmup}" if warmup else ""
        raise DataError(
            f"ahead={ahead[name]}{more} leave nothing: the longest series has {longest} rows"
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
