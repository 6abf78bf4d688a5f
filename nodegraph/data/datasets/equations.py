"""A flow or a map by its equations: a series of it, and its step, with one integrator for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.datasets.runge_kutta import runge_kutta, sample_flow
from nodegraph.data.ranges import bounded, count_rows, real, vector, whole

__all__ = ["Equations", "System", "flow_system"]

Numbers = tuple[Any, ...]


@dataclass(frozen=True)
class System:
    """A dynamical system as the map of its state from one row to the next.

    Parameters
    ----------
    name : str
    step : callable
        From a state of shape (n,) to the next. Written for complex numbers too, its derivative is
        exact; else it is found by differences.
    start : array_like, shape (n,)
        State at time 0.
    dt : float
        Time of a step.
    """

    name: str
    step: Callable[[Array], Array]
    start: Any
    dt: float = 1.0


@dataclass(frozen=True)
class Equations:
    """A flow ``dx/dt = f(x)``, or a map ``x[t+1] = f(x[t])``.

    Parameters
    ----------
    name : str
    right_side : callable
        f: numbers of the state, then the parameters, to a tuple of numbers; complex ones too.
    parameters : dict of float
        By name, with their defaults.
    x0 : tuple of float
        State at time 0, near the attractor.
    h : float, optional
        Time between rows; None for a map.
    substeps : int
        Runge-Kutta steps from row to row.
    exponents : tuple of float
        Lyapunov exponents with these parameters, as far as they are known, in 1 / time.
    """

    name: str
    right_side: Callable[..., Numbers]
    parameters: Mapping[str, float]
    x0: tuple[float, ...]
    h: float | None = None
    substeps: int = 1
    exponents: tuple[float, ...] = ()

    def field(self, parameters: Mapping[str, Any]) -> Callable[[Array], Array]:
        """Return f of a state of shape (d,), with checked parameters."""
        given = [real(f"{self.name}.{word}", value) for word, value in parameters.items()]
        right_side = self.right_side

        def field(state: Array) -> Array:
            return np.array(right_side(*state.tolist(), *given))

        return field

    def series(
        self, steps: Any, x0: Sequence[float], discard: Any, parameters: Mapping[str, Any],
        h: Any = None, substeps: Any = 1,
    ) -> Array:  # fmt: skip
        """Return rows of shape (steps, d), the first of them `x0` unless some are discarded."""
        field, start = self.field(parameters), vector(f"{self.name}.x0", x0, len(self.x0))
        if self.h is not None:
            return sample_flow(
                self.name, field, start, steps=steps, h=h, substeps=substeps, discard=discard
            )
        steps, discard = count_rows(self.name, steps, discard, len(self.x0))
        rows = np.empty((steps + discard, len(self.x0)))
        rows[0] = start
        with np.errstate(all="ignore"):
            for t in range(1, len(rows)):
                rows[t] = field(rows[t - 1])
        return bounded(self.name, rows, "write another x0 or other parameters")[discard:]

    def system(
        self, *, x0: Any = None, h: Any = None, substeps: Any = None, **parameters: Any
    ) -> System:
        """Return the map from one row to the next, with options in place of the defaults."""
        field = self.field({**self.parameters, **parameters})
        start = vector(f"{self.name}.x0", self.x0 if x0 is None else x0, len(self.x0))
        if self.h is None:
            return System(self.name, field, start)
        return flow_system(
            self.name,
            field,
            start,
            self.h if h is None else h,
            self.substeps if substeps is None else substeps,
        )


def flow_system(
    name: str, field: Callable[[Array], Array], start: Array, h: Any, substeps: Any
) -> System:
    """Return the map of a flow over the time `h`, by the steps that its series takes."""
    dt, count = real(f"{name}.h", h, above=0.0), whole(f"{name}.substeps", substeps)

    def step(state: Array) -> Array:
        for _ in range(count):
            state = runge_kutta(field, state, dt / count)
        return state

    return System(name, step, start, dt)
