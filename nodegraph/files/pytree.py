"""Trees of arrays taken apart into named arrays and plain JSON values, and put together again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nodegraph.arrays import Array, is_sparse
from nodegraph.errors import ModelFileError

__all__ = ["pack", "packed_layout", "unpack"]

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
        return packed["value"]
    if "array" in packed:
        return np.asarray(arrays[packed["array"]], order=packed["order"])
    if "csr" in packed:
        from scipy import sparse

        data, indices, indptr = (arrays[f"{packed['csr']}#{p}"] for p in _CSR_PARTS)
        return sparse.csr_array((data, indices, indptr), shape=tuple(packed["shape"]))
    parts = packed["parts"]
    models = template if isinstance(template, tuple) and len(template) == len(parts) else None
    if models is None and isinstance(template, tuple) and template:
        models = (template[0],) * len(parts)  # a tuple that grows, of alike parts
    built = [_unpack(p, arrays, models[i] if models else None) for i, p in enumerate(parts)]
    kind = type(template)
    if getattr(kind, "_fields", None) == tuple(packed["tuple"]):
        return kind(*built)
    return tuple(built)


_CSR_PARTS = ("data", "indices", "indptr")
