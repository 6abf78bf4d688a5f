"""Derivatives of activations: from their values, for rules, and along directions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from nodegraph import Array
from nodegraph.maths import activate

__all__ = ["SLOPES", "Slanted", "along"]

Slanted = Literal["relu", "tanh", "sigmoid"]  # whose slope their value tells

SLOPES: Final[dict[str, Callable[[Array], Array]]] = {  # by name of the activation, given y
    "identity": np.ones_like,
    "tanh": lambda y: 1 - y * y,
    "relu": lambda y: (y > 0).astype(y.dtype),
    "sigmoid": lambda y: y * (1 - y),
}

_FROM_INPUT: Final[dict[str, Callable[[Array], Array]]] = {  # of the others, given x
    "leaky_relu": lambda x: np.where(x > 0, 1, 0.01),
    "softplus": lambda x: activate("sigmoid", x),
    "softsign": lambda x: 1 / (1 + np.abs(x)) ** 2,
    "hard_tanh": lambda x: (np.abs(x) < 1).astype(x.dtype),
    "elu": lambda x: np.exp(np.minimum(x, 0)),
    "sin": np.cos,
    "gaussian": lambda x: -2 * x * np.exp(-(x**2)),
}


def along(name: str, x: Array, dx: Array) -> Array:
    """Return ``f'(x) dx`` of the activation called `name`.

    Parameters
    ----------
    name : str
    x : ndarray, shape (n,)
    dx : ndarray, shape (n, k)
        Directions, a column each.
    """
    if name == "softmax":
        y = activate(name, x)[:, None]
        shared: Array = y * (dx - (y * dx).sum(axis=0))
        return shared
    slope = SLOPES[name](activate(name, x)) if name in SLOPES else _FROM_INPUT[name](x)
    moved: Array = slope[:, None] * dx
    return moved
