"""Signals brought to one range or spread."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import model_validator

from nodegraph import Array, Node
from nodegraph.arrays import DEAD
from nodegraph.graph.messages.phrases import columns_in_words
from nodes.rules.scaling import Scaling, scaled_by

__all__ = ["Scaler"]


class Scaler(Node):
    """``y = scale (x - centre) + offset``, learned from the data that `fit` sees.

    Values outside what was seen then lie outside the range: nothing is clipped. A signal that is
    constant up to rounding is only shifted. In float32 `centre` is the middle of the signal as
    float32 has it, and `offset` what is left of it, so that a mean of many spreads costs no digits;
    in float64 it is 0.

    Parameters
    ----------
    low, high : float
        What the smallest and the largest value of each signal become.
    kind : {"range", "z-score"}
        With "z-score" mean 0 and standard deviation 1 in place of a range.
    dead : {"tell", "shift", "scale"}
        What becomes of signals that vary by less than 1e-12 of what the others do, as leftovers of
        rounding: they are scaled up to full size, which a warning tells; only shifted, so that
        they stay constant; or scaled without a word.

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.Model(Scaler()).fit([[0.0], [5.0], [10.0]]).run([[0.0], [7.5], [20.0]])[:, 0]
    array([-1. ,  0.5,  3. ])
    """

    class Params(NamedTuple):
        """Factor and shift of each signal, and what is taken off it first, (n_in,)."""

        scale: Array
        offset: Array
        centre: Array | float = 0.0

    low: float = -1.0
    high: float = 1.0
    kind: Literal["range", "z-score"] = "range"
    dead: Literal["tell", "shift", "scale"] = "tell"

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return scaled_by(self.kind)

    @model_validator(mode="after")
    def _low_is_below_high(self) -> Scaler:
        if self.low >= self.high:
            raise ValueError(f"low should be below high ({self.high}), got {self.low}")
        return self

    @property
    def rule(self) -> Scaling:
        """The rule that it learns by."""
        return Scaling(**self.shared(Scaling))

    @property
    def ready(self) -> bool:
        """It has to see data first."""
        return False

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the params that leave signals as they are."""
        return self.Params(np.ones(n_out), np.zeros(n_out), np.zeros(n_out))

    def step(self, params: Params, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, scale (x - centre) + offset)``."""
        return state, params.scale * (x - params.centre) + params.offset

    def tangent(
        self, params: Params, state: Any, inputs: Any, d_state: Any, d_inputs: Any
    ) -> tuple[Any, Array]:
        """Return ``(d_state, scale dx)``; see `nodegraph.graph.protocols.Differentiable`."""
        return d_state, params.scale[:, None] * d_inputs["x"]

    def doubts(self, x: Array, y: Array, params: Params) -> list[str]:
        """Return which signals are multiplied by far more than the others."""
        scale, moves = np.abs(params.scale), np.ptp(x, axis=0) > 0
        if self.dead != "tell" or not moves.any():
            return []
        dead = np.flatnonzero(scale[moves].min() < DEAD * scale)
        if not len(dead):
            return []
        largest = int(np.flatnonzero(moves)[scale[moves].argmin()])
        return [
            f"{columns_in_words(dead)} {'varies' if len(dead) == 1 else 'vary'} by less than 1e-12 "
            f"of what column {largest} does (multiplied by {scale[dead].max():.0e} and by "
            f"{scale[largest]:.0e}): write Scaler(dead='shift') to hold still what rounding left, "
            f"dead='scale' if all are signals, or leave column {largest} out"
        ]

    @staticmethod
    def inverse(params: Params, ys: Array) -> Array:
        """Return the signals that scaled ones came from: ``(y - offset) / scale + centre``."""
        xs: Array = (ys - params.offset) / params.scale + params.centre
        return xs
