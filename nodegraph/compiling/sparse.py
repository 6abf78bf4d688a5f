"""Sparse weights of a step while it is traced."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.compiling.arrays import NoSuchMethod, Var
from nodegraph.compiling.ir import Dim, Trace, TraceError
from nodegraph.compiling.products import sparse_product

__all__ = ["SparseVar"]


class SparseVar:
    """Sparse weights that stay: all that can be done with them is a product.

    Parameters
    ----------
    trace : Trace
    path : tuple
    shape : tuple of int
    sizes : sequence of int
        How many data, places and starts there are.
    dtype : dtype
    """

    __array_ufunc__ = None
    refused = "all that compiled steps know of sparse weights is W @ x; keep W.T as weights too"

    def __init__(self, trace: Trace, path: Any, shape: tuple[int, int], sizes: Any, dtype: Any):
        self.shape, self.dtype, self.ndim = shape, np.dtype(dtype), 2
        self.rows = Dim(shape[0])
        kinds = (dtype, np.int64, np.int64)
        self.parts = tuple(
            trace.input((*path, part), (n,), kind)
            for part, n, kind in zip(("data", "places", "starts"), sizes, kinds, strict=True)
        )

    def __matmul__(self, x: Any) -> Var:
        return Var(sparse_product(self.parts, self.rows, self.shape[1], x))

    dot = __matmul__

    def _refuse(self, *_: Any) -> Any:
        raise TraceError(self.refused)

    __rmatmul__ = __mul__ = __rmul__ = __add__ = __radd__ = __getitem__ = __array__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NoSuchMethod(self.refused)
