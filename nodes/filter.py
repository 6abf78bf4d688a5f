"""A low pass: what is left of signals, or of spikes, in the course of time."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from pydantic import PositiveInt, model_validator

from nodegraph.arrays import Array, frozen_array
from nodegraph.errors import FieldError
from nodegraph.fields import PerUnit
from nodegraph.node import Node

__all__ = ["Filter"]

DRAWN = 2.0, 30.0  # between which time constants are


class Filter(Node):
    """Low-pass filter, once or several times over: it turns spikes into rates.

    ``y[t] = d y[t-1] + (1 - d) x[t]`` with ``d = e^(-1/tau)``; the filter of order 2 does this to
    its own output, and so on. It keeps the mean of its input.

    Parameters
    ----------
    tau : float above 0, or one for each input; optional
        Time constants, in steps. Left out, they are drawn from 2 to 30, even on a logarithmic
        scale: a readout then finds the near past and the distant one.
    order : int
        How often it filters; from 2 on a spike rises before it falls, as at a slow synapse.

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.Model(Filter(tau=1.4427)).run([[1.0], [0.0], [0.0]])[:, 0].round(3)  # it halves
    array([0.5  , 0.25 , 0.125])
    """

    class Params(NamedTuple):
        """What is left after a step, (n,)."""

        decay: Array

    class State(NamedTuple):
        """The filtered signals, those of each order in a row, (order, n)."""

        y: Array

    tau: PerUnit | None = None
    order: PositiveInt = 1

    @model_validator(mode="after")
    def _time_constants_are_above_zero(self) -> Filter:
        if self.tau is not None and self.taus.min() <= 0:
            raise ValueError(f"tau: should be greater than 0 (got {self.taus.min()})")
        return self

    @cached_property
    def taus(self) -> Array:
        """The time constant of each input, or one for all as an array without axes."""
        taus: Array = frozen_array(self.tau)
        return taus

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return what is left after a step."""
        if self.tau is None:
            low, high = np.log(DRAWN)
            return self.Params(np.exp(-1 / np.exp(rng.uniform(float(low), float(high), n_in))))
        if self.taus.ndim and len(self.taus) != n_in:
            raise FieldError(
                f"tau: expected one number or {n_in}, one for each input, got {len(self.taus)}"
            )
        return self.Params(np.broadcast_to(np.exp(-1 / self.taus), (n_in,)).copy())

    def start(self, n_out: int) -> State:
        """Return the state before the first step: zeros."""
        return self.State(np.zeros((self.order, n_out)))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        d, y, rows = params.decay, x, []
        for k in range(self.order):
            y = d * state.y[k] + (1 - d) * y
            rows.append(y)
        return self.State(np.stack(rows)), y.copy()
