"""What linear readouts that learn at every step have in common, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.errors import DataError
from nodes.kernels.compiling import inner
from nodes.kernels.products import dot

__all__ = ["check_fit", "has_target", "predict"]


@inner
def predict(x: Any, W: Any, bias: Any, lanes: Any, y: Any) -> None:
    """Set ``y = W x + bias``; `lanes` is scratch."""
    for o in range(y.size):
        y[o] = dot(W[o], x, lanes) + bias[o]


@inner
def check_fit(xs: Any, targets: Any, W: Any, bias: Any) -> None:
    """Refuse shapes that would read beyond an array: loops do not look."""
    fits = W.shape == (targets.shape[1], xs.shape[1]) and bias.size == len(W)
    if not fits or len(targets) != len(xs):
        raise DataError("readout: the shapes of xs, targets, W_out and bias do not fit each other")


@inner
def has_target(target: Any) -> Any:
    """Tell whether no value is missing."""
    for value in target:
        if np.isnan(value):
            return False
    return True
