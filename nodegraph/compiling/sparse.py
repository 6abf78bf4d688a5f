"""Sparse weights: 8 rows side by side in memory, and what stands for them in a trace."""

from __future__ import annotations

from copy import copy
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import read_only
from nodegraph.compiling.arrays import NoSuchMethod, Var
from nodegraph.compiling.cache_lines import zeros_at_line
from nodegraph.compiling.ir import Dim, Op, Trace, TraceError, dtype_of
from nodegraph.compiling.operands import lift, where
from nodegraph.compiling.products import sparse_product, sparse_scan

__all__ = ["SparseVar", "by_column", "is_sorted", "sliced", "slots", "slots_of"]

_KINDS = {
    "places": "places", "starts": "places", "rows": "places", "real": bool, "order": "places",
    "lines": "places", "sorted": "places",
}  # fmt: skip
WINDOW = 256  # rows that are put in order among themselves: what they write to lies together
_KEPT = 64  # patterns that were looked at last
GAIN = 0.95  # of the places that rows as they are would take
NEAR, PART = 24 << 10, 16 << 10  # bytes of x that the first cache keeps beside weights; of a part
NEAR_MANY, PART_MANY = 40 << 10, 24 << 10  # the same of many x side by side: each brings more
LEAST = 6  # entries of a row that are worth a part


class _Lying(NamedTuple):
    """How the rows of a matrix lie in slices of 8.

    If a vector is more than the first cache holds, slices are cut into parts, and the first part
    of each lies before the second of any: what rows look up at a time are places near each other.

    Parameters
    ----------
    order : ndarray
        Of the rows, the longest of a window first if that leaves fewer places idle.
    longest : ndarray
        How many entries the longest row of each slice has.
    parts : int
        That slices are cut into, equally long.
    starts : ndarray
        Where the parts of slices start, in steps of 8.
    is_sorted : bool
        Whether the order is another one than that of the rows.
    """

    order: np.ndarray
    longest: np.ndarray
    parts: int
    starts: np.ndarray
    is_sorted: bool


def _lying(W: Any, lanes: int = 1) -> _Lying:
    lengths = np.diff(W.indptr).astype(np.int64)
    return _lying_of(lengths.tobytes(), W.shape[1] * W.dtype.itemsize, lanes)


