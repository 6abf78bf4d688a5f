"""The least that a stack of echo state networks costs in numpy and scipy, and layers to learn.

Texts go in lock-step; sums of blocks are in float32, and are added up in float64.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from scipy import linalg, sparse
from threadpoolctl import threadpool_limits

from nodegraph.arrays import Array

__all__ = ["MILD", "Floor", "Mode", "stack"]

Mode = Literal["forced", "shared", "cascade"]
ABREAST = 32  # texts in lock-step
MILD = {
    "leak_rate": 0.9,
    "spectral_radius": 0.5,
    "input_scaling": 0.5,
    "input_distribution": "bernoulli",
    "connectivity": 0.01,
    "input_connectivity": 0.05,
}


def stack(
    texts: int, tokens: int = 250, width: int = 384, layers: int = 7, seed: int = 0
) -> list[Array]:
    """Return the layers of a random teacher: each a two-layer map of three tokens of the one below.

    Returns
    -------
    list of ndarray of float32, shape (texts, tokens, width)
        About as large as 1.
    """
    rng = np.random.default_rng(seed)
    found = [rng.uniform(-1, 1, (texts, tokens, width)).astype(np.float32)]
    for _ in range(layers - 1):
        below = found[-1]
        hidden = np.zeros_like(below)
        for ago in range(3):
            weights = rng.normal(0, 1 / np.sqrt(width), (width, width)).astype(np.float32)
            hidden[:, ago:] += below[:, : tokens - ago] @ weights
        weights = rng.normal(0, 0.7 / np.sqrt(width), (width, width)).astype(np.float32)
        found.append(np.tanh(0.5 * below + np.maximum(hidden, 0) @ weights))
    return found


class Floor:
    """A stack of echo state networks, learned from true layers, from one another, or from one.

    Parameters
    ----------
    units : int
        Of each reservoir.
    skip : bool
        Whether readouts hear the input of their reservoir, too.
    connections : int
        How many units each unit hears.
    """

    def __init__(self, units: int, skip: bool = True, connections: int = 10):
        self.units, self.skip, self.connections = units, skip, connections
        self.spent: dict[str, float] = {}

    def cpu(self, layers: Sequence[Array], mode: Mode = "forced") -> float:
        """Return the CPU seconds that learning takes on one thread; `spent` has the parts."""
        self.spent.clear()
        with threadpool_limits(1):
            if mode == "shared":
                self.learn(layers[0], np.concatenate(layers[1:], axis=-1))
            else:
                self._one_by_one(layers, mode)
        return sum(self.spent.values())

    def _one_by_one(self, layers: Sequence[Array], mode: Mode) -> None:
        heard = layers[0]
        for below, target in pairwise(layers):
            heard = below if mode == "forced" else heard
            W = self.learn(heard, target)
            if mode == "cascade":
                heard = np.concatenate([x @ W for x, _ in self._blocks(heard, target)])
                heard = heard.reshape(target.shape)

    def learn(self, heard: Array, target: Array) -> Array:
        """Return the weights of a readout of one reservoir, (n_in, n_out)."""
        n, k = self.units + heard.shape[-1] * self.skip, target.shape[-1]
        xx, xt = np.zeros((n, n)), np.zeros((n, k))
        for x, t in self._blocks(heard, target):
            x -= x.mean(axis=0)
            with self._timed("gram"):
                xx += linalg.blas.ssyrk(1.0, x.T) if x.dtype == np.float32 else x.T @ x
            with self._timed("cross"):
                xt += x.T @ t
        with self._timed("solve"):
            xx.flat[:: n + 1] += 0.1
            factor = linalg.cho_factor(xx, overwrite_a=True, check_finite=False)
            return linalg.cho_solve(factor, xt, check_finite=False).astype(heard.dtype)

    def _blocks(self, heard: Array, target: Array) -> Iterator[tuple[Array, Array]]:
        """Yield what a readout hears of some texts, and its target, row by row."""
        n_in = heard.shape[-1]
        rng = np.random.default_rng(n_in)
        W = _random(rng, self.units, self.units, self.connections, 0.15)
        W_in = _random(rng, self.units, n_in, max(1, n_in // 20), 0.5)
        for first in range(0, len(heard), ABREAST):
            u, t = heard[first : first + ABREAST], target[first : first + ABREAST]
            with self._timed("states"):
                x = self._states(W, W_in, u)
            yield x, t.transpose(1, 0, 2).reshape(-1, t.shape[-1])

    def _states(self, W: Any, W_in: Any, u: Array) -> Array:
        texts, tokens, n_in = u.shape
        drive = (W_in @ u.transpose(2, 1, 0).reshape(n_in, -1)).reshape(-1, tokens, texts)
        x = np.zeros((self.units, texts), u.dtype)
        found = np.empty((tokens, texts, self.units + n_in * self.skip), u.dtype)
        for t in range(tokens):
            x = 0.1 * x + 0.9 * np.tanh(W @ x + drive[:, t])
            found[t, :, : self.units] = x.T
        if self.skip:
            found[:, :, self.units :] = u.transpose(1, 0, 2)
        return found.reshape(tokens * texts, -1)

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        self.spent[part] = self.spent.get(part, 0.0) + time.process_time() - begun


def _random(rng: np.random.Generator, rows: int, columns: int, each: int, size: float) -> Any:
    """Return a sparse matrix of float32 with so many weights a row."""
    places = np.repeat(np.arange(rows), each), rng.integers(0, columns, rows * each)
    weights = (size * rng.normal(size=rows * each)).astype(np.float32)
    return sparse.csr_array((weights, places), (rows, columns))
