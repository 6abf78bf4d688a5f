"""Hidden units of whitened inputs and a linear head of both: what they say, and how units move."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph import Array
from nodes.parts.activations import ACTIVATIONS
from nodes.parts.slopes import SLOPES, Slanted
from nodes.parts.whitened_head import Head, rounded, whitening
from nodes.ridge_regression.blas import product
from nodes.ridge_regression.statistics import Statistics

__all__ = ["HiddenUnits"]


class HiddenUnits(NamedTuple):
    """``h = f(W p + bias)`` with ``p = M (x - mean)``, and a head of ``[x - mean, h]``."""

    W: Array  # (units, n_in), of the whitened input
    bias: Array  # (units,)
    B: Array  # (n_target, units), random feedback; (0, 0) without
    mean: Array  # (n_in,)
    rest: Array  # (n_in,), what rounding has left of the mean; 0 in float64
    M: Array  # (n_in, n_in), see `nodes.parts.whitened_head.whitening`
    W_x: Array  # (units, n_in), W M
    head: Head

    @classmethod
    def drawn(cls, params: Any) -> HiddenUnits:
        """Return them as they are in `params`, before anything is known of the inputs."""
        W = np.array(params.W_in)
        square = np.zeros((W.shape[1], W.shape[1]), W.dtype)
        head = Head(np.zeros_like(params.V), np.zeros_like(params.offset))
        given = np.array(params.bias), np.array(params.B)
        mean, rest = np.zeros((2, len(square)), W.dtype)
        return cls(W, *given, mean, rest, square, W.copy(), head)

    def whitened(self, sums: Statistics, epsilon: float) -> HiddenUnits:
        """Return them with mean and whitening of the inputs that were summed up."""
        dtype = self.W.dtype
        M = whitening(sums, epsilon, dtype).astype(dtype)
        mean, rest = rounded(sums.x, dtype)
        return self._replace(mean=mean, rest=rest, M=M, W_x=product(self.W, M))

    def with_head(self, head: Head) -> HiddenUnits:
        """Return them with another head."""
        return self._replace(head=Head(*(part.astype(self.W.dtype) for part in head)))

    def features(self, xs: Array, activation: Slanted) -> Array:
        """Return inputs about their mean with the units beside them, (n_steps, n_in + units)."""
        x = np.ascontiguousarray(xs - self.mean)
        if self.rest.any():
            x -= self.rest
        h = ACTIVATIONS[activation](product(x, self.W_x.T) + self.bias)
        return np.concatenate([x, h], axis=1)

    def slope(self, xs: Array, ts: Array, activation: Slanted) -> Array:
        """Return ``sum_t (u . r_t) f'(h_t) (x_t - mean)'`` of each unit, (units, n_in)."""
        features, n_in = self.features(xs, activation), len(self.mean)
        residual = ts - self.head.offset - product(features, self.head.V.T)
        through = self.B if self.B.size else self.head.V[:, n_in:]
        heard = product(residual, np.ascontiguousarray(through))
        d = heard * SLOPES[activation](features[:, n_in:])
        return product(np.ascontiguousarray(d.T), features[:, :n_in].copy())

    def moved(self, slope: Array, rate: float) -> HiddenUnits:
        """Return them after ``w += rate |w| g / |g|``, each at the length that it had."""
        g, W = slope @ self.M, self.W.astype(float)
        size, steep = _lengths(W), _lengths(g)
        W += rate * size * g / np.where(steep > 0, steep, 1.0)
        W = (W * size / np.where(_lengths(W) > 0, _lengths(W), 1.0)).astype(self.W.dtype)
        return self._replace(W=W, W_x=product(W, self.M))


def _lengths(rows: Array) -> Array:
    lengths: Array = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    return lengths
