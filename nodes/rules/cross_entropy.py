"""Least cross-entropy by Newton's method: offline, supervised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import NonNegativeFloat

from nodegraph import Array, Seen
from nodegraph.errors import DataError
from nodegraph.host import memory_budget as budget
from nodes.parts.lone_learner import RowLearner
from nodes.parts.newton import Newton
from nodes.parts.sample_weights import WeighsRows, row_weights

__all__ = ["CrossEntropy"]


class CrossEntropy(WeighsRows, RowLearner):
    """Choose W_out, bias to minimise ``-sum weight t log p + ridge / 2 |W_out|^2`` [1]_.

    p is the softmax of ``W_out x + bias``; of one output alone the sigmoid, with ``t log p +
    (1 - t) log(1 - p)``. Newton's method steps to the least of the quadratic approximation, or half
    as far until the loss falls: a pass over the data for each step, some 5 to 15. While there are
    fewer rows than inputs the rows are kept, and one pass is all.

    At the port ``weight``, if something is wired there, arrives how much each row counts.

    Parameters
    ----------
    ridge : float
        Strength of the penalty on the weights; the bias is not penalised. It is 1 / C of
        scikit-learn.
    fit_bias : bool
        Whether there is a bias.

    References
    ----------
    .. [1] T. Hastie, R. Tibshirani, J. Friedman, The Elements of Statistical Learning, 2nd ed.
       (2009), section 4.4.
    """

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W_out", "bias")

    ridge: NonNegativeFloat = 1e-2
    fit_bias: bool = True

    def begin(self, params: Any) -> Newton:
        """Return the memory before the first pass."""
        n_out, n_in = params.W_out.shape
        side = n_out * (n_in + self.fit_bias)
        name, size = budget.part(f"curvature of {n_out} outputs and {n_in} inputs", (side, side))
        budget.check({name: 3 * size}, "what Newton's method sums up (PCA in front narrows it)")
        return Newton.begin(n_in, n_out, self.ridge, self.fit_bias)

    def added(self, memory: Newton, seen: Seen) -> Newton:
        """Return the memory with the rows of `seen`, in place."""
        xs, ts = np.atleast_2d(seen.x), np.atleast_2d(seen.target)
        _check_shares(ts)
        return memory.add(xs, ts, row_weights(seen.ports, len(xs)))

    def seamless(self, memory: Newton) -> Newton:
        """Return the memory with rows that wait in one piece."""
        return memory._replace(pile=memory.pile.seamless())

    def after_pass(self, memory: Newton) -> tuple[Newton, bool]:
        """Return the memory after a pass, and whether another one is needed."""
        after = memory.after_pass()
        return after, not (after.done or after.is_small)

    def merges(self, params: Any) -> bool:
        """Tell that series are learned from in turn: a step needs the sums over all of them."""
        return False

    def conclude_team(
        self, params: Sequence[Any], memory: Newton
    ) -> list[tuple[Any, dict[str, Any]]]:
        """Return the params, and rows, ridge, passes and the mean loss.

        Raises
        ------
        DataError
            If there was no row to learn from, or sums are no longer finite.
        """
        (alone,) = params
        W, bias, facts = memory.solution()
        dtype = alone.W_out.dtype
        W_out = np.ascontiguousarray(W, dtype)
        return [(alone._replace(W_out=W_out, bias=bias.astype(dtype)), facts)]


def _check_shares(ts: Array) -> None:
    """Refuse targets that are no shares of classes.

    Raises
    ------
    DataError
    """
    total = ts.sum(axis=1) if ts.shape[1] > 1 else np.ones(len(ts))
    if (ts < 0).any() or (ts > 1).any() or (np.abs(total - 1) > 1e-5).any():
        raise DataError(
            "a logistic readout learns shares from 0 to 1 that add up to 1, or labels of classes "
            "with classes=np.unique(labels); for quantities write Ridge"
        )
