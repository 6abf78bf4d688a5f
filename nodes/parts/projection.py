"""What nodes share that give out directions of their centred input, learned from covariances."""

from __future__ import annotations

from abc import ABC
from typing import Any

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.maths import matvec
from nodegraph.node import Node

__all__ = ["Projection", "check_units"]


class Projection(Node, ABC):
    """``y = W (x - mean)``, with W (n_out, n_in) and mean (n_in,) among its params."""

    @property
    def ready(self) -> bool:
        """It has to see data first."""
        return False

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, W (x - mean))``."""
        return state, matvec(params.W, x - params.mean)


def check_units(units: int, n_in: int) -> None:
    """Refuse more directions than there are inputs.

    Raises
    ------
    FieldError
    """
    if units > n_in:
        raise FieldError(f"units: {n_in} inputs have no {units} directions; write units={n_in}")
