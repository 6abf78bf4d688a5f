"""Steps of Adam inside loops: `nodes.rules.descent`, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodes.kernels.compiling import inner, read, types, write

__all__ = ["add_outer", "clock_type", "descend", "pace_type", "slope", "tick"]

_TANH, _RELU, _SIGMOID = 1, 2, 4  # as in nodes.activations; a test compares
clock_type = (write(types.float64, 1), write(types.float64, 1))
pace_type = read(types.float64, 1)


@inner
def tick(rows: Any, powers: Any, pace: Any) -> Any:
    """Count one more row; tell whether an update is due."""
    rows[0] += 1
    if rows[0] < pace[1]:
        return False
    rows[0] = 0
    powers[0] *= 0.9
    powers[1] *= 0.999
    return True


@inner
def descend(w: Any, total: Any, m: Any, v: Any, powers: Any, pace: Any) -> None:
    """Move the flat weights `w` down, and empty the sum of their gradients."""
    for k in range(w.size):
        g = total[k] / pace[1]
        m[k] = 0.9 * m[k] + (1 - 0.9) * g
        v[k] = 0.999 * v[k] + (1 - 0.999) * (g * g)
        move = m[k] / (1 - powers[0]) / (np.sqrt(v[k] / (1 - powers[1])) + 1e-8)
        w[k] -= pace[0] * (move + pace[2] * w[k])
        total[k] = 0


@inner
def add_outer(total: Any, delta: Any, z: Any) -> None:
    """Add ``delta z'`` to `total`; rows whose delta is 0 are left."""
    for i in range(delta.size):
        d = delta[i]
        if d != 0:
            row = total[i]
            for j in range(z.size):
                row[j] += d * z[j]


@inner
def slope(code: Any, y: Any) -> Any:
    """Return the derivative of the activation where its value is `y`."""
    if code == _TANH:
        return 1 - y * y
    if code == _RELU:
        return 1.0 if y > 0 else 0.0
    if code == _SIGMOID:
        return y * (1 - y)
    return 1.0
