"""What the index of a table says: which rows are a series, and that targets stand as inputs do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise, product
from typing import Any

import numpy as np

from nodegraph.errors import DataError

__all__ = ["check_order", "instances", "is_panel"]


def is_panel(value: Any) -> bool:
    """Tell whether `value` is a table or a flat series with more than one level of index."""
    return hasattr(type(value), "iloc") and getattr(value.index, "nlevels", 1) > 1


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


def check_order(x: Any, y: Any) -> None:
    """Refuse targets whose index calls the same rows as that of the inputs, in another order.

    Rows count as they stand, whatever they are called. Labels of a panel may be called by instance.

    Raises
    ------
    DataError
        With how to put them in order.
    """
    for name, given, target in _pairs(x, y):
        if _indexed(given) and _indexed(target) and _mixed(_called(given, target), target.index):
            raise DataError(
                f"target{name}: its rows stand in another order than those of the input; write "
                "y.loc[x.index] (labels of a panel: y.loc[x.index.get_level_values(0).unique()]), "
                "or y.to_numpy() if they are meant as they stand"
            )


def _pairs(x: Any, y: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield each table of targets beside each of inputs, series by series."""
    targets = y.items() if isinstance(y, Mapping) else [("", y)]
    for (name, target), given in product(targets, x.values() if isinstance(x, Mapping) else [x]):
        said = f" of {name}" if name else ""
        if isinstance(given, list | tuple) and isinstance(target, list | tuple):
            for i, pair in enumerate(zip(given, target, strict=False)):
                yield f"{said} (series {i})", *pair
        else:
            yield said, given, target


def _indexed(value: Any) -> bool:
    return hasattr(type(value), "iloc") and hasattr(value, "index")


def _called(given: Any, target: Any) -> Any:
    """Return what the rows of targets should be called: the instances, for labels of a panel."""
    by_instance = is_panel(given) and not is_panel(target)
    return given.index.get_level_values(0).unique() if by_instance else given.index


def _mixed(one: Any, other: Any) -> bool:
    if len(one) != len(other) or one.nlevels != other.nlevels or one.equals(other):
        return False
    return bool(one.is_unique and other.is_unique and other.isin(one).all())


def _grows(times: Any) -> bool:
    return bool((times[1:] > times[:-1]).all())
