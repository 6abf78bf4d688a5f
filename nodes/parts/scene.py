"""What a first pass tells of inputs and a target: their sizes, and what a ridge leaves over."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph import Array
from nodes.parts.whitened_head import Head, head_of, moving, require_rows, rounded, whitening
from nodes.ridge_regression.blas import product
from nodes.ridge_regression.statistics import Statistics

__all__ = ["Scene"]


class Scene(NamedTuple):
    """Sizes of inputs and target, and a linear head of the inputs alone."""

    rows: int  # that taught
    mean: Array  # (n_in,)
    rest: Array  # (n_in,), what rounding has left of the mean; 0 in float64
    spread: Array  # (n_in,)
    M: Array  # (n_in, n_in), see `nodes.parts.whitened_head.whitening`
    base: Head  # of the inputs alone
    size: float  # spread of the target

    @classmethod
    def unknown(cls, n_in: int, n_target: int, dtype: Any) -> Scene:
        """Return it before the first row."""
        nothing = np.zeros(n_in, dtype)
        head = Head(np.zeros((n_target, n_in)), np.zeros(n_target))
        return cls(0, nothing, 0 * nothing, nothing + 1, np.zeros((n_in, n_in)), head, 1.0)

    @classmethod
    def of(cls, sums: Statistics, epsilon: float, ridge: float, dtype: Any) -> Scene:
        """Return what the sums of inputs and target tell."""
        require_rows(sums)
        M, moves = whitening(sums, epsilon, dtype), moving(sums, dtype)
        spread = np.where(moves, np.sqrt(sums.xx.diagonal() / sums.n), 1.0).astype(dtype)
        base = head_of(sums, M, ridge)
        base = base._replace(offset=base.offset + base.V @ sums.x)
        size = float(np.sqrt(sums.tt.mean() / sums.n)) or 1.0
        return cls(int(sums.n), *rounded(sums.x, dtype), spread, M, base, size)

    def scaled(self, x: Array) -> Array:
        """Return inputs at mean 0 and spread 1."""
        rows: Array = (self.about(x) / self.spread).astype(x.dtype)
        return rows

    def about(self, x: Array) -> Array:
        """Return inputs about their mean."""
        rows: Array = x - self.mean
        return rows - self.rest if self.rest.any() else rows

    def left(self, x: Array, ts: Array) -> Array:
        """Return what the head leaves of targets, over their spread."""
        told = product(self.about(x), np.ascontiguousarray(self.base.V.T.astype(x.dtype)))
        rows: Array = ((ts - told - self.base.offset) / self.size).astype(x.dtype)
        return rows
