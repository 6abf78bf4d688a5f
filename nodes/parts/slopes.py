"""Derivatives of activations from their values, for rules that follow a gradient in one layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from nodegraph import Array

__all__ = ["SLOPES"]

SLOPES: Final[dict[str, Callable[[Array], Array]]] = {  # by name of the activation, given y
    "identity": np.ones_like,
    "tanh": lambda y: 1 - y * y,
    "relu": lambda y: (y > 0).astype(y.dtype),
    "sigmoid": lambda y: y * (1 - y),
}
