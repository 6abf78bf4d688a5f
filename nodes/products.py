"""Products of the columns of one signal with each other."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.node import Node
from nodes.parts.products import n_products, products

__all__ = ["Products"]

Factors = Annotated[int, Field(ge=2)]


class Products(Node):
    """All products ``x_i x_j ...`` of so many columns, ``i <= j <= ...``, in lexicographic order.

    `Product` multiplies several sources column by column; `NVAR` has the products of its lags.

    Parameters
    ----------
    order : int or sequence of int
        How many factors products have, 2 or more; ``(2, 3)`` gives both.
    repeats : bool
        Whether a column may be a factor more than once; if not, ``i < j < ...``.

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.Model(Products()).run([[2.0, 3.0]])
    array([[4., 6., 9.]])
    >>> ng.Model(Products(repeats=False)).run([[2.0, 3.0, 5.0]])
    array([[ 6., 10., 15.]])
    """

    order: Factors | Annotated[tuple[Factors, ...], Field(min_length=1)] = 2
    repeats: bool = True

    @property
    def orders(self) -> tuple[int, ...]:
        """The numbers of factors of the products, in ascending order."""
        given = self.order if isinstance(self.order, tuple) else (self.order,)
        return tuple(sorted(set(given)))

    def size(self, n_in: int) -> int:
        """Return the number of products."""
        return sum(n_products(n_in, order, self.repeats) for order in self.orders)

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers tell which factors each product has."""
        return {"factors": n_out * max(self.orders)}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> tuple[()]:
        """Return no params; refuse more factors than there are columns."""
        if not self.repeats and max(self.orders) > n_in:
            raise FieldError(
                f"order: {max(self.orders)} different factors, but {n_in} columns arrive; "
                "write repeats=True or a lower order"
            )
        return ()

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, y)``."""
        return state, np.concatenate(products(x, self.orders, self.repeats))
