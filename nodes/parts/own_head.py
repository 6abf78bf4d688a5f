"""What rules share that serve a linear head of their own, which the last pass solves for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import PositiveFloat

from nodegraph import Array
from nodes.parts.lone_learner import RowLearner
from nodes.parts.slopes import Slanted
from nodes.parts.whitened_head import Head, gains, head_of, require_rows
from nodes.ridge_regression.solvers import mean_rmse

__all__ = ["OwnHead"]


class OwnHead(RowLearner):
    """One whose memory counts passes, `turn`, and in the last has `sums` of features and target.

    Parameters
    ----------
    ridge : float
        Strength of the penalty on linear heads, as a share of each feature's sum of squares.
    epsilon : float
        Share of the largest variance that is added to each before whitening.
    activation : {"relu", "tanh", "sigmoid"}
        Of the hidden units.
    """

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    counts: ClassVar[str]  # the field that says how long it learns

    ridge: PositiveFloat = 6e-3
    epsilon: PositiveFloat = 3e-3
    activation: Slanted = "relu"

    @property
    @abstractmethod
    def last(self) -> int:
        """The number of the pass that solves for the head that is kept."""

    @abstractmethod
    def closed(self, memory: Any) -> Any:
        """Return a copy with all rows in its sums."""

    @abstractmethod
    def whitened_by(self, memory: Any) -> tuple[Array, Array]:
        """Return the mean of the inputs, and the matrix that whitens them."""

    @abstractmethod
    def of_raw_inputs(self, memory: Any, mean: Array) -> dict[str, Array]:
        """Return the weights by name, as they are of inputs that still have this mean."""

    def head(self, memory: Any) -> Head:
        """Return the head that the sums tell."""
        return head_of(memory.sums, self.whitened_by(memory)[1].astype(float), self.ridge)

    def conclude_team(self, params: Sequence[Any], memory: Any) -> list[tuple[Any, dict[str, Any]]]:
        """Return the params, and rows, how long it learned, and the training error of the head.

        Raises
        ------
        DataError
            If there was no row to learn from, or sums are no longer finite.
        """
        (alone,) = params
        if memory.turn < self.last:  # an engine asks what it would be
            return [(alone, {})]
        done = self.closed(memory)
        require_rows(done.sums)
        head, n = self.head(done), int(done.sums.n)
        dtype, (mean, _) = alone.V.dtype, self.whitened_by(done)
        centre = mean.astype(dtype) if dtype.itemsize < 8 else 0.0 * mean
        raw = self.of_raw_inputs(done, mean - centre)
        learned = {**raw, **self._outputs(done, head, mean - centre), "centre": centre}
        arrays = {name: np.ascontiguousarray(array, dtype) for name, array in learned.items()}
        error = mean_rmse(done.sums.squared_error(head.V, head.offset), n)
        facts = {"rows": n, self.counts: getattr(self, self.counts), "train_rmse": error}
        return [(alone._replace(**arrays), facts)]

    def _outputs(self, memory: Any, head: Head, mean: Array) -> dict[str, Array]:
        """Return the head of inputs with a mean, and what brings all beside them to spread 1."""
        sums = memory.sums
        spread = np.sqrt(sums.xx.diagonal()[len(mean) :] / sums.n)
        offset = head.offset - head.V[:, : len(mean)] @ mean
        return {"gain": gains(spread), "V": head.V, "offset": offset}
