"""Recurrent weights in the order in which compiled loops read them.

Whatever the layout, sparse rows are summed from the first column to the last, so that one vector
or many, and rows alone or side by side, give the same bits. Dense rows are summed four columns at
a time.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, is_sparse
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.products import add_product, csr_parts
from nodes.kernels.slices import SIDE, add_short_slice, add_slice

__all__ = ["SIDE", "Layout", "laid_out", "layout_types", "recur"]

_DENSE, _ROWS, _SLICES, _SHORT_SLICES, _TILES = range(5)
_WASTE = 1.25  # how many times the weights slices may take, filled up with zeros
_SHORT = 1 << 16  # places that 16 bits can tell apart
_0, _1, _8 = np.uint64(0), np.uint64(1), np.uint64(SIDE)


class Layout(NamedTuple):
    """Square weights for `recur`: a matrix, or the parts of a sparse one."""

    kind: int
    WT: Array  # (n, n), transposed; without rows if sparse
    data: Array  # CSR: row by row; slices: 8 rows interleaved; tiles: 8 x 8, column by column
    indices: Array  # short slices: two in one
    starts: Array  # of rows, of slices or of strips of tiles


def layout_types(f: Any) -> tuple[Any, ...]:
    """Return the types of the parts of a layout."""
    index = read(types.uint32, 1)
    return types.int64, read(f, 2), read(f, 1), index, index


def laid_out(W: Any) -> Layout:
    """Return the weights in the order that is read fastest.

    Parameters
    ----------
    W : ndarray or csr_array, shape (n, n)
    """
    if not is_sparse(W):
        none = np.empty(0, np.uint32)
        return Layout(_DENSE, np.ascontiguousarray(W.T), np.empty(0, W.dtype), none, none)
    data, indices, indptr = csr_parts(W)
    nothing = np.empty((0, W.shape[0]), data.dtype)
    if _is_tiled(indices, indptr):
        return Layout(_TILES, nothing, *_tiles(data, indices, indptr))
    longest = _longest(indptr)
    if SIDE * int(longest.sum()) <= _WASTE * len(data) + 64:
        starts = np.concatenate([[0], np.cumsum(longest)]).astype(np.uint32)
        size = SIDE * int(starts[-1])
        weights, places = np.zeros(size, data.dtype), np.zeros(size, np.uint32)
        _slice(data.dtype)(data, indices, indptr, starts, weights, places)
        if W.shape[0] > _SHORT:
            return Layout(_SLICES, nothing, weights, places, starts)
        return Layout(
            _SHORT_SLICES, nothing, weights, places.astype(np.uint16).view(np.uint32), starts
        )
    return Layout(_ROWS, nothing, data, indices, indptr)


def _longest(indptr: Array) -> Array:
    """Return the length of the longest row of each slice."""
    lengths = np.diff(indptr.astype(np.int64))
    padded = np.concatenate([lengths, np.zeros(-len(lengths) % SIDE, np.int64)])
    longest: Array = padded.reshape(-1, SIDE).max(axis=1)
    return longest


def _is_tiled(indices: Array, indptr: Array) -> bool:
    """Tell whether the weights are full tiles of 8 x 8, at places that are multiples of 8."""
    lengths = np.diff(indptr.astype(np.int64))
    if not len(indices) or len(lengths) % SIDE or len(indices) % SIDE**2:
        return False
    strips: Array = lengths.reshape(-1, SIDE)
    if (strips != strips[:, :1]).any() or (strips % SIDE).any():
        return False
    runs: Array = indices.reshape(-1, SIDE).astype(np.int64)
    if (runs[:, 0] % SIDE).any() or (runs != runs[:, :1] + np.arange(SIDE)).any():
        return False
    first: Array = runs[:, 0] // SIDE
    at = 0
    for count in strips[:, 0] // SIDE:
        block = first[at : at + SIDE * count].reshape(SIDE, count)
        if (block != block[0]).any():
            return False
        at += SIDE * count
    return True


def _tiles(data: Array, indices: Array, indptr: Array) -> tuple[Array, Array, Array]:
    """Return tiles column by column, the first column of each, and where each strip starts."""
    strips = indptr[::SIDE].astype(np.int64)
    tiles, columns = [], []
    for start, stop in pairwise(strips):
        width = (stop - start) // SIDE
        tiles.append(data[start:stop].reshape(SIDE, width).T.ravel())
        columns.append(indices[start : start + width : SIDE])
    starts = (strips // SIDE**2).astype(np.uint32)
    return np.concatenate(tiles), np.concatenate(columns), starts


def _slice_signature(f: Any) -> Any:
    index = read(types.uint32, 1)
    return types.void(read(f, 1), index, index, index, write(f, 1), write(types.uint32, 1))


@kernel(_slice_signature)
def _slice(data: Any, indices: Any, indptr: Any, starts: Any, weights: Any, places: Any) -> None:
    """Interleave the rows of each slice; rows that are too short get zeros."""
    for i in range(len(indptr) - 1):
        base, begin = SIDE * np.int64(starts[i // SIDE]) + i % SIDE, np.int64(indptr[i])
        for k in range(np.int64(indptr[i + 1]) - begin):
            weights[base + SIDE * k] = data[begin + k]
            places[base + SIDE * k] = indices[begin + k]


@inner
def _add_rows(data: Any, indices: Any, indptr: Any, x: Any, y: Any) -> None:
    for i in range(x.size):
        total = x.dtype.type(0)
        for k in range(np.uint64(indptr[i]), np.uint64(indptr[i + 1])):
            total += data[k] * x[indices[k]]
        y[i] = total


@inner
def _add_slices(data: Any, indices: Any, starts: Any, x: Any, y: Any) -> None:
    for s in range(np.uint64(starts.size - 1)):
        add_slice(data, indices, np.uint64(starts[s]), np.uint64(starts[s + _1]), x, s, y)


@inner
def _add_short_slices(data: Any, indices: Any, starts: Any, x: Any, y: Any) -> None:
    for s in range(np.uint64(starts.size - 1)):
        add_short_slice(data, indices, np.uint64(starts[s]), np.uint64(starts[s + _1]), x, s, y)


@inner
def _add_tiles(data: Any, columns: Any, starts: Any, x: Any, y: Any) -> None:
    sums = np.empty(SIDE, x.dtype)
    for s in range(starts.size - 1):
        sums[:] = 0
        for tile in range(np.uint64(starts[s]), np.uint64(starts[s + 1])):
            for j in range(_0, _8):
                x_j, at = x[np.uint64(columns[tile]) + j], (tile * _8 + j) * _8
                for i in range(_0, _8):
                    sums[i] += data[at + i] * x_j
        for i in range(SIDE):
            y[SIDE * s + i] = sums[i]


@inner
def recur(kind: Any, WT: Any, data: Any, indices: Any, starts: Any, x: Any, y: Any) -> None:
    """Set `y` to W x; it is as long as `x`, rounded up to whole slices of 8."""
    if kind == _SLICES:
        _add_slices(data, indices, starts, x, y)
    elif kind == _SHORT_SLICES:
        _add_short_slices(data, indices, starts, x, y)
    elif kind == _TILES:
        _add_tiles(data, indices, starts, x, y)
    elif kind == _ROWS:
        _add_rows(data, indices, starts, x, y)
    else:
        y[:] = 0
        add_product(y[: x.size], WT, x)
