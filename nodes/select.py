"""Some columns of a signal."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import BeforeValidator, Field, NonNegativeInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.node import Gaps, Node

__all__ = ["Select"]


def _several(columns: Any) -> Any:
    if isinstance(columns, np.ndarray) and columns.ndim == 1:
        return tuple(columns.tolist())
    alone = isinstance(columns, int) and not isinstance(columns, bool)
    return tuple(columns) if isinstance(columns, range) else (columns,) if alone else columns


class Select(Node):
    """``y_i[t] = x_columns[i][t]``: some columns, in the order in which they are named.

    Parameters
    ----------
    columns : int or tuple of int
        Which columns of what arrives, counted from 0.

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.Model(Select(columns=[2, 0])).run([[1.0, 2.0, 3.0]])
    array([[3., 1.]])
    """

    gaps: ClassVar[Gaps] = "passes"

    columns: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1), BeforeValidator(_several)]

    @property
    def declared_size(self) -> int:
        """The number of columns."""
        return len(self.columns)

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> tuple[()]:
        """Return no params; refuse columns that do not come."""
        if max(self.columns) >= n_in:
            raise FieldError(
                f"columns: there is no column {max(self.columns)}; there are 0 to {n_in - 1}"
            )
        return ()

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, x[columns])``."""
        return state, x[list(self.columns)]
