"""Recurrent steps in JAX, with given weights: swept by `lax.scan`, alone, and many side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import sparse

from nodegraph.arrays import Array

__all__ = ["JaxPeer", "in_coordinates", "lstm", "reservoir"]

Step = Callable[[Any, Any, Any], tuple[Any, Any]]  # (W, state, drive) -> (state, y)


def reservoir(leak_rate: float) -> Step:
    """Return the step of leaky tanh units."""

    def step(W: Any, x: Any, drive: Any) -> tuple[Any, Any]:
        new = (1 - leak_rate) * x + leak_rate * jnp.tanh(W @ x + drive)
        return new, new

    return step


def lstm(W: Any, state: Any, drive: Any) -> tuple[Any, Any]:
    """Return ``(state, h)`` one step later."""
    h, c = state
    i, f, g, o = jnp.split(W @ h + drive, 4)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def in_coordinates(W: Any) -> Any:
    """Return a sparse matrix in the form of JAX."""
    return sparse.BCOO.from_scipy_sparse(W)


class JaxPeer:
    """A step under `jit`, and what it needs.

    Parameters
    ----------
    step : callable
    weights : tuple
        W, W_in (n, n_in) and bias (n,).
    state : tree
        The state before the first step.
    """

    def __init__(self, step: Step, weights: tuple[Any, Any, Any], state: Any):
        self.weights, self.state = jax.tree.map(jnp.asarray, (weights, state))

        def sweep(weights: Any, state: Any, xs: Any) -> Any:
            W, W_in, bias = weights
            driven = xs @ W_in.T + bias  # all inputs in one product
            return jax.lax.scan(lambda s, drive: step(W, s, drive), state, driven)[1]

        def once(weights: Any, state: Any, x: Any) -> tuple[Any, Any]:
            W, W_in, bias = weights
            return step(W, state, W_in @ x + bias)

        self._sweep, self._once = jax.jit(sweep), jax.jit(once)
        self._many = jax.jit(jax.vmap(sweep, (None, None, 0)))

    def run(self, xs: Array) -> Array:
        """Return the outputs (n_steps, n) from the start on."""
        return np.asarray(self._sweep(self.weights, self.state, xs))

    def run_many(self, series: Array) -> Array:
        """Return the outputs of many series of one length."""
        return np.asarray(self._many(self.weights, self.state, series))

    def steps(self, xs: Array) -> Array:
        """Return the outputs, each step called by itself."""
        state, found = self.state, []
        for x in xs:
            state, y = self._once(self.weights, state, x)
            found.append(np.asarray(y))
        return np.array(found)
