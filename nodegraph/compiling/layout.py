"""Trees of arrays as compiled code wants them: symbolic, laid out by axes, and back again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import is_sparse, tree_map
from nodegraph.compiling.arrays import symbol
from nodegraph.compiling.cache_lines import copy_at_line, empty_at_line
from nodegraph.compiling.ir import Trace, TraceError, dtype_of
from nodegraph.compiling.prelude.panels import panels
from nodegraph.compiling.sparse import SparseVar, is_sorted, slots

__all__ = ["filled", "flat", "is_array", "laid", "mapped", "restored", "signature", "symbolic"]


def is_array(leaf: Any) -> bool:
    """Tell whether a leaf is an array, or a number of numpy's, which is one without axes."""
    return isinstance(leaf, np.ndarray | np.generic)


def flat(tree: Any) -> Iterator[Any]:
    """Yield the leaves of a tree."""
    if isinstance(tree, tuple):
        for part in tree:
            yield from flat(part)
    else:
        yield tree


def mapped(tree: Any, path: tuple[Any, ...], function: Callable[[Any, Any], Any]) -> Any:
    """Return `tree` with ``function(path, leaf)`` in place of its leaves."""
    if isinstance(tree, tuple):
        names = getattr(tree, "_fields", None) or range(len(tree))
        parts = [mapped(t, (*path, n), function) for n, t in zip(names, tree, strict=True)]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return function(path, tree)


def filled(tree: Any, leaves: Iterable[Any]) -> Any:
    """Return a tree like `tree` of other leaves."""
    left = iter(leaves)
    return tree_map(lambda _: next(left), tree)


def symbolic(trace: Trace, tree: Any, path: tuple[Any, ...]) -> Any:
    """Return a tree of symbolic arrays."""

    def leaf(where: Any, array: Any) -> Any:
        if is_sparse(array):
            if array.format != "csr":
                raise TraceError(f"{where[-1]} is sparse as {array.format}; make it .tocsr()")
            return SparseVar(trace, where, array)
        return symbol(trace, where, array.shape, array.dtype) if is_array(array) else array

    return mapped(tree, path, leaf)


def signature(tree: Any) -> Any:
    """Return what a program depends on: kinds, shapes and dtypes."""
    if is_array(tree):
        return tree.shape, tree.dtype
    if isinstance(tree, tuple):
        return (type(tree), *map(signature, tree))
    if is_sparse(tree):
        room = (slots(tree), is_sorted(tree)) if tree.format == "csr" else ()
        return tree.format, tree.shape, tree.dtype, tree.nnz, *room
    return type(tree), tree


def laid(array: Any, order: Sequence[int], dtype: str) -> np.ndarray:
    """Return `array` with its axes in memory from the slowest to the fastest; maybe itself."""
    memory = np.uint8 if dtype == "b1" else dtype_of(dtype)
    if array.ndim < 2:
        fits = type(array) is np.ndarray and array.dtype == memory and array.flags.c_contiguous
        return array if fits else np.ascontiguousarray(array, memory).reshape(array.shape)
    if len(order) > array.ndim:
        return _in_panels(array, np.dtype(memory), order[3:])
    turned = np.asarray(array.transpose(tuple(order)[::-1]), memory)
    return turned if turned.flags.c_contiguous else copy_at_line(turned)


def _in_panels(matrix: Any, dtype: np.dtype[Any], cuts: Sequence[int]) -> np.ndarray:
    """Return a copy of a matrix, some rows after the other, each of these column by column."""
    (rows, columns), at = matrix.shape, 0
    parts = [*panels(rows, dtype.itemsize, cuts)]
    made = empty_at_line((sum(width for _, width in parts), columns), dtype)
    for first, width in parts:
        room = made[at : at + width].reshape(columns, width)
        room[...] = matrix[first : first + width].T
        at += width
    return made


def restored(array: np.ndarray, order: Sequence[int], like: np.dtype[Any]) -> np.ndarray:
    """Return a view of what `laid` returned in the usual order of axes."""
    seen = array if array.ndim < 2 else array.transpose(np.argsort(tuple(order)[::-1]))
    return seen.view(np.bool_) if like == np.bool_ else seen
