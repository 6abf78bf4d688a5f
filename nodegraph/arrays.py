"""Arrays and trees of arrays: params, states and rule memories are NamedTuples of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nodegraph.errors import ModelFileError

__all__ = [
    "ROUNDING",
    "Array",
    "cast",
    "changeable",
    "copy_tree",
    "frozen_array",
    "is_constant",
    "is_dead",
    "is_plain",
    "is_sparse",
    "layout",
    "leaves",
    "n_bytes",
    "pack",
    "packed_layout",
    "read_only",
    "tree_map",
    "unpack",
]

Array = NDArray[Any]
ROUNDING = 2e-13  # share of a signal's size
DEAD = 1e-12  # of the largest range among signals: one below that says nothing


def is_sparse(value: Any) -> bool:
    """Tell whether `value` is a scipy.sparse array; none can be before scipy.sparse is there."""
    if type(value) is np.ndarray:  # most are
        return False
    module = sys.modules.get("scipy.sparse")
    return module is not None and bool(module.issparse(value))


def is_plain(value: Any) -> bool:
    """Tell whether `value` is an array of numbers and nothing more: no table, no mask, no labels.

    Examples
    --------
    >>> is_plain(np.zeros(2)), is_plain([0.0, 0.0])
    (True, False)
    """
    return type(value) is np.ndarray and value.dtype.kind in "fiub"


def tree_map(function: Callable[[Any], Any], tree: Any) -> Any:
    """Return `tree` with `function` applied to each leaf; tuples are the branches."""
    if isinstance(tree, tuple):
        parts = [tree_map(function, part) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return function(tree)


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield ``(path, leaf)`` of each leaf, such as ``("W_in", array)``."""
    if not isinstance(tree, tuple):
        yield path, tree
        return
    names = getattr(tree, "_fields", None) or [str(i) for i in range(len(tree))]
    for name, part in zip(names, tree, strict=True):
        yield from leaves(part, f"{path}.{name}" if path else name)


def n_bytes(tree: Any) -> int:
    """Return how many bytes the arrays of `tree` have, also those in lists and mappings.

    Examples
    --------
    >>> n_bytes((np.zeros(2), {"W": np.zeros(3, "f4")}, None))
    28
    """
    if isinstance(tree, Mapping):
        return n_bytes(list(tree.values()))
    if isinstance(tree, tuple | list):
        return sum(map(n_bytes, tree))
    if is_sparse(tree) and hasattr(tree, "indptr"):
        return int(tree.indptr.nbytes + tree.indices.nbytes + tree.data.nbytes)
    return int(getattr(tree, "nbytes", 0))


def layout(tree: Any) -> frozenset[tuple[str, ...]]:
    """Return the field names of each kind of NamedTuple in `tree`."""
    if not isinstance(tree, tuple):
        return frozenset()
    own = {tree._fields} if hasattr(tree, "_fields") else set()
    return frozenset(own).union(*map(layout, tree))


def cast(tree: Any, dtype: np.dtype[Any], kept: Container[str] = ()) -> Any:
    """Return `tree` with every floating array, dense or sparse, in `dtype`.

    Fields at its top, or at that of each part of a plain tuple, that are named in `kept` stay as
    they are.

    Examples
    --------
    >>> cast((np.zeros(1), np.zeros(1, int)), np.dtype("float32"))
    (array([0.], dtype=float32), array([0]))
    """
    if kept and type(tree) is tuple:
        return tuple(cast(part, dtype, kept) for part in tree)

    def convert(leaf: Any) -> Any:
        floating = isinstance(leaf, np.ndarray) or is_sparse(leaf)
        if floating and leaf.dtype.kind == "f" and leaf.dtype != dtype:
            return leaf.astype(dtype)
        return leaf

    if not kept or not hasattr(tree, "_fields"):
        return tree_map(convert, tree)
    parts = zip(tree._fields, tree, strict=True)
    return type(tree)(*(p if name in kept else tree_map(convert, p) for name, p in parts))


def copy_tree(tree: Any) -> Any:
    """Return `tree` with every array copied."""

    def duplicate(leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray):
            return leaf.copy(order="K")  # kernels want some weights column by column
        return leaf.copy() if is_sparse(leaf) else leaf

    return tree_map(duplicate, tree)


def changeable(tree: Any) -> Any:
    """Return `tree` so that each array may be written to and no other one changes with it.

    Read-only arrays, and those that lie where an earlier one does, are copied.

    Examples
    --------
    >>> zeros = np.zeros(2)
    >>> one, other = changeable((zeros, zeros))
    >>> one is zeros, np.shares_memory(one, other)
    (True, False)
    """
    seen: list[Array] = []

    def own(leaf: Any) -> Any:
        array = leaf.data if is_sparse(leaf) and hasattr(leaf, "indptr") else leaf
        if not isinstance(array, np.ndarray):
            return leaf
        if not array.flags.writeable or any(np.may_share_memory(array, a) for a in seen):
            return copy_tree(leaf)
        seen.append(array)
        return leaf

    found = tree_map(own, tree)
    pairs = zip(leaves(found), leaves(tree), strict=True)
    kept = all(one is other for (_, one), (_, other) in pairs)
    return tree if kept else found


def read_only(tree: Any) -> Any:
    """Return `tree` with every array seen through a view that cannot be written to."""

    def guard(leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray):
            view = leaf.view()
            view.flags.writeable = False
            return view
        if is_sparse(leaf) and leaf.format == "csr":
            parts = tuple(guard(part) for part in (leaf.data, leaf.indices, leaf.indptr))
            seen = type(leaf)(parts, shape=leaf.shape)
            seen.has_canonical_format = leaf.has_canonical_format
            return seen
        return leaf

    return tree_map(guard, tree)


