"""Tables whose index says which rows are those of one instance, and when each was taken."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.index_times import read_level
from nodegraph.data.instances import Instances
from nodegraph.errors import DataError

__all__ = ["instances"]

FIRST_TIMES = (  # text is sorted by its letters
    "x.index = x.index.set_levels(pd.to_datetime(x.index.levels[1], utc=True), level=1), then "
)


def instances(value: Any, where: str) -> Instances:
    """Return the rows of each instance, in the order in which they come.

    Raises
    ------
    DataError
        If it is not plain which level is the instance and which is time: the index has not two
        levels, an instance comes back after another one, or its times go back.
    """
    index = value.index
    if index.nlevels != 2:
        raise DataError(
            f"{where}: an index of {index.nlevels} levels; a panel has two, (instance, time)"
        )
    outer, inner = (index.get_level_values(level) for level in (0, 1))
    times = _times(inner, where, called=read_level(outer)[0])
    starts = np.concatenate([[0], 1 + np.flatnonzero(outer[1:] != outer[:-1]), [len(outer)]])
    parts = [slice(a, b) for a, b in pairwise(starts) if b > a]
    if len(parts) != len(outer.unique()) or not all(_grows(times[part]) for part in parts):
        first = FIRST_TIMES * (inner.dtype.kind not in "Mmiuf")
        raise DataError(
            f"{where}: the index (instance, time) is not in order: write {first}x.sort_index()"
        )
    table = value.to_frame() if value.ndim == 1 else value
    tables = [table.iloc[part].droplevel(0) for part in parts]
    return Instances(tables, [outer[part.start] for part in parts])


def _times(inner: Any, where: str, called: Array | None) -> Array:
    """Return the times that the second level tells; refuse the first if it is the one that does.

    Parameters
    ----------
    inner : index of pandas
    where : str
        What the table is called.
    called : array or None
        What the first level tells.
    """
    times, _ = read_level(inner)
    if not len(inner):
        return np.zeros(0)
    if times is None or (_dated(called) and not _dated(times)):
        if called is None:
            raise DataError(
                f"{where}: an index (instance, time) is wanted, and neither level tells times: "
                f"{inner[0]!r} is no date or number"
            )
        raise DataError(
            f"{where}: the index is (time, instance), and series are wanted one after the other: "
            "write x.swaplevel().sort_index()"
        )
    return times


def _dated(times: Array | None) -> bool:
    return times is not None and times.dtype.kind in "Mm"


def _grows(times: Array) -> bool:
    known = times[times == times]
    return bool((known[1:] >= known[:-1]).all())
