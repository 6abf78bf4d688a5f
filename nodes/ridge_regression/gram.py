"""Sums of products over rows: by BLAS with the GIL free for other workers, or by our own loops."""

from __future__ import annotations

from functools import cache, partial
from typing import NamedTuple

import numpy as np

from nodegraph import Array
from nodegraph.host.lent_threads import do_each
from nodegraph.host.machine import has_avx512
from nodegraph.host.numerics import numerics
from nodes.ridge_regression.blas_threads import blas_kind, bounded_threads
from nodes.ridge_regression.fortran import call, check_order

__all__ = ["PANEL", "add_products", "own_loops", "product"]

PANEL = 512  # columns that are multiplied by one thread

_AWARE = ("SkylakeX", "Cooperlake", "SapphireRapids")  # kinds of BLAS that know AVX-512


def add_products(rows: Array, others: Array, gram: Array, cross: Array) -> None:
    """Add ``rows' rows`` to the upper triangle of `gram` and ``rows' others`` to `cross`, in place.

    What lies below the diagonal of `gram` is left as it is, or becomes anything. Panels of 512
    columns are the parts that threads do side by side, so that none of their number shows. Rows in
    float32 are multiplied in float32, and what comes of a block is added up in float64.

    Parameters
    ----------
    rows, others : ndarray, shape (m, n) and (m, k), C-contiguous
        Both float64, or both float32.
    gram, cross : ndarray of float64, shape (n, n) and (n, k), column by column
    """
    check_order(gram.T, cross.T)
    if own_loops():
        from nodes.kernels.gram import add_cross, add_gram

        check_order(rows, others)
        add_gram(rows, gram.T)
        add_cross(rows, others, cross.T)
        return
    check_order(rows, others, dtype=rows.dtype)
    panels = _Panels(rows, others, gram, cross)
    with bounded_threads():
        do_each(panels.add, range(0, len(gram), PANEL))


class _Panels(NamedTuple):
    """Rows and sums of their products; `add` does a panel of columns."""

    rows: Array
    others: Array
    gram: Array
    cross: Array

    def add(self, start: int) -> None:
        """Add the products of columns from `start` on with those up to their last, and others."""
        stop = min(start + PANEL, len(self.gram))
        sums = self.gram[:stop, start:stop], self.cross[start:stop]
        if self.rows.dtype == np.float64:
            self._multiply(start, stop, *sums, (len(self.gram),) * 2, np.ones(()))
            return
        square, cross = (np.empty(total.shape, np.float32, order="F") for total in sums)
        square[start:] = 0.0  # what lies below the diagonal is not written
        leads = stop, stop - start
        self._multiply(start, stop, square, cross, leads, np.zeros((), np.float32))
        for total, part in zip(sums, (square, cross), strict=True):
            total += part

    def _multiply(
        self,
        start: int,
        stop: int,
        square: Array,
        cross: Array,
        leads: tuple[int, int],
        kept: Array,
    ) -> None:
        """Add products to `kept` times what is there; `leads` are from column to column."""
        rows, (m, n), width, k = self.rows, self.rows.shape, stop - start, self.others.shape[1]
        one, kind = np.ones((), rows.dtype), "d" if rows.dtype == np.float64 else "s"
        own, diagonal = rows[:, start:], square[start:]
        call("blas", f"{kind}syrk", b"U", b"N", width, m, one, own, n, kept, diagonal, leads[0])
        gemm = partial(call, "blas", f"{kind}gemm", b"N", b"T")
        if start:
            gemm(start, width, m, one, rows, n, own, n, kept, square, leads[0])
        if k:
            gemm(width, k, m, one, own, n, self.others, k, kept, cross, leads[1])


def product(left: Array, right: Array) -> Array:
    """Return ``left right``; in the portable mode each element is summed in one fixed order."""
    if numerics() != "portable":
        products: Array = left @ right
        return products
    from nodes.kernels.affine import affine_by_columns

    return affine_by_columns(left, right, np.zeros(right.shape[1]))


def own_loops() -> bool:
    """Tell whether our own loops are to be used: for their bits, or since they are faster."""
    return numerics() == "portable" or (numerics() == "exact" and _blas_lags_behind())


@cache
def _blas_lags_behind() -> bool:
    """Tell whether the processor has AVX-512, and BLAS does not know it."""
    return has_avx512() and blas_kind() not in _AWARE
