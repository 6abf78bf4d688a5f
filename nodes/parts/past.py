"""A ring of a node's own last steps, for rules that look back."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, tree_map

__all__ = ["Past", "followed", "remembered"]


class Past(NamedTuple):
    """The last steps; step t is in row ``t % rows``."""

    states: Any  # of the state before each step, a first axis of rows
    x: Array  # (rows, n_in)
    others: Array  # (rows, ports + noise), the largest signal of each other port; then noise
    steps: Array  # () int, steps so far

    @classmethod
    def empty(cls, state: Any, n_in: int, others: int, rows: int) -> Past:
        """Return room for so many steps."""
        states = tree_map(lambda a: np.zeros((rows, *a.shape), a.dtype), state)
        return cls(states, np.zeros((rows, n_in)), np.zeros((rows, others)), np.zeros((), np.int64))

    def at(self, back: Any) -> tuple[Any, Any, Any]:
        """Return state before, input and other signals of a step, counted back from the last."""
        row = (self.steps - 1 - back) % len(self.x)
        return tree_map(lambda rows: rows[row], self.states), self.x[row], self.others[row]


def remembered(
    past: Past, state: Any, x: Array, others: list[Any], noise: Array | None = None
) -> Past:
    """Return the past with one more step; the noise of one without any is NaN.

    Examples
    --------
    >>> past = Past.empty((np.zeros(1),), 1, 0, 2)
    >>> for step in range(3):
    ...     past = remembered(past, (np.full(1, 10.0 * step),), np.full(1, step), [])
    >>> past.at(1)[:2]
    ((array([10.]),), array([1.]))
    """
    row = past.steps % len(past.x)

    def put(rows: Any, value: Any) -> Any:
        rows = rows.copy()
        rows[row] = value
        return rows

    states = _zipped(put, past.states, state)
    told = past.others.copy()
    for i, signal in enumerate(others):
        told[row, i] = signal
    if told.shape[1] > len(others):
        told[row, len(others) :] = np.nan if noise is None else noise
    return Past(states, put(past.x, x), told, past.steps + 1)


def followed(past: Past, other: Past) -> Past:
    """Return `past` with the newest step of another one."""
    row = (other.steps - 1) % len(other.x)

    def put(rows: Any, others: Any) -> Any:
        rows = rows.copy()
        rows[row] = others[row]
        return rows

    states = _zipped(put, past.states, other.states)
    return Past(states, put(past.x, other.x), put(past.others, other.others), other.steps)


def _zipped(function: Any, one: Any, other: Any) -> Any:
    if not isinstance(one, tuple):
        return function(one, other)
    parts = [_zipped(function, a, b) for a, b in zip(one, other, strict=True)]
    return type(one)(*parts) if hasattr(one, "_fields") else tuple(parts)
