"""What each row would have been told by all others: the residuals of ridge regression left out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph import Array
from nodegraph.errors import GraphError
from nodes.ridge_regression.blas import bounded_threads, product
from nodes.ridge_regression.rows import Pile, Rows
from nodes.ridge_regression.triangle import Triangle

__all__ = ["KEPT", "LeftOut", "leverage", "lost", "principal_axes", "symmetric"]

KEPT = 20_000  # residuals that are kept at most; of more every second, fourth ... row's
LEAST = 1e-6  # of what is left where nobody else tells anything of a row


def principal_axes(data: Any, centred: bool) -> tuple[Array, Array, Array]:
    """Return a centre, sums of squares about it by axes, and the axes as columns.

    Parameters
    ----------
    data : Statistics, Triangle or Rows
    centred : bool
        Whether the centre is the mean of the inputs, or 0.
    """
    if isinstance(data, Rows):
        mean = data.xs.mean(axis=0, dtype=float)
        rows = data.xs - mean * centred
    elif isinstance(data, Triangle):
        mean = data.x
        rows = np.vstack([data.R, np.sqrt(data.n) * mean * (not centred)])
    else:
        return _of_scatter(data, centred)
    _, values, axes = np.linalg.svd(rows)
    squares = np.zeros(len(axes))  # axes without a row along them, too
    squares[: len(values)] = values**2
    return mean * centred, squares, axes.T


def lost(data: Any) -> float:
    """Return the share of the largest sum of squares below which another one is rounding.

    Rows and their triangle keep as many digits of roots as a sum of squares keeps of itself.
    """
    eps = float(np.finfo(float).eps)
    return eps**2 if isinstance(data, Rows | Triangle) else eps


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


class Widening(NamedTuple):
    """How far off a forecast is by how far its row is: ``(base + leverage)^power``."""

    base: float
    power: float

    def __call__(self, far: Array) -> Array:
        """Return it at each leverage."""
        found: Array = (self.base + far) ** self.power
        return found


FLAT = Widening(1.0, 0.0)
FORMS = [Widening(b, p) for b in (1e-3, 0.03, 1.0) for p in (0.25, 0.5, 0.75, 1.0)]
WORTH = 0.01  # of the logarithm of a likelihood, for each residual: what makes another form


class LeftOut(NamedTuple):
    """Residuals ``(I - H)^-1 e`` of some neighbouring rows: those of a fit without them [1]_.

    e are the residuals of the fit to all n rows, and ``H_ij = 1 / n + (x_i - mean)' (X'X +
    ridge I)^-1 (x_j - mean)``. Single rows left out would know too much: their neighbours in time
    tell of them. Their leverage in the fit without them is that of the diagonal of
    ``(I - H)^-1 - I``.

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
    far: Array  # (rows,), leverage
    more: Array  # (r, r), sum over blocks of what the leverage of any row gains without them
    blocks: int
    stride: int  # of how many rows one is kept
    seen: int
    done: bool
    block: int  # of rows that are left out together

    @classmethod
    def nothing(cls) -> LeftOut:
        """Return what stands for it as long as there is no fit."""
        none, flat = np.empty((0, 0)), np.empty(0)
        return cls(Pile(), none, flat, flat, none, 0.0, none, flat, none, 0, 1, 0, False, 1)

    @classmethod
    def of(cls, W: Array, b: Array, centre: Array, root: Array, base: float, block: int) -> LeftOut:
        """Return that of no rows, for a fit."""
        kept, more = np.empty((0, len(W))), np.zeros((root.shape[1],) * 2)
        far = np.empty(0)
        return cls(Pile(), W, b, centre, root, base, kept, far, more, 0, 1, 0, False, block)

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
        starts, more = range(0, len(xs), self.block), self.more
        parts = []
        for rows in (slice(i, i + self.block) for i in starts):
            inverse = _inverse(near[rows], self.base)
            far = np.maximum(np.diag(inverse) - 1.0, 0.0)
            parts.append((product(inverse, error[rows]), far))
            turned = np.ascontiguousarray(near[rows].T)
            more = more + product(turned, product(inverse, near[rows]))
        some = slice(-self.seen % self.stride, None, self.stride)
        kept, far = (
            np.concatenate([old, np.concatenate(new)[some]])
            for old, new in zip((self.kept, self.far), zip(*parts, strict=True), strict=True)
        )
        stride = self.stride
        while len(kept) > KEPT:
            kept, far, stride = kept[::2], far[::2], 2 * stride
        blocks, seen = self.blocks + len(starts), self.seen + len(xs)
        after = self._replace(kept=kept, far=far, more=more, blocks=blocks)
        return after._replace(stride=stride, seen=seen)

    def spread_root(self) -> Array:
        """Return A, so that ``|A' (x - mean)|^2`` is the mean leverage of x without a block [1]_.

        It is compared with that of rows in the fit without their own block, which have fewer rows
        to lean on than a row to come.

        References
        ----------
        .. [1] R. F. Barber, E. J. Candes, A. Ramdas, R. J. Tibshirani, Annals of Statistics 49
           (2021) 486-507: the jackknife+ compares with each of the fits that leave something out.
        """
        from scipy.linalg import eigh

        values, vectors = eigh(np.eye(len(self.more)) + self.more / self.blocks)
        return symmetric(self.root, (vectors * np.sqrt(values)) @ vectors.T)

    def widening(self) -> Widening:
        """Return how residuals grow with leverage: of some forms the likeliest [1]_.

        Residuals over that are taken for those of a Laplace distribution; none is as good where
        others gain less than a hundredth for each.

        References
        ----------
        .. [1] J. Lei, M. G'Sell, A. Rinaldo, R. Tibshirani, L. Wasserman, J. American Statistical
           Association 113 (2018) 1094-1111, section 5.2.
        """
        surprise = [self._surprise(form) for form in (FLAT, *FORMS)]
        best = int(np.argmin(surprise))
        return FORMS[best - 1] if surprise[best] < surprise[0] - WORTH else FLAT

    def _surprise(self, form: Widening) -> float:
        """Return the mean negative logarithm of the likelihood of a residual."""
        wide = form(self.far)
        sizes = np.abs(self.kept / wide[:, None]).mean(axis=0)
        return float(np.log(sizes + np.finfo(float).tiny).mean() + np.log(wide).mean())

    def quantiles(self, levels: tuple[float, ...], wide: Array) -> Array:
        """Return residuals over `wide` at these levels, (levels, n_out).

        As conformal prediction has them: of n residuals that is the one of rank ``level (n + 1)``,
        from the side of the level.
        """
        n, ranked = len(self.kept), np.sort(self.kept / wide[:, None], axis=0)
        found = []
        for level in levels:
            rank = np.floor(level * (n + 1)) if level < 0.5 else np.ceil(level * (n + 1))
            found.append(ranked[int(np.clip(rank, 1, n)) - 1])
        return np.array(found)


def symmetric(root: Array, wider: Array | None = None) -> Array:
    """Return root, ``wider`` times larger, turned so that neither signs of axes nor order show."""
    norms = np.linalg.norm(root, axis=0)
    axes = root / np.where(norms > 0, norms, 1.0)
    turned: Array = (root if wider is None else root @ wider) @ axes.T
    return turned


def _inverse(near: Array, base: float) -> Array:
    """Return ``(I - H)^-1`` with ``H = base + near near'``."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh

    hat = product(near, np.ascontiguousarray(near.T)) + base
    one = np.eye(len(near))
    try:
        inverse: Array = cho_solve(cho_factor(one - hat, check_finite=False), one)
    except LinAlgError:
        values, vectors = eigh(one - hat, check_finite=False)
        inverse = product(vectors / np.maximum(values, LEAST), np.ascontiguousarray(vectors.T))
    return inverse
