"""Comparing trees of arrays: equal to the last bit, or close."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import is_sparse, leaves

__all__ = ["close_trees", "dense", "require", "same_trees"]


def require(holds: object, message: str) -> None:
    """Fail with `message` unless `holds`, under ``python -O`` too."""
    if not holds:
        raise AssertionError(message)


def dense(leaf: Any) -> Any:
    """Return a leaf as something numpy can compare."""
    return leaf.toarray() if is_sparse(leaf) else leaf


def same_trees(one: Any, other: Any, message: str) -> None:
    """Fail unless two trees hold the same bits."""
    for (path, a), (_, b) in zip(leaves(one), leaves(other), strict=True):
        a, b = dense(a), dense(b)
        if isinstance(a, np.ndarray | np.generic | int | float):
            np.testing.assert_array_equal(a, b, err_msg=f"{message} ({path})")


def close_trees(one: Any, other: Any, message: str, rtol: float = 1e-9) -> None:
    """Fail unless two trees hold about the same numbers."""
    for (path, a), (_, b) in zip(leaves(one), leaves(other), strict=True):
        a, b = dense(a), dense(b)
        if isinstance(a, np.ndarray | np.generic | int | float):
            scale = max(1e-300, float(np.max(np.abs(a), initial=0.0)))
            np.testing.assert_allclose(
                np.asarray(a),
                np.asarray(b),
                rtol=rtol,
                atol=rtol * scale,
                err_msg=f"{message} ({path})",
            )
