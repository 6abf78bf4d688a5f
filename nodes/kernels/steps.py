"""Single steps of simple nodes, compiled, for loops."""

from __future__ import annotations

from typing import Any

from nodes.kernels.activating import activate
from nodes.kernels.compiling import step, vector

__all__ = ["elementwise_step"]


@step
def elementwise_step(args: Any, io: Any, like: Any) -> None:
    """``y = f(x)``; args: width, code of f."""
    x, y = vector(io[1], args[0], like), vector(io[0], args[0], like)
    for i in range(y.size):
        y[i] = x[i]
    activate(args[1], y)
