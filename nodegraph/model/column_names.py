"""Columns of tables that are called alike, so that their names do not tell them apart."""

from __future__ import annotations

import numpy as np

from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series
from nodegraph.errors import warn

__all__ = ["warn_of_shared_names"]


def warn_of_shared_names(bound: BoundData, begun: bool = False) -> None:
    """Warn of the first name that several columns of a table have; each is a column of its own.

    Of a stream that has begun nothing is said again.
    """
    one = bound.series[0]
    if begun or not isinstance(one, Series):
        return
    tables = [(name, columns.names, one.data[name]) for name, columns in bound.columns.items()]
    for name, columns in bound.taught.items():
        tables.append((f"target of {name}", columns.names, one.targets[name]))
    for where, names, rows in tables:
        if shared := next((word for word in names if names.count(word) > 1), None):
            places = [i for i, word in enumerate(names) if word == shared]
            same = all(np.array_equal(rows[:, places[0]], rows[:, i], True) for i in places[1:])
            kind = "the same values, which count as often" if same else "different values"
            warn(
                f"{where}: columns {', '.join(map(str, places))} are all called {shared!r}, with "
                f"{kind}, and nobody can tell if they come in another order; rename them (in a "
                "task: names: [...]), or keep the first of each: x.loc[:, "
                "~x.columns.duplicated()] in pandas"
            )
            return
