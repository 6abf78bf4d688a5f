"""What nodes share that give out directions of their centred input, learned from covariances."""

from __future__ import annotations

from abc import ABC
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError, FieldError
from nodegraph.maths import matvec
from nodegraph.node import Node

__all__ = ["Projection", "check_units", "projecting"]


class Projection(Node, ABC):
    """``y = W (x - mean) + rest``, with W (n_out, n_in), mean (n_in,) and rest among its params.

    In float32 `mean` is that of the signal as float32 has it, and `rest`, (n_out,), what is left of
    it, so that a mean of many spreads costs no digits; in float64 it is 0.
    """

    @property
    def ready(self) -> bool:
        """It has to see data first."""
        return False

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, W (x - mean) + rest)``."""
        return state, matvec(params.W, x - params.mean) + params.rest


def projecting(params: Any, W: Array, mean: Array, **others: Array) -> Any:
    """Return the params that project by W what is left of the signal without its mean.

    Raises
    ------
    DataError
        If one of them is too large for the type of the weights.
    """
    dtype = params.W.dtype
    with np.errstate(over="ignore"):
        W, centre = np.ascontiguousarray(W, dtype), mean.astype(dtype)
        rest = -(W * (mean - centre)).sum(axis=1)
        arrays = {"mean": centre, "rest": rest, **others}
        told = {name: array.astype(dtype) for name, array in arrays.items()}
    if large := [name for name, array in told.items() if not np.isfinite(array).all()]:
        raise DataError(f"{large[0]} of the inputs overflows in {dtype}: scale the data down")
    return params._replace(W=W, **told)


def check_units(units: int, n_in: int) -> None:
    """Refuse more directions than there are inputs.

    Raises
    ------
    FieldError
    """
    if units > n_in:
        raise FieldError(
            f"units: {units} directions are more than the inputs ({n_in}); write units={n_in}"
        )
