"""What each row would have been told by all others: the residuals of ridge regression left out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph import Array
from nodegraph.errors import GraphError
from nodes.ridge_regression.blas_threads import bounded_threads
from nodes.ridge_regression.dual_rows import Pile, Rows
from nodes.ridge_regression.gram import product
from nodes.ridge_regression.triangle import Triangle

__all__ = ["KEPT", "LeftOut", "leverage", "principal_axes"]

KEPT = 20_000  # residuals that are kept at most; of more every second, fourth ... row's
LEAST = 1e-6  # of what is left where nobody else tells anything of a row


def principal_axes(data: Any, centred: bool, full: bool = False) -> tuple[Array, Array, Array]:
    """Return a centre, sums of squares about it by axes, and the axes as columns.

    Parameters
    ----------
    data : Statistics, Triangle or Rows
    centred : bool
        Whether the centre is the mean of the inputs, or 0.
    full : bool
        Whether to return axes without a row along them, too.
    """
    if isinstance(data, Rows):
        mean = data.xs.mean(axis=0, dtype=float)
        rows = data.xs - mean * centred
    elif isinstance(data, Triangle):
        mean = data.x
        rows = np.vstack([data.R, np.sqrt(data.n) * mean * (not centred)])
    else:
        return _of_scatter(data, centred)
    _, values, axes = np.linalg.svd(rows, full_matrices=full)
    squares = np.zeros(len(axes))
    squares[: len(values)] = values**2
    return mean * centred, squares, axes.T


def _of_scatter(data: Any, centred: bool) -> tuple[Array, Array, Array]:
    from scipy.linalg import eigh

    lower = np.tril(data.xx.T) + data.n * np.outer(data.x, data.x) * (not centred)
    values, vectors = eigh(lower, lower=True, check_finite=False)
    return data.x * centred, np.maximum(values, 0.0), vectors


def leverage(xs: Array, centre: Array, root: Array) -> Array:
    """Return ``|root' (x - centre)|^2`` of each row, to the same bits among whatever others."""
    if not root.shape[1]:
        return np.zeros(len(xs))
    from nodes.kernels.affine import affine

    rows, axes = np.asarray(xs - centre, float), np.ascontiguousarray(root.T, float)
    found: Array = np.square(affine(rows, axes, np.zeros(len(axes)))).sum(axis=1)
    return found


class LeftOut(NamedTuple):
    """Residuals ``(I - H)^-1 e`` of some neighbouring rows: those of a fit without them [1]_.

    e are the residuals of the fit to all n rows, and ``H_ij = 1 / n + (x_i - mean)' (X'X +
    ridge I)^-1 (x_j - mean)``. Single rows left out would know too much: their neighbours in time
    tell of them.

    References
    ----------
    .. [1] D. M. Allen, Technometrics 16 (1974) 125-127.
    """

    pile: Pile  # rows that do not fill a block yet
    W: Array  # (n_out, n_in)
    b: Array  # (n_out,)
    centre: Array  # (n_in,)
    root: Array  # (n_in, r); root root' is the inverse of X'X + ridge I
    base: float  # leverage at the centre
    kept: Array  # (rows, n_out)
    stride: int  # of how many rows one is kept
    seen: int
    done: bool
    block: int  # of rows that are left out together

    @classmethod
    def nothing(cls) -> LeftOut:
        """Return what stands for it as long as there is no fit."""
        none, flat = np.empty((0, 0)), np.empty(0)
        return cls(Pile(), none, flat, flat, none, 0.0, none, 1, 0, False, 1)

    @property
    def begun(self) -> bool:
        """Whether there is a fit whose residuals are wanted."""
        return self.W.size > 0

    def add(self, xs: Array, ts: Array) -> LeftOut:
        """Return it with more rows, in blocks that do not depend on chunks.

        Raises
        ------
        GraphError
            If all rows have been gone through.
        """
        if self.done:
            raise GraphError(
                "a readout whose intervals come from residuals goes through all data twice, so "
                "update cannot add to it: fit on all data, or write intervals_by='posterior'"
            )
        return self._replace(pile=self.pile.add(xs, ts, copied=True))._counted()

    def closed(self) -> LeftOut:
        """Return it with the left-over rows, at the end of the data."""
        return self._replace(pile=self.pile.closed(), done=True)._counted()

    def _counted(self) -> LeftOut:
        after = self._replace(pile=self.pile.emptied())
        with bounded_threads():
            for xs, ts in self.pile.blocks:
                after = after._with(np.asarray(xs, float), np.asarray(ts, float))
        return after

    def _with(self, xs: Array, ts: Array) -> LeftOut:
        error = ts - product(xs, np.ascontiguousarray(self.W.T)) - self.b
        near = product(xs - self.centre, self.root)
        parts = [
            _apart(near[i : i + self.block], error[i : i + self.block], self.base)
            for i in range(0, len(xs), self.block)
        ]
        rows = np.concatenate(parts)[-self.seen % self.stride :: self.stride]
        kept, stride = np.concatenate([self.kept, rows]), self.stride
        while len(kept) > KEPT:
            kept, stride = kept[::2], 2 * stride
        return self._replace(kept=kept, stride=stride, seen=self.seen + len(xs))

    def quantiles(self, levels: tuple[float, ...]) -> Array:
        """Return residuals at these levels, (levels, n_out), as conformal prediction has them.

        Of n residuals that is the one of rank ``level (n + 1)``, from the side of the level.
        """
        n, ranked = len(self.kept), np.sort(self.kept, axis=0)
        found = []
        for level in levels:
            rank = np.floor(level * (n + 1)) if level < 0.5 else np.ceil(level * (n + 1))
            found.append(ranked[int(np.clip(rank, 1, n)) - 1])
        return np.array(found)


def _apart(near: Array, error: Array, base: float) -> Array:
    """Return ``(I - H)^-1 error`` with ``H = base + near near'``."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh

    hat = product(near, np.ascontiguousarray(near.T)) + base
    left: Array = np.eye(len(near)) - hat
    try:
        found: Array = cho_solve(cho_factor(left, check_finite=False), error, check_finite=False)
    except LinAlgError:
        values, vectors = eigh(left, check_finite=False)
        found = vectors @ ((vectors.T @ error) / np.maximum(values, LEAST)[:, None])
    return found
