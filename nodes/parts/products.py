"""Products of the columns of one signal."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import combinations, combinations_with_replacement
from math import comb

import numpy as np

from nodegraph.arrays import Array

__all__ = ["n_products", "products"]


def n_products(n: int, order: int, repeats: bool = True) -> int:
    """Return how many products of `order` out of n columns there are.

    Examples
    --------
    >>> n_products(3, 2), n_products(3, 2, repeats=False)
    (6, 3)
    """
    return comb(n + order - 1, order) if repeats else comb(n, order)


def products(x: Array, orders: Iterable[int], repeats: bool = True) -> list[Array]:
    """Return for each order all products of that many columns of `x`, in lexicographic order.

    Parameters
    ----------
    x : ndarray, shape (..., n)
    orders : iterable of int
        How many factors products have.
    repeats : bool
        Whether a column may be a factor more than once.
    """
    return [_product(x, _factors(x.shape[-1], order, repeats)) for order in orders]


def _product(x: Array, factors: Array) -> Array:
    product: Array = x[..., factors[0]]
    for column in factors[1:]:
        product = product * x[..., column]
    return product


@cache
def _factors(n: int, order: int, repeats: bool) -> Array:
    """Return which columns the products have as factors, of shape (order, n_products)."""
    draw = combinations_with_replacement if repeats else combinations
    chosen = list(draw(range(n), order))
    return np.array(chosen, dtype=np.intp).reshape(-1, order).T
