"""The weights of a matrix one by one, dense or sparse: for rules that let each grow by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import is_sparse
from nodegraph.compiling.arrays import Var
from nodegraph.compiling.operands import lift, spread
from nodegraph.compiling.products import reduce
from nodegraph.compiling.sparse import SparseVar
from nodegraph.compiling.words import is_by_numpy, word

__all__ = ["Synapses", "synapses"]


class Synapses:
    """The weights of a dense matrix one by one.

    Attributes
    ----------
    weights : array
        (n_post, n_pre) of a dense matrix, (n,) of a sparse one: its entries.
    """

    def __init__(self, W: Any):
        self.weights = self._W = W

    def post(self, y: Any) -> Any:
        """Return beside each weight the number of its row, in `y` (n_post,)."""
        return y[:, None]

    def pre(self, x: Any) -> Any:
        """Return beside each weight the number of its column, in `x` (n_pre,)."""
        return x[None, :]

    def sums(self, values: Any) -> Any:
        """Return the sum over each row, (n_post,), of `values` of the shape of the weights."""
        return _sums(values)

    def running_sums(self, values: Any) -> Any:
        """Return at each weight the sum of `values` in its column down to its own row."""
        return np.cumsum(values, axis=0)

    def matrix(self, values: Any) -> Any:
        """Return the matrix with other weights."""
        return values


class _Sparse(Synapses):
    """The entries of a CSR array."""

    def __init__(self, W: Any):
        self._W, self.weights = W, W.data
        self._rows = np.repeat(np.arange(W.shape[0]), np.diff(W.indptr))

    def post(self, y: Any) -> Any:
        return y[self._rows]

    def pre(self, x: Any) -> Any:
        return x[self._W.indices]

    def sums(self, values: Any) -> Any:
        return self.matrix(values) @ np.ones(self._W.shape[1], values.dtype)

    def running_sums(self, values: Any) -> Any:
        down = np.cumsum(self.matrix(values).toarray(), axis=0)
        return down[self._rows, self._W.indices]

    def matrix(self, values: Any) -> Any:
        return type(self._W)((values, self._W.indices, self._W.indptr), shape=self._W.shape)


class _Traced(Synapses):
    """The places of sparse weights while a step is traced."""

    def __init__(self, W: SparseVar):
        self._W, self.weights = W, Var(W.parts["data"], given=True)

    def post(self, y: Any) -> Any:
        op = lift(y)
        beside = spread(op, op.dims, key="rows")  # a copy: slices may reach over its end
        return Var(beside)[Var(self._W.rows)]

    def pre(self, x: Any) -> Any:
        return Var(lift(x))[Var(self._W.parts["places"])]

    def sums(self, values: Any) -> Any:
        ones = np.ones(self._W.shape[1], values.dtype)
        return self._W.with_data(values) @ ones

    def running_sums(self, values: Any) -> Any:
        return self._W.with_data(values).running_sums()

    def matrix(self, values: Any) -> Any:
        return self._W.with_data(values)


def synapses(W: Any) -> Synapses:
    """Return the weights of a matrix one by one: the same words for dense and CSR arrays.

    Examples
    --------
    >>> import numpy as np
    >>> w = synapses(np.array([[0.0, 2.0], [3.0, 4.0]]))
    >>> grown = w.weights + 0.1 * w.post(np.array([1.0, 2.0])) * w.pre(np.array([0.0, 10.0]))
    >>> w.matrix(np.where(w.weights != 0, grown, 0.0))
    array([[0., 3.],
           [3., 6.]])
    """
    if isinstance(W, SparseVar):
        return _Traced(W)
    return _Sparse(W) if is_sparse(W) else Synapses(W)


@word
def _sums(values: Any) -> Any:
    return values.sum(axis=1) if is_by_numpy() else Var(reduce("add", values, 1))
