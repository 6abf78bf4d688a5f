"""Activation functions by name: plain numpy, the precision of the input kept; see `ACTIVATIONS`.

All are element by element, but for `softmax`, which shares 1 among all units of a node.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from nodegraph.arrays import Array

__all__ = ["ACTIVATIONS", "RANGES", "ActivationName", "softmax"]

ActivationName = Literal[
    "identity",
    "tanh",
    "relu",
    "leaky_relu",
    "sigmoid",
    "softplus",
    "softsign",
    "hard_tanh",
    "elu",
    "sin",
    "gaussian",
    "softmax",
]


def identity(x: Array) -> Array:
    """Return `x` itself."""
    return x


def tanh(x: Array) -> Array:
    """Return the hyperbolic tangent of `x`."""
    return np.asarray(np.tanh(x))


def relu(x: Array) -> Array:
    """Return ``max(x, 0)``."""
    return np.maximum(x, 0)


def leaky_relu(x: Array) -> Array:
    """Return `x` where it is positive, else ``x / 100``."""
    return np.where(x > 0, x, x * x.dtype.type(0.01))


def sigmoid(x: Array) -> Array:
    """Return ``1 / (1 + exp(-x))``, exact to rounding at both ends."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small))


def softplus(x: Array) -> Array:
    """Return ``log(1 + exp(x))`` without overflow."""
    return np.asarray(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))


def softsign(x: Array) -> Array:
    """Return ``x / (1 + |x|)``, which is 1 at infinity."""
    size = np.minimum(np.abs(x), np.finfo(x.dtype).max)
    return np.asarray(np.copysign(size / (1 + size), x))


def hard_tanh(x: Array) -> Array:
    """Return `x` clipped to [-1, 1]."""
    return np.clip(x, -1, 1)


def elu(x: Array) -> Array:
    """Return `x` where it is positive, else ``exp(x) - 1``."""
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def sin(x: Array) -> Array:
    """Return the sine of `x`, in radians."""
    return np.asarray(np.sin(x))


def gaussian(x: Array) -> Array:
    """Return ``exp(-x^2)``."""
    size = np.minimum(np.abs(x), 30)
    return np.asarray(np.exp(-size * size))


def softmax(x: Array) -> Array:
    """Return ``exp(x) / sum(exp(x))`` along the last axis: of all units together.

    Examples
    --------
    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    shifted = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


ACTIVATIONS: Final[dict[ActivationName, Callable[[Array], Array]]] = {
    "identity": identity,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "softsign": softsign,
    "hard_tanh": hard_tanh,
    "elu": elu,
    "sin": sin,
    "gaussian": gaussian,
    "softmax": softmax,
}

RANGES: Final[dict[str, tuple[float, float]]] = {  # between which the flat ends of f are
    "tanh": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "softsign": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
}
