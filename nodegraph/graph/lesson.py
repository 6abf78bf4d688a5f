"""What a learning node lived through: its inputs, its target, and the steps to learn from."""

from __future__ import annotations

from typing import NamedTuple

from nodegraph.arrays import Array

__all__ = ["Lesson"]


class Lesson(NamedTuple):
    """A chunk of time in the life of one learning node."""

    inputs: dict[str, Array]  # by port, (n_steps, n); "noise" among them if it is on
    target: Array | None  # (n_steps, n_out)
    rows: Array  # (n_steps,) bool: the steps to learn from
    number: int | None = None  # of the independent series that this is of, if the rule deals them