@lru_cache(_KEPT)
def _lying_of(lengths_of_rows: bytes, bytes_of_x: int, lanes: int) -> _Lying:
    lengths = np.frombuffer(lengths_of_rows, np.int64)
    lengths = np.concatenate([lengths, np.zeros(-len(lengths) % 8, np.int64)])
    order = np.lexsort((-lengths, np.arange(len(lengths)) // WINDOW))
    fewer = _longest(lengths[order]).sum() < GAIN * _longest(lengths).sum()
    if not fewer:
        order = np.arange(len(lengths))
    longest = _longest(lengths[order])
    parts = _parts(longest, bytes_of_x, lanes)
    cuts = np.arange(parts + 1)[:, None] * longest // parts
    starts = np.concatenate([[0], np.cumsum(np.diff(cuts, axis=0))])
    order, longest, starts = read_only((order, longest, starts))
    return _Lying(order, longest, parts, starts, bool(fewer))


def _parts(longest: np.ndarray, bytes_of_x: int, lanes: int) -> int:
    near, part = (NEAR_MANY, PART_MANY) if lanes > 1 else (NEAR, PART)
    if bytes_of_x * lanes <= near or not len(longest):
        return 1
    worth = int(longest.sum()) // (LEAST * len(longest))
    return max(1, min(worth, -(-bytes_of_x * lanes // part)))


def _longest(lengths: np.ndarray) -> np.ndarray:
    longest: np.ndarray = lengths.reshape(-1, 8).max(axis=1)
    return longest


def is_sorted(W: Any) -> bool:
    """Tell whether rows lie in the order of their lengths, since that fills slices better."""
    return _lying(W).is_sorted


def slots(W: Any) -> int:
    """Return how many places there are, entries and what fills slices up."""
    return 8 * int(_lying(W).starts[-1])


def slots_of(W: Any, lanes: int = 1) -> np.ndarray:
    """Return the place of each entry, where so many vectors lie side by side."""
    lengths = np.diff(W.indptr)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    k = np.arange(len(W.data)) - np.repeat(W.indptr[:-1], lengths)
    order, longest, parts, starts, _ = _lying(W, lanes)
    lines = np.argsort(order)[rows]
    slices = lines // 8
    part = ((k + 1) * parts - 1) // longest[slices]  # the last whose cut is not behind k
    k -= part * longest[slices] // parts
    found: np.ndarray = 8 * (starts[part * len(longest) + slices] + k) + lines % 8
    return found


def sliced(W: Any, lanes: int = 1) -> dict[str, np.ndarray]:
    """Return a sparse matrix as 8 rows side by side, for products with so many vectors at once.

    Returns
    -------
    dict of ndarray
        Of each place the ``data``, its column in ``places``, its row in ``rows``, which may be
        one behind the last, and in ``real`` whether it is an entry; and the ``starts`` of slices,
        or of their first parts, second parts and so on.
        If rows are sorted, they are ``sorted`` in place of ``rows``, which lie side by side; and
        with them come their ``order``, and in which of the ``lines`` each lies.
    """
    at, (order, longest, parts, starts, is_sorted) = slots_of(W, lanes), _lying(W, lanes)
    eights = np.repeat(np.tile(np.arange(len(longest)), parts), np.diff(starts))
    rows = order.reshape(-1, 8)[eights].ravel()
    found = {
        "data": zeros_at_line(rows.shape, W.dtype),
        "places": zeros_at_line(rows.shape, np.uint32),
        "real": np.zeros(len(rows), np.uint8),
    }
    found["places"][:] = _last_columns(W, len(order))[rows]
    for name, given in zip(found, (W.data, W.indices, 1), strict=True):
        found[name][at] = given
    places = {"rows": rows, "starts": starts}
    if is_sorted:
        places = {"sorted": rows, "starts": starts, "order": order, "lines": np.argsort(order)}
    return found | {name: part.astype(np.uint32) for name, part in places.items()}


def _last_columns(W: Any, n_rows: int) -> np.ndarray:
    """Return the last column of each row, which what fills it up looks at: 0 inf is no number.

    So what is not finite stays with those who read it. Rows without entries look at column 0.
    """
    last = np.zeros(n_rows, np.int64)
    ends = W.indptr[1:][np.diff(W.indptr) > 0]
    last[: W.shape[0]][np.diff(W.indptr) > 0] = W.indices[ends - 1]
    return last


def by_column(W: Any, lanes: int = 1) -> dict[str, np.ndarray]:
    """Return what a product that passes columns over needs beside `sliced`.

    Returns
    -------
    dict of ndarray
        The ``values`` of entries column by column, the places of these ``entries``, their rows, the
        ``targets``, and where the ``columns`` start among them.
    """
    order = np.argsort(W.indices, kind="stable")
    rows = np.repeat(np.arange(W.shape[0]), np.diff(W.indptr))
    counts = np.bincount(W.indices, minlength=W.shape[1])
    found = {
        "entries": slots_of(W, lanes)[order],
        "targets": rows[order],
        "columns": np.concatenate([[0], np.cumsum(counts)]),
    }
    places = {name: part.astype(np.uint32) for name, part in found.items()}
    return {"values": W.data[order], **places}


class SparseVar:
    """Sparse weights: what can be done with them is a product, and other weights in their place.

    Parameters
    ----------
    trace : Trace
    path : tuple
    W : csr_array
        Of which nothing but the shape, the pattern's size and the dtype is looked at.
    """

    __array_ufunc__ = None
    refused = (
        "all that compiled steps know of sparse weights is W @ x, and synapses(W) of "
        "nodegraph.maths; keep W.T as weights too"
    )

    def __init__(self, trace: Trace, path: Any, W: Any):
        self.shape, self.dtype, self.ndim = W.shape, np.dtype(W.dtype), 2
        self.n_rows, self.n_columns = map(Dim, W.shape)
        self._trace, self._path, self._n_entries = trace, path, len(W.data)
        self.parts: dict[str, Op] = {
            name: trace.input((*path, name), (len(part),), _KINDS.get(name, W.dtype))
            for name, part in sliced(W, trace.lanes).items()
        }
        places = Dim(self.parts["data"].shape[0], eights=True)
        for part in (self.rows, *(self.parts[name] for name in ("data", "places", "real"))):
            places.same(part.dims[0])
        self.filled = len(W.data) == self.parts["data"].shape[0]  # slices have entries alone

    @property
    def rows(self) -> Op:
        """The row of each place."""
        return self.parts["sorted" if "sorted" in self.parts else "rows"]

    def with_data(self, new: Any) -> SparseVar:
        """Return weights of the same pattern; what fills slices up stays 0."""
        op = lift(new)
        data = self.parts["data"]
        if op.shape != data.shape:
            raise ValueError(f"expected {data.shape[0]} weights, one for each, got {op.shape}")
        if not self.filled:
            op = where(self.parts["real"], op, dtype_of(op.dtype).type(0))
        return self.with_op(op)

    def with_op(self, data: Op) -> SparseVar:
        """Return the same with `data`, which is 0 where there is no entry."""
        made = copy(self)
        made.parts = {**self.parts, "data": data}
        return made

    def alike(self, other: SparseVar) -> bool:
        """Tell whether the pattern is the same."""
        return self.parts["places"] is other.parts["places"]

    def __matmul__(self, x: Any) -> Any:
        if len(np.shape(x)) == 2:  # column by column
            return np.stack([self @ x[:, k] for k in range(x.shape[1])], axis=1)
        return Var(sparse_product(self._weights("order"), self.n_rows, self.shape[1], x))

    dot = __matmul__

    def through(self, x: Any) -> Var:
        """Return the product with `x`, of which what is 0 is passed over: the same bits."""
        more = [
            self._part("values", self._n_entries, self.dtype),
            self._part("entries", self._n_entries),
            self._part("targets", self._n_entries),
            self._part("columns", self.shape[1] + 1),
        ]
        weights = self._weights("order")
        return Var(sparse_product(weights, self.n_rows, self.shape[1], x, more))

    def _weights(self, turned: str) -> list[Op]:
        """Return data, places and starts; and one part more if rows are sorted."""
        names = ("data", "places", "starts", turned)
        return [self.parts[name] for name in names if name in self.parts]

    def _part(self, name: str, size: int, kind: Any = "places") -> Op:
        """Return a part that few steps need."""
        path = (*self._path, name)
        known = self._trace.leaves.get(path)
        return self._trace.input(path, (size,), kind) if known is None else known

    def running_sums(self) -> Var:
        """Return at each place the sum of its column down to its own row."""
        return Var(sparse_scan(self._weights("lines"), self.n_rows, self.n_columns))

    def _refuse(self, *_: Any) -> Any:
        raise TraceError(self.refused)

    __rmatmul__ = __mul__ = __rmul__ = __add__ = __radd__ = __getitem__ = __array__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NoSuchMethod(self.refused)