def is_constant(least: Any, most: Any, dtype: Any = np.float64) -> Array:
    """Tell which signals with these extremes are constant up to rounding, as a sum of shares is.

    Their range is then at most ten steps of `dtype` at their size, and never more than what sums
    of some thousand numbers leave in double precision.

    Examples
    --------
    >>> is_constant([1.0, 1.0], [1.0 + 4e-16, 1.0 + 1e-9])
    array([ True, False])
    """
    share = max(10 * float(np.finfo(dtype).eps), ROUNDING)
    size = np.maximum(np.abs(least), np.abs(most))
    with np.errstate(over="ignore"):  # a range beyond all numbers is wide
        found: Array = np.subtract(most, least) <= share * size
    return found


def is_dead(ranges: Any) -> Array:
    """Tell which signals vary by less than 1e-12 of what others do, as leftovers of rounding.

    Examples
    --------
    >>> is_dead([1.0, 2.0, 1e-15, 0.0])
    array([False, False,  True,  True])
    """
    found: Array = np.asarray(ranges) < DEAD * np.max(ranges)
    return found


def frozen_array(value: Any) -> Any:
    """Return `value` as a read-only float array, or as a CSR array if it is sparse.

    Raises
    ------
    ValueError
        If it is complex.
    """
    if np.iscomplexobj(value):
        raise ValueError("should hold real numbers (got complex ones)")
    if is_sparse(value):
        from scipy import sparse

        matrix = sparse.csr_array(value, dtype=float, copy=True)
        matrix.sum_duplicates()
        return matrix
    array = np.array(value, dtype=float)
    array.setflags(write=False)
    return array


PLAIN = (bool, int, float, str, type(None))


def pack(tree: Any, key: str, arrays: dict[str, Array]) -> Any:
    """Return `tree` as JSON values; its arrays go into `arrays` under names that begin with `key`.

    Raises
    ------
    ModelFileError
        If a leaf is neither an array nor a plain value.
    """
    if isinstance(tree, tuple):
        names = getattr(tree, "_fields", None) or [str(i) for i in range(len(tree))]
        parts = {n: pack(part, f"{key}/{n}", arrays) for n, part in zip(names, tree, strict=True)}
        return {"tuple": list(parts), "parts": list(parts.values())}
    if isinstance(tree, np.ndarray) and tree.dtype != object:
        arrays[key] = tree
        by_column = tree.flags.f_contiguous and not tree.flags.c_contiguous
        return {"array": key, "order": "F" if by_column else "C"}
    if is_sparse(tree):
        matrix = tree.tocsr()
        for part in ("data", "indices", "indptr"):
            arrays[f"{key}#{part}"] = getattr(matrix, part)
        return {"csr": key, "shape": list(matrix.shape)}
    if isinstance(tree, np.generic):
        tree = tree.item()
    if isinstance(tree, PLAIN):
        return {"value": tree}
    raise ModelFileError(
        f"{key.replace('/', '.')}: a {type(tree).__name__} cannot be saved: a model file holds "
        "arrays and numbers alone (no pickle); save a graph without this node, or fit it anew "
        "after loading"
    )


def packed_layout(packed: Any) -> frozenset[tuple[str, ...]]:
    """Return the `nodegraph.arrays.layout` of the tree that `pack` took apart."""
    if "tuple" not in packed:
        return frozenset()
    names = tuple(packed["tuple"])
    own = set() if names == tuple(map(str, range(len(names)))) else {names}
    return frozenset(own).union(*map(packed_layout, packed["parts"]))


def unpack(packed: Any, arrays: Mapping[str, Array], template: Any = None) -> Any:
    """Return the tree that `pack` took apart, with the NamedTuples of `template`."""
    try:
        return _unpack(packed, arrays, template)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"the model file does not fit together: {error!r}") from error


def _unpack(packed: Any, arrays: Mapping[str, Array], template: Any) -> Any:
    if "value" in packed:
        value = packed["value"]  # also of arrays without axes, whose sums are numbers in numpy
        is_array = isinstance(template, np.ndarray | np.generic) and value is not None
        return np.asarray(value, template.dtype) if is_array else value
    if "array" in packed:
        return np.asarray(arrays[packed["array"]], order=packed["order"])
    if "csr" in packed:
        from scipy import sparse

        data, indices, indptr = (arrays[f"{packed['csr']}#{p}"] for p in _CSR_PARTS)
        return sparse.csr_array((data, indices, indptr), shape=tuple(packed["shape"]))
    parts, kind, later = packed["parts"], type(template), _later_fields(packed, template)
    template = template[: len(parts)] if later else template
    models = template if isinstance(template, tuple) and len(template) == len(parts) else None
    if models is None and isinstance(template, tuple) and template:
        models = (template[0],) * len(parts)  # a tuple that grows, of alike parts
    built = [_unpack(p, arrays, models[i] if models else None) for i, p in enumerate(parts)]
    if getattr(kind, "_fields", None) == (*packed["tuple"], *later):
        return kind(*built, **later)
    return tuple(built)


def _later_fields(packed: Mapping[str, Any], template: Any) -> dict[str, Any]:
    """Return the fields of the template that have a default and were not yet there when packed."""
    names, found = getattr(template, "_fields", ()), len(packed["tuple"])
    later = names[found:] if names[:found] == tuple(packed["tuple"]) else ()
    able = set(later) <= set(getattr(template, "_field_defaults", ()))
    return {name: getattr(template, name) for name in later} if able else {}


_CSR_PARTS = ("data", "indices", "indptr")
