"""The last rows that went by, where data come a few at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array

__all__ = ["MOST", "Recent"]

MOST = 256  # rows that are kept

Rows = Mapping[str, Array]  # by node, (n_steps, n)


class Recent(NamedTuple):
    """The last rows of inputs and targets that are equally wide: others cannot be compared."""

    data: Mapping[str, Array] = {}
    targets: Mapping[str, Array] = {}
    stop: int = 0  # number of the step behind the last one

    def after(self, data: Rows, targets: Rows, start: int) -> Recent:
        """Return the last rows when more have come, the first of them at step `start`.

        Rows that do not follow those that were there begin anew.
        """
        widths = {rows.shape[1] for rows in targets.values()}
        data = {name: rows for name, rows in data.items() if rows.shape[1] in widths}
        if not data:
            return Recent()
        n_steps = len(next(iter(data.values())))
        follows = start == self.stop and self.data.keys() == data.keys()
        follows = follows and self.targets.keys() == targets.keys()
        before: tuple[Rows, Rows] = (self.data, self.targets) if follows else ({}, {})
        return Recent(_last(before[0], data), _last(before[1], targets), start + n_steps)


def _last(before: Rows, rows: Rows) -> dict[str, Array]:
    """Return copies of the last rows of each."""
    return {
        name: np.concatenate([*([before[name]] if name in before else []), new[-MOST:]])[-MOST:]
        for name, new in rows.items()
    }
