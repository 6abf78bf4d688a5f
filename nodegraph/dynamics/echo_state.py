"""Whether states forget where they began: the echo state property, as a number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, leaves, tree_map
from nodegraph.data.ranges import real, whole
from nodegraph.engines.slot import Slot
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.model import Model
from nodegraph.model.standing import Standing

__all__ = ["EchoState", "echo_state_index"]

NEAREST = 1e-13  # below this share of the first distance it is rounding


class EchoState(NamedTuple):
    """How states that begin apart come together under one input.

    Parameters
    ----------
    esp_index : float
        Mean distance at the last steps, as a share of that at the start: 0 where the echo state
        property holds for this input.
    rate : float
        Slope of the logarithm of the distance, in 1 / step; below 0 they come together. It is
        about the largest conditional Lyapunov exponent.
    distances : ndarray, shape (T + 1,)
        Mean distance from the start on.
    """

    esp_index: float
    rate: float
    distances: Array

    def __repr__(self) -> str:
        return (
            f"EchoState(esp_index={self.esp_index:.4g}, rate={self.rate:.4g}, distance from "
            f"{self.distances[0]:.4g} to {self.distances[-1]:.4g} in {len(self.distances) - 1} "
            "steps)"
        )


@known_arguments
def echo_state_index(
    model: Model, x: Any, *, starts: int = 10, scale: float = 1.0, seed: int = 0
) -> EchoState:
    """Return how far states that begin at random are apart after the same input.

    ``d[t] = mean_i ||s_i[t] - s_0[t]||``, s_0 from where the model stands and s_i from random
    states, and outputs that are read later, even in [-scale, scale]; the distance is that of the
    outputs of all nodes with a state. No Jacobian is needed, so that spiking nodes are welcome.

    Parameters
    ----------
    model : Model
        It stays where it stands.
    x : array_like (T, d), or dict by node name
    starts : int
        How many random states.
    scale : float
        How far they reach.
    seed : int

    Raises
    ------
    DataError
        If no node has a state.

    References
    ----------
    C. Gallicchio, Chasing the echo state property, ESANN (2019) 667-672.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input, Reservoir
    >>> model = ng.Model(Input() >> Reservoir(units=50, spectral_radius=0.5), seed=1)
    >>> u = np.random.default_rng(0).uniform(-1, 1, (200, 1))
    >>> ng.dynamics.echo_state_index(model, u).esp_index < 1e-12
    True
    """
    where = "echo_state_index"
    starts, scale = whole(f"{where}.starts", starts), real(f"{where}.scale", scale, above=0.0)
    rng = np.random.default_rng(whole(f"{where}.seed", seed, least=0))
    standing = Standing.driven(model, x)
    names = [name for name in standing.plan.reads if _numbers(standing.slots[name].state)]
    names += [n for n in standing.plan.reads if standing.plan.lag(n) and n not in names]
    if not names:
        raise DataError(f"{where}: no node of the graph has a state, so there is nothing to forget")
    first = standing.outputs(names)
    distances = np.zeros(len(next(iter(first.values()))) + 1)
    for _ in range(starts):
        begun = replace(standing, slots=_scattered(standing.slots, scale, rng))
        square = np.zeros(len(distances))
        for name, rows in begun.outputs(names).items():
            square[1:] += ((rows - first[name]) ** 2).sum(axis=1)
        square[0] = sum(_apart(standing.slots[n], begun.slots[n]) for n in names)
        distances += np.sqrt(square) / starts
    tail = distances[-max(1, len(distances) // 10) :]
    return EchoState(float(tail.mean() / distances[0]), _rate(distances), distances)


def _numbers(state: Any) -> list[Array]:
    return [
        leaf for _, leaf in leaves(state) if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
    ]


def _scattered(slots: Any, scale: float, rng: np.random.Generator) -> dict[str, Slot]:
    def drawn(leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray) or leaf.dtype.kind != "f":
            return leaf
        return np.asarray(rng.uniform(-scale, scale, leaf.shape), leaf.dtype)

    return {
        name: replace(slot, state=tree_map(drawn, slot.state), past=drawn(slot.past))
        for name, slot in slots.items()
    }


def _apart(one: Slot, other: Slot) -> float:
    pairs = zip(_numbers(one.state), _numbers(other.state), strict=True)
    return float(sum(((a - b) ** 2).sum() for a, b in pairs)) or float(
        ((one.past - other.past) ** 2).sum()
    )


def _rate(distances: Array) -> float:
    """Return the slope of the logarithm as far as the distance is more than rounding."""
    floor = NEAREST * distances[0]
    below = np.flatnonzero(distances <= floor)
    stop = int(below[0]) if below.size else len(distances)
    if stop < 3:
        return float("-inf")
    skipped = stop // 5  # at first directions turn
    return float(np.polyfit(np.arange(skipped, stop), np.log(distances[skipped:stop]), 1)[0])
