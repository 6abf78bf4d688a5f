"""Activations by code on one row in place: `nodes.activations`, compiled."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nodes.activations import CODES
from nodes.kernels.compiling import inner, kernel, types, write
from nodes.kernels.scalars import Constants, exp, expm1, per_precision, sigmoid, tanh

__all__ = ["activate", "activated"]

Scalar = Callable[[Any], Any]


@per_precision
def _relu(c: Constants, _: Scalar) -> Scalar:
    return lambda x: c.zero if x < c.zero else x


@per_precision
def _leaky_relu(c: Constants, _: Scalar) -> Scalar:
    return lambda x: x if x > c.zero else x * c.hundredth


@per_precision
def _softplus(c: Constants, _: Scalar) -> Scalar:
    return lambda x: (x if x > c.zero else c.zero) + math.log1p(exp(-abs(x)))


@per_precision
def _softsign(c: Constants, _: Scalar) -> Scalar:
    def softsign(x: Any) -> Any:
        bounded = c.greatest if x > c.greatest else x
        bounded = -c.greatest if bounded < -c.greatest else bounded
        return bounded / (c.one + abs(bounded))

    return softsign


@per_precision
def _hard_tanh(c: Constants, _: Scalar) -> Scalar:
    def hard_tanh(x: Any) -> Any:
        bounded = c.one if x > c.one else x
        return -c.one if bounded < -c.one else bounded

    return hard_tanh


@per_precision
def _elu(c: Constants, _: Scalar) -> Scalar:
    return lambda x: x if x > c.zero else expm1(c.zero if x > c.zero else x)


@per_precision
def _gaussian(c: Constants, _: Scalar) -> Scalar:
    return lambda x: exp(-(x * x))


@per_precision
def _sin(c: Constants, _: Scalar) -> Scalar:
    return lambda x: math.sin(x)


_TANH = CODES["tanh"]
_RELU = CODES["relu"]
_LEAKY_RELU = CODES["leaky_relu"]
_SIGMOID = CODES["sigmoid"]
_SOFTPLUS = CODES["softplus"]
_SOFTSIGN = CODES["softsign"]
_HARD_TANH = CODES["hard_tanh"]
_ELU = CODES["elu"]
_SIN = CODES["sin"]
_GAUSSIAN = CODES["gaussian"]
_SOFTMAX = CODES["softmax"]


@inner
def _share(row: Any) -> None:
    """Put `row` through softmax, in place."""
    most, total = row[0], row[0] - row[0]
    for i in range(1, row.size):
        most = row[i] if row[i] > most else most
    for i in range(row.size):
        row[i] = exp(row[i] - most)
        total += row[i]
    for i in range(row.size):
        row[i] /= total


@inner
def activate(code: Any, row: Any) -> None:
    """Put `row` through the activation with this code, in place; identity is left."""
    if code == _TANH:
        for i in range(row.size):
            row[i] = tanh(row[i])
    elif code == _RELU:
        for i in range(row.size):
            row[i] = _relu(row[i])
    elif code == _LEAKY_RELU:
        for i in range(row.size):
            row[i] = _leaky_relu(row[i])
    elif code == _SIGMOID:
        for i in range(row.size):
            row[i] = sigmoid(row[i])
    elif code == _SOFTPLUS:
        for i in range(row.size):
            row[i] = _softplus(row[i])
    elif code == _SOFTSIGN:
        for i in range(row.size):
            row[i] = _softsign(row[i])
    elif code == _HARD_TANH:
        for i in range(row.size):
            row[i] = _hard_tanh(row[i])
    elif code == _ELU:
        for i in range(row.size):
            row[i] = _elu(row[i])
    elif code == _SIN:
        for i in range(row.size):
            row[i] = _sin(row[i])
    elif code == _GAUSSIAN:
        for i in range(row.size):
            row[i] = _gaussian(row[i])
    elif code == _SOFTMAX:
        _share(row)


@kernel(lambda f: types.void(types.int64, write(f, 1)))
def _activated(code: int, flat: Any) -> None:
    activate(code, flat)


def activated(code: int, x: Any) -> Any:
    """Return `x`, of any shape, through the activation with this code.

    Examples
    --------
    >>> activated(CODES["relu"], np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    y = np.array(x, order="C")
    _activated(y.dtype)(code, y.reshape(-1))
    return y
