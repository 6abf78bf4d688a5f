"""Least squares with few weights that are not zero: offline, supervised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import NonNegativeFloat

from nodegraph import Array, Lesson, Seen
from nodegraph.errors import DataError, IllConditionedWarning, warn
from nodes.parts.lone_learner import LoneLearner
from nodes.parts.sample_weights import WeighsRows
from nodes.ridge_regression.gathered import Gathered, joined
from nodes.ridge_regression.soft_thresholding import Penalised
from nodes.ridge_regression.solvers import mean_rmse
from nodes.ridge_regression.strength import chosen_strengths
from nodes.rules.least_squares import LeastSquares, Strength

__all__ = ["SparseLeastSquares"]

GRID = 10.0 ** np.arange(0, -6, -0.5)  # of the strength that leaves no weight


class SparseLeastSquares(WeighsRows, LoneLearner):
    """Choose W_out, bias to minimise ``sum |e|^2 + l1 sum |W_out| + ridge |W_out|^2``.

    e is ``W_out x + bias - t``. The lasso [1]_, with a ridge the elastic net. It is solved from the
    sums that `LeastSquares` keeps, by FISTA, and exactly once the signs of the weights are found.

    Parameters
    ----------
    l1 : float, list of float or "cv"
        Strength of the penalty on absolute weights; ``2 n alpha`` of scikit-learn's Lasso with n
        rows. Of several ("cv": twelve from the least that leaves no weight down to 3e-6 of it) the
        one is taken that predicts best what is left out; see `LeastSquares`.
    ridge : float
        Strength of a penalty on squared weights beside it.
    fit_bias : bool
        Whether there is a bias; it is not penalised.

    References
    ----------
    .. [1] R. Tibshirani, J. Royal Statistical Society B 58 (1996) 267-288.
    """

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W_out", "bias")

    l1: Strength = 1e-3
    ridge: NonNegativeFloat = 0.0
    fit_bias: bool = True

    @property
    def _sums(self) -> LeastSquares:
        """The rule that gathers the sums."""
        return LeastSquares(ridge=self.l1, fit_bias=self.fit_bias, solver="direct")

    @property
    def deals(self) -> bool:
        """Whether independent series are left out in turn, to choose among strengths."""
        return self._sums.deals

    def begin(self, params: Any) -> Any:
        """Return the sums of no rows."""
        return self._sums.begin(params)

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return `params` as they are, and the memory with the rows of `seen`."""
        return self._sums.update(params, memory, seen)

    def gather(self, params: Any, memory: Any, lesson: Lesson, ys: Array) -> tuple[Any, Any]:
        """Gather the rows of a chunk, in place."""
        return self._sums.gather(params, memory, lesson, ys)

    def merge(self, one: Gathered, other: Gathered) -> Gathered:
        """Return the memory of both."""
        return one.plus(other)

    def seamless(self, memory: Gathered) -> Gathered:
        """Return the memory with rows that wait in one piece."""
        return memory.seamless()

    def conclude_team(
        self, params: Sequence[Any], memory: Gathered
    ) -> list[tuple[Any, dict[str, Any]]]:
        """Return the params, and rows, strength, weights that are not zero and training error.

        Raises
        ------
        DataError
            If there was no row to learn from, or sums are no longer finite.
        """
        (alone,) = params
        folds = [Penalised.of(fold, self.ridge) for fold in memory.data()]
        whole = joined(folds)
        if not whole.data.finite():
            raise DataError("the sums over inputs and targets overflow: scale the data down")
        own, strengths = [slice(0, len(alone.W_out))], self._sums.strengths
        if self.l1 == "cv":
            strengths = tuple((whole.largest(self.fit_bias) * GRID).tolist())
        ((l1, more),) = chosen_strengths(folds, own, strengths, self.fit_bias)
        found = whole.solve(l1, self.fit_bias)
        if not found.converged:
            warn(
                f"the lasso stopped after {found.iterations} iterations before its optimum, for "
                "inputs are nearly dependent; a larger l1, or a ridge beside it, makes it converge",
                IllConditionedWarning,
            )
        rmse = mean_rmse(whole.squared_error(found.W, found.b), whole.n)
        kept = int((found.W != 0).any(axis=0).sum())
        facts = {"rows": whole.n, "l1": l1, "inputs_kept": kept, "iterations": found.iterations}
        dtype = alone.W_out.dtype
        W_out = np.ascontiguousarray(found.W, dtype)
        learned = alone._replace(W_out=W_out, bias=found.b.astype(dtype))
        return [(learned, {**facts, "train_rmse": rmse, **more})]
