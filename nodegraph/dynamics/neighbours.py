"""How neighbours in a series part: the mean logarithm of their distance, step after step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError

__all__ = ["PARTS", "Curve", "Look", "parting"]

PARTS = 4  # of the rows that are followed, each told apart
LEAST = 20  # steps that they are followed at least
MOST = 4000  # rows that are followed; of more every second, third ... one


class Look(NamedTuple):
    """One way to look at a series.

    Parameters
    ----------
    dimension : int
        How many delayed rows make a state.
    lag : int
        Rows between them.
    across : bool
        Whether distances are taken across the flow.
    """

    dimension: int
    lag: int
    across: bool

    def states(self, rows: Array, beyond: int) -> Array:
        """Return delayed rows side by side; there must be more than `beyond`."""
        n = len(rows) - (self.dimension - 1) * self.lag
        if n <= beyond:
            raise DataError(
                f"largest_exponent: {len(rows)} rows are too few to follow neighbours; more than "
                f"{beyond + len(rows) - n} are needed, or a shorter horizon, apart or lag"
            )
        return np.hstack([rows[k * self.lag : k * self.lag + n] for k in range(self.dimension)])


class Curve(NamedTuple):
    """Mean logarithms of the distance of neighbours, and of that of any two rows.

    Parameters
    ----------
    logs : ndarray, shape (n,)
    parts : ndarray, shape (n, PARTS)
        The same of each quarter of the rows.
    plateau : float
    """

    logs: Array
    parts: Array
    plateau: float


class _Points(NamedTuple):
    """States, and how each moves from row to row where that is no distance, else none."""

    states: Array
    pace: Array | None

    def log(self, a: Array, b: Array) -> Array:
        """Return the logarithms of the distances, of none -inf."""
        between = self.states[a] - self.states[b]
        if self.pace is not None:
            along = self.pace[a] + self.pace[b]
            length = np.linalg.norm(along, axis=1, keepdims=True)
            along = along / np.where(length > 0, length, 1.0)
            between = between - (between * along).sum(axis=1, keepdims=True) * along
        with np.errstate(divide="ignore"):
            return np.asarray(0.5 * np.log(np.einsum("ij,ij->i", between, between)))


def parting(rows: Array, look: Look, apart: int, followed: int, far: float) -> Curve:
    """Return how far neighbours are after each step, until `far` on the way to the plateau.

    Parameters
    ----------
    rows : ndarray, shape (T, d)
    look : Look
    apart : int
        How many rows apart neighbours must be in time.
    followed : int
        For how many steps they are followed at most.
    far : float

    Raises
    ------
    DataError
        If there are too few rows.
    """
    states = look.states(rows, 2 * apart + 1 + followed)
    points = _Points(states, np.gradient(states, axis=0) if look.across else None)
    shuffled = np.random.default_rng(0).permutation(len(states))
    plateau = _mean(points.log(np.arange(len(states)), shuffled))
    own, other = _pairs(states[: len(states) - followed], apart)
    logs: list[float] = []
    parts: list[list[float]] = []
    for i in range(followed + 1):
        found = points.log(own + i, other + i)
        logs.append(_mean(found))
        parts.append([_mean(each) for each in np.array_split(found, PARTS)])
        if i >= LEAST and logs[-1] - logs[0] > far * (plateau - logs[0]):
            break
    return Curve(np.array(logs), np.array(parts), plateau)


def _mean(logs: Array) -> float:
    """Return the mean of those that are finite; of the least distance there is, if none is."""
    total = float(logs.sum())
    if not np.isfinite(total):
        logs = logs[np.isfinite(logs)]
        total = float(logs.sum())
    return total / len(logs) if len(logs) else float(np.log(np.finfo(float).tiny))


def _pairs(points: Array, apart: int) -> tuple[Array, Array]:
    """Return points, and of each the nearest other that is more than `apart` rows away."""
    from scipy.spatial import KDTree

    tree, own = KDTree(points), np.arange(0, len(points), -(-len(points) // MOST))
    other, asked, waiting = np.full(len(own), -1), 4, np.arange(len(own))
    while len(waiting):
        asked = min(2 * asked, len(points))
        near: Array = np.asarray(tree.query(points[own[waiting]], k=asked)[1])
        far = np.abs(near - own[waiting, None]) > apart
        there = far.any(axis=1)
        other[waiting[there]] = near[there, far[there].argmax(axis=1)]
        waiting = waiting[~there] if asked < len(points) else waiting[:0]
    return own[other >= 0], other[other >= 0]
