"""A system on its way, with directions that go along: graphs driven or by themselves, and flows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.datasets.equations import System
from nodegraph.dynamics.tangents import Method, method_for, push
from nodegraph.dynamics.whole_step import WholeStep
from nodegraph.engines.slot import check_bounds
from nodegraph.errors import DataError
from nodegraph.model import Model
from nodegraph.model.standing import Standing

__all__ = ["GraphTrajectory", "Trajectory", "trajectory"]


class Trajectory(ABC):
    """A system that moves on, step by step.

    Attributes
    ----------
    size : int
        Numbers of its state.
    rows : int, optional
        For how many steps there are data; None if it needs none.
    dt : float
        Time of a step.
    """

    size: int
    rows: int | None = None
    dt: float = 1.0

    @abstractmethod
    def push(self, V: Array) -> Array:
        """Move on by one step; return where the directions `V`, (size, k), have gone."""

    def require_state(self, where: str) -> None:
        """Raise DataError if nothing is remembered from step to step."""
        if not self.size:
            raise DataError(
                f"{where}: no node of the graph has a state, and nothing is delayed, so there is "
                "nothing to forget"
            )


class GraphTrajectory(Trajectory):
    """A graph that is driven, or goes on by itself.

    Attributes
    ----------
    parts : dict of slice
        As in `WholeStep`.
    """

    def __init__(self, standing: Standing):
        self._standing, self._whole = standing, WholeStep(standing.plan, standing.slots)
        self._z, self._step = self._whole.start, 0
        self.size, self.rows, self.parts = self._whole.size, standing.n_steps, self._whole.parts

    @property
    def whole(self) -> WholeStep:
        """The step that moves it on."""
        return self._whole

    @property
    def data(self) -> Mapping[str, Array]:
        """What drives it, by node."""
        return self._standing.data

    def skip(self, steps: int) -> None:
        """Move on by some steps."""
        for _ in range(steps):
            self.push(np.zeros((self.size, 0)))

    def push(self, V: Array) -> Array:
        row, clock = self._standing.row(self._step), self._standing.time + self._step
        last = self._z
        self._z, moved, outputs = self._whole.push(last, V, row, clock)
        if not np.isfinite(self._z).all():
            for name, y in outputs.items():
                remedy = self._standing.plan.nodes[name].remedy
                check_bounds(name, y[None], np.zeros((1, y.size)), clock, row.values(), remedy)
        self._step += 1
        return moved


class _OfSystem(Trajectory):
    def __init__(self, system: System):
        self._system, self._z = system, np.array(system.start, float)
        self.size, self.dt = self._z.size, system.dt
        self._method: Method | None = None

    def push(self, V: Array) -> Array:
        if self._method is None:
            self._method = method_for(self._system.step, self._z, self._system.name)
        self._z, moved = push(self._system.step, self._method, self._z, V)
        if not np.isfinite(self._z).all():
            raise DataError(f"{self._system.name}: left all bounds; write a smaller h")
        return moved


def trajectory(
    where: str, system: Any, *, x: Any = None, prompt: Any = None, loop: Any = None
) -> Trajectory:
    """Return a model or system on its way from where it stands.

    Raises
    ------
    DataError
        If what is given is neither, or options have no effect beside one another.
    """
    if isinstance(system, System):
        given: Mapping[str, Any] = {"x": x, "prompt": prompt, "loop": loop}
        if odd := [name for name, value in given.items() if value is not None]:
            raise DataError(f"{where}: {system.name} runs by itself; leave {odd[0]} out")
        return _OfSystem(system)
    if not isinstance(system, Model):
        raise DataError(
            f"{where}: expected a Model, or ng.datasets.system(name), got {type(system).__name__}"
        )
    if x is None:
        return GraphTrajectory(Standing.closed(system, prompt, loop))
    if prompt is not None or loop is not None:
        odd = ["prompt" if prompt is not None else "loop"]
        raise DataError(f"{where}: {odd[0]} is for a closed loop, and x drives it; leave one out")
    return GraphTrajectory(Standing.driven(system, x))
