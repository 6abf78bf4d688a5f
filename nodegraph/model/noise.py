"""Noise of steps to come, drawn ahead for compiled steps that may have to be undone."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from nodegraph.model.state import ModelState

__all__ = ["NoiseAhead", "is_noisy"]


class NoiseAhead:
    """A ring of rows of noise for the next steps, and what they are drawn from.

    Parameters
    ----------
    state : ModelState
        It stays as it is.
    name : str
        The node whose noise it is.
    count : int
        How many rows there are, of that many steps.
    """

    def __init__(self, state: ModelState, name: str, count: int):
        slot, self._node = state.slots[name], state.plan.nodes[name]
        self._generator: Any = deepcopy(slot.noise)
        self._n_out = slot.past.shape[1]
        drawn = self._node.draw_noise(self.generator, count, self._n_out)
        self.rows = np.array(drawn, slot.past.dtype)

    @property
    def generator(self) -> np.random.Generator:
        """What the rows behind the steps that are gone are drawn from."""
        found: np.random.Generator = deepcopy(self._generator)
        return found

    def go_on(self, before: int, now: int) -> None:
        """Let go of the rows of steps from `before` to `now`, and draw those from there on."""
        count = len(self.rows)
        if now > before:
            self._node.draw_noise(self._generator, now - before, self._n_out)
        self.rows[np.arange(now, now + count) % count] = self._node.draw_noise(
            self.generator, count, self._n_out
        )


def is_noisy(state: ModelState, name: str) -> bool:
    """Tell whether a node draws noise while nodes learn."""
    slot, generator = state.slots[name], deepcopy(state.slots[name].noise)
    if generator is None:
        return False
    return state.plan.nodes[name].draw_noise(generator, 1, slot.past.shape[1]) is not None
