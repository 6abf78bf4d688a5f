"""Products of matrices, norms, and small systems of equations."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.compiling.arrays import Var, implements
from nodegraph.compiling.control import repeat
from nodegraph.compiling.functions.numbers import first_of, real
from nodegraph.compiling.functions.shapes import flat
from nodegraph.compiling.ir import TraceError
from nodegraph.compiling.operands import lift
from nodegraph.compiling.products import einsum, matmul

__all__ = ["inv", "solve"]

implements(np.vdot)(lambda a, b: Var(matmul(flat(a), flat(b))))
implements(np.outer)(lambda a, b: flat(a)[:, None] * flat(b))


def _scaled_or_summed(a: Any, b: Any, axes: Any) -> Any:
    """Return a product over axes, or with a number, which has its own precision here."""
    if np.ndim(a) and np.ndim(b):
        return np.tensordot(a, b, axes)
    one, other = (v if isinstance(v, Var) else np.asarray(v) for v in (a, b))
    return one * other


implements(np.inner)(lambda a, b: _scaled_or_summed(a, b, (-1, -1)))


@implements(np.dot)
def _dot(a: Any, b: Any) -> Any:
    plain = np.ndim(a) and np.ndim(b) in (1, 2)
    return Var(matmul(a, b)) if plain else _scaled_or_summed(a, b, (-1, -2))


@implements(np.einsum)
def _einsum(subscripts: str, *operands: Any, optimize: Any = False) -> Var:
    return Var(einsum(subscripts, *operands))


@implements(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Var:
    a, b = lift(a), lift(b)
    if isinstance(axes, int):
        axes = range(a.ndim - axes, a.ndim), range(axes)
    one, other = ([v] if isinstance(v, int) else list(v) for v in axes)
    la, lb = list("abcdefgh"[: a.ndim]), list("ijklmnop"[: b.ndim])
    for i, j in zip(one, other, strict=True):
        lb[j] = la[i]
    summed = {la[i] for i in one}
    out = "".join(c for c in la + lb if c not in summed)
    return Var(einsum(f"{''.join(la)},{''.join(lb)}->{out}", a, b))


@implements(np.cross)
def _cross(a: Any, b: Any) -> Any:
    a, b = Var(lift(a)), Var(lift(b))
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise TraceError("np.cross of other vectors than of three numbers is not known")
    i, j = np.array([1, 2, 0]), np.array([2, 0, 1])
    return a[..., i] * b[..., j] - a[..., j] * b[..., i]


@implements(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x = real(Var(lift(x)))
    matrix = isinstance(axis, tuple) or (axis is None and x.ndim != 1)
    if ord is None or (ord == "fro" and matrix) or (ord == 2 and not matrix):
        return np.sqrt(np.sum(x * x, axis, keepdims=keepdims))
    far = abs(x)
    if ord == 1 and not matrix:
        return np.sum(far, axis, keepdims=keepdims)
    if ord == np.inf and not matrix:
        return np.max(far, axis, keepdims=keepdims)
    what = "a matrix" if matrix else "a vector"
    raise TraceError(f"the norm {ord} of {what} is not known to compiled steps; write it out")


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """Return x of ``a x = b``, by elimination with the largest pivot of each column.

    Parameters
    ----------
    a : array (n, n)
    b : array (n,) or (n, m)
    """
    A, B = Var(lift(a)), Var(lift(b))
    n = len(A)
    if A.ndim != 2 or n != A.shape[1] or B.ndim not in (1, 2) or len(B) != n:
        raise TraceError(
            f"a system of shapes {A.shape} and {B.shape} is not known to compiled steps"
        )
    kind = np.result_type(A.dtype, B.dtype, np.float32)
    A, B = A.astype(kind), B.astype(kind)
    rows = np.arange(n)

    def turn(carry: Any) -> Any:
        T, i = carry
        size = np.where(rows >= i, abs(T[:, i]), -1.0)
        best = first_of(np.max, size)
        T = T[np.where(rows == i, best, np.where(rows == best, i, rows))]
        pivot = T[i] / T[i, i]
        rest = T - T[:, i][:, None] * pivot
        return np.where((rows == i)[:, None], pivot, rest), i + 1

    both = np.concatenate([A, B if B.ndim == 2 else B[:, None]], 1)
    T, _ = repeat(n, turn, (both, 0))
    return (T[:, n:] if B.ndim == 2 else T[:, n]).copy()


@implements(np.linalg.inv)
def inv(a: Any) -> Any:
    """Return the inverse of a small matrix."""
    return solve(a, np.eye(len(a), dtype=a.dtype))
