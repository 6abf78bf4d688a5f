"""A kind of work that two libraries do, and how much faster one of them is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.timing import compare
from nodegraph.arrays import Array

__all__ = ["HEAD", "Work", "series"]

REPEATS = 7
HEAD = ["work", "ratio", "to reach", "aim", "reached"] + [
    f"{whose}{what}"
    for whose in ("ours", "ReservoirPy")
    for what in (", min", ", median", ", CPU min")
]


class Work(NamedTuple):
    """Two programs that do the same and return the same, and the ratio to reach.

    With more workers than one it is the wall clock that counts, else the CPU time. `meaning` is
    what ours has to return where theirs does something else.
    """

    what: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    steps: int
    target: float = 1.0
    aim: float = 1.0
    tolerance: float = 1e-8
    by_wall: bool = False
    meaning: Callable[[], Any] | None = None

    def check(self) -> None:
        """Raise if ours does not return what it should."""
        expected = _arrays((self.meaning or self.theirs)())
        for ours, right in zip(_arrays(self.ours()), expected, strict=True):
            np.testing.assert_allclose(
                ours, right, atol=self.tolerance * float(np.abs(right).max()), err_msg=self.what
            )

    def cells(self) -> list[Any]:
        """Return the row of the table: the ratio comes first."""
        self.check()
        found = compare(self.ours, self.theirs, REPEATS)
        ratio = found.wall_ratio if self.by_wall else found.ratio
        reached = "yes" if ratio >= self.target else "**no**"
        goals = f"≥ {self.target:g}", f"{self.aim:g}"
        return [self.what, ratio, *goals, reached, *found.cells(self.steps)]


def _arrays(result: Any) -> list[Array]:
    return result if isinstance(result, list) else [result]


def series(steps: int) -> tuple[Array, Array]:
    """Return input and target: the next value of a sum of two sines, and noise."""
    t = np.arange(steps + 1)
    noise = np.random.default_rng(0).normal(0, 0.05, steps + 1)
    x = (0.6 * np.sin(t / 5) + 0.3 * np.sin(t / 8.3) + noise)[:, None]
    return x[:-1], x[1:]
