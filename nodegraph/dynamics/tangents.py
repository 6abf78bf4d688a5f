"""Derivatives of a step along given directions: by the complex step, else by differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from enum import Enum

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling.words import by_numpy
from nodegraph.errors import DataError

__all__ = ["Method", "method_for", "push"]

Step = Callable[[Array], Array]  # of a flat vector to another

TINY = 1e-30  # of the complex step: nothing is subtracted, so nothing is lost
SMALL = 6e-6  # of central differences: about the third root of the rounding of double precision
AGREE = 1e-5  # share up to which two ways must agree


class Method(Enum):
    """How a step is differentiated."""

    COMPLEX = "complex step"
    DIFFERENCES = "central differences"


def push(step: Step, method: Method, w: Array, dw: Array) -> tuple[Array, Array]:
    """Return ``(f(w), f'(w) dw)``.

    ``f'(w) d = imag(f(w + i e d)) / e`` or ``(f(w + e d) - f(w - e d)) / (2 e)`` for each
    direction d; where there are more directions than numbers in `w`, f'(w) is made first.

    Parameters
    ----------
    step : callable
        f, from (n,) to (m,).
    method : Method
    w : ndarray, shape (n,)
    dw : ndarray, shape (n, k)
        Directions, a column each.

    Returns
    -------
    ndarray (m,), ndarray (m, k)
    """
    moved = dw.any(axis=0)
    with by_numpy():
        if not moved.any():
            y = step(w)
            return y, np.zeros((y.size, dw.shape[1]))
        if dw.shape[1] > w.size:
            y, matrix = _along(step, method, w, np.eye(w.size))
            return y, matrix @ dw
        y, along = _along(step, method, w, dw[:, moved])
    dy = np.zeros((y.size, dw.shape[1]))
    dy[:, moved] = along
    return y, dy


def method_for(step: Step, w: Array, where: str) -> Method:
    """Return how to differentiate `step` near `w`, after both ways were compared there.

    Raises
    ------
    DataError
        If differences over two lengths do not agree: then the step is not smooth there.
    """
    rng = np.random.default_rng(0)
    ways = rng.standard_normal((w.size, 2))
    with by_numpy():
        room = 1e-3 * (_size(step, w) + np.abs(w))
        near = w + room * rng.standard_normal(w.size)
        wide = _differences(step, near, ways, 4 * SMALL)
        exact = _differences(step, near, ways, SMALL)
        if not _alike(wide, exact):
            raise DataError(f"{where}: its step is not smooth, so that it has no Jacobian there")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # numpy warns where imaginary parts get lost
                _, found = _complex(step, near, ways)
        except Exception:  # real numbers went well: the step is not made for complex ones
            return Method.DIFFERENCES
    return Method.COMPLEX if _alike(found, exact) else Method.DIFFERENCES


def _along(step: Step, method: Method, w: Array, ways: Array) -> tuple[Array, Array]:
    if method is Method.COMPLEX:
        return _complex(step, w, ways)
    y = step(w)
    return y, _differences(step, w, ways)


def _complex(step: Step, w: Array, ways: Array) -> tuple[Array, Array]:
    """Return f and its derivative; what is imaginary is too small to show in the real part."""
    columns = np.stack([step(w + (1j * TINY) * way) for way in ways.T], axis=1)
    return columns[:, 0].real.copy(), columns.imag / TINY


def _differences(step: Step, w: Array, ways: Array, small: float = SMALL) -> Array:
    """Return central differences; each step has the same size beside those of `w` and f(w)."""
    size, columns = _size(step, w), []
    for way in ways.T:
        e = small * size / (float(np.abs(way).max()) or 1.0)
        columns.append((step(w + e * way) - step(w - e * way)) / (2 * e))
    return np.stack(columns, axis=1)


def _size(step: Step, w: Array) -> float:
    """Return the largest number in w and f(w), whatever its unit, or 1 where there is none."""
    largest = (float(np.abs(part).max(initial=0.0)) for part in (w, step(w)))
    return max(largest) or 1.0


def _alike(a: Array, b: Array) -> bool:
    size = float(np.abs(b).max(initial=0.0)) + 1e-12
    return bool(np.abs(a - b).max(initial=0.0) <= AGREE * size)
