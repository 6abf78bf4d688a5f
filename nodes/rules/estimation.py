"""Fitting a scikit-learn estimator to all rows at once: offline, supervised."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from nodegraph import Array, Rule, Seen
from nodegraph.errors import DataError

__all__ = ["Estimation"]


class Estimation(Rule):
    """Keep every row and fit a fresh copy of the estimator to them.

    The rows stay in memory, n_in + n_out numbers for each step; the other offline rules need no
    more than a few matrices. Where the estimator draws at random and no ``random_state`` is given,
    it draws from the seed of the model, so that the same data give the same fit.

    Parameters
    ----------
    estimator : estimator
        What to fit; it is cloned.
    """

    class Memory(NamedTuple):
        """The rows seen, chunk by chunk."""

        xs: tuple[Array, ...]
        ts: tuple[Array, ...]

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("estimator",)

    estimator: Any

    def begin(self, params: Any) -> Memory:
        """Return the memory of no rows."""
        return self.Memory((), ())

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return the memory with the rows of `seen`."""
        xs, ts = np.array(np.atleast_2d(seen.x)), np.array(np.atleast_2d(seen.target))
        return params, self.Memory((*memory.xs, xs), (*memory.ts, ts))

    def merge(self, one: Memory, other: Memory) -> Memory:
        """Return the rows of both."""
        return self.Memory(one.xs + other.xs, one.ts + other.ts)

    def seamless(self, memory: Memory) -> Memory:
        """Return the memory with all rows in one piece."""
        return self.Memory(*((np.concatenate(parts),) if parts else () for parts in memory))

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params with an estimator fitted to all rows.

        Raises
        ------
        DataError
            If there was no row, or the estimator refuses them.
        """
        if not memory.xs:
            raise DataError(
                "no rows to learn from: warmup or NaN in targets, or weights of 0, left none"
            )
        xs, ts = np.concatenate(memory.xs), np.concatenate(memory.ts)
        try:
            return params._replace(estimator=_fitted(_seeded(self.estimator, params.seed), xs, ts))
        except ValueError as error:
            raise DataError(f"{type(self.estimator).__name__}: {error}") from error


def _seeded(estimator: Any, seed: int) -> Any:
    """Return a fresh copy of the estimator whose draws, and those of its parts, are repeatable."""
    from sklearn.base import clone

    fresh = clone(estimator)
    drawn = {
        name: seed
        for name, value in fresh.get_params().items()
        if name.rpartition("__")[2] == "random_state" and value is None
    }
    return fresh.set_params(**drawn)


def _fitted(fresh: Any, xs: Array, ts: Array) -> Any:
    from sklearn.base import is_classifier
    from sklearn.multioutput import MultiOutputRegressor

    if is_classifier(fresh):
        return fresh.fit(xs, ts.argmax(axis=1) if ts.shape[1] > 1 else ts[:, 0])
    if ts.shape[1] == 1:
        return fresh.fit(xs, ts[:, 0])
    if not fresh.__sklearn_tags__().target_tags.multi_output:
        fresh = MultiOutputRegressor(fresh)
    return fresh.fit(xs, ts)
