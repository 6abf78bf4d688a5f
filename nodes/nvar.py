"""Past inputs and their products: a reservoir computer without a reservoir."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field, PositiveInt

from nodegraph.arrays import Array
from nodegraph.node import Node
from nodes.parts.products import n_products, products

__all__ = ["NVAR"]

Orders = PositiveInt | Annotated[tuple[PositiveInt, ...], Field(min_length=1)]


class NVAR(Node):
    """Nonlinear vector autoregression, also called next generation reservoir computing [1]_.

    It gives out the linear part ``z = [u[t], u[t - s], ..., u[t - (delay - 1) s]]``, s being
    ``strides``, then for each order p all products ``z_i z_j ...`` of p factors,
    ``i <= j <= ...``, in lexicographic order. Inputs before the start are zeros.

    Parameters
    ----------
    delay : int
        Number of inputs in the linear part, the present one among them.
    order : int or sequence of int
        How many factors the products have. One number gives products of that many factors alone;
        ``(2, 3)`` gives both. 1 adds nothing to the linear part.
    strides : int
        Steps between neighbours in the linear part.

    References
    ----------
    .. [1] D. J. Gauthier, E. Bollt, A. Griffith, W. A. S. Barbosa, Nature Communications 12
       (2021) 5564.

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.Model(NVAR(delay=2, order=2)).run([[2.0], [3.0]])
    array([[2., 0., 4., 0., 0.],
           [3., 2., 9., 6., 4.]])
    """

    class State(NamedTuple):
        """The inputs that will still be needed, oldest first."""

        past: Array  # ((delay - 1) strides, n_in)

    delay: PositiveInt = 2
    order: Orders = 2
    strides: PositiveInt = 1

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return {"strides": "delay is 1"} if self.delay == 1 else {}

    @property
    def orders(self) -> tuple[int, ...]:
        """The numbers of factors of the products, in ascending order."""
        given = self.order if isinstance(self.order, tuple) else (self.order,)
        return tuple(sorted({order for order in given if order > 1}))

    @property
    def depth(self) -> int:
        """How many past inputs are needed."""
        return (self.delay - 1) * self.strides

    def size(self, n_in: int) -> int:
        """Return the length of the linear part and the number of products."""
        linear = n_in * self.delay
        return linear + sum(n_products(linear, order) for order in self.orders)

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers tell which factors each product has."""
        return {"factors": n_out * max(self.orders, default=0)}

    def doubts(self, x: Array, y: Array, params: Any) -> list[str]:
        """Return that its oldest inputs are from before the start, and so zeros."""
        heard = y[:, : x.shape[1] * self.delay].reshape(len(y), self.delay, -1).any(axis=(0, 2))
        n = int(np.flatnonzero(heard).max(initial=-1)) + 1
        if n == self.delay or not x.any(axis=1).all():
            return []
        return [
            f"{self.delay - n} of its {self.delay} inputs, those of {n * self.strides} steps ago "
            "and more, are zeros in all rows that were looked at, for they are from before the "
            f"start: write delay={max(n, 1)} or less, or give longer series"
        ]

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: zeros."""
        return self.State(np.zeros((self.depth, n_in)))

    def step(self, params: Any, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        history = np.concatenate([state.past, x[None]])
        linear = history[:: -self.strides].reshape(-1)
        return self.State(history[1:]), np.concatenate([linear, *products(linear, self.orders)])
