"""Tables whose index says which rows are those of one instance, and when each was taken."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from nodegraph.errors import DataError

__all__ = ["instances"]


def instances(value: Any, where: str) -> list[Any]:
    """Return the rows of each instance, in the order in which they come.

    Raises
    ------
    DataError
        If it is not plain which level is the instance and which is time: the index has not two
        levels, an instance comes back after another one, or its times do not grow.
    """
    index = value.index
    if index.nlevels != 2:
        raise DataError(
            f"{where}: an index of {index.nlevels} levels; a panel has two, (instance, time)"
        )
    outer, inner = (np.asarray(index.get_level_values(level)) for level in (0, 1))
    starts = np.concatenate([[0], 1 + np.flatnonzero(outer[1:] != outer[:-1]), [len(outer)]])
    parts = [slice(a, b) for a, b in pairwise(starts) if b > a]
    if (outer.dtype.kind == "M" and inner.dtype.kind != "M") or inner.dtype.kind in "OUT":
        raise DataError(
            f"{where}: the index is (time, instance), and series are wanted one after the other: "
            "write x.swaplevel().sort_index()"
        )
    if len(parts) != len(set(outer.tolist())) or not all(_grows(inner[part]) for part in parts):
        raise DataError(
            f"{where}: the index (instance, time) is not in order: write x.sort_index()"
        )
    table = value.to_frame() if value.ndim == 1 else value
    return [table.iloc[part].droplevel(0) for part in parts]


def _grows(times: Any) -> bool:
    return bool((times[1:] > times[:-1]).all())
