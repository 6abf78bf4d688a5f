"""The compiled loop of a kind of forward units: over chunks, learning or not, and step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.node import StepCode
from nodes.kernels.compiling import placed

__all__ = ["Laid", "Loop"]


class Laid(NamedTuple):
    """A population as its loop wants it; nothing in it is shared with params and state."""

    arrays: tuple[Array, ...]  # what the loop takes, but for rows to learn from, input and output
    moving: Any  # those of them that are the state
    final: Callable[[Any], Any]  # from `moving` to the node's state
    learned: Callable[[], None]  # writes what was learned back to the params


class Loop(NamedTuple):
    """How a kind of forward units is run.

    Parameters
    ----------
    lay : callable
        Given node, params, state, and rule and memory if it learns: the population laid out.
    chunk, step : callable
        Given the precision: the compiled loop ``f(*arrays, rows, xs, ys)``, and the address of one
        step of it.
    """

    lay: Callable[..., Laid]
    chunk: Callable[[Any], Any]
    step: Callable[[Any], int]

    def run(self, node: Any, params: Any, state: Any, xs: Array) -> tuple[Any, Array]:
        """Return ``(state, ys)`` after a chunk."""
        return self._through(self.lay(node, params, state), node, xs, np.zeros(len(xs), bool))

    def learn(
        self, node: Any, params: Any, state: Any, xs: Array, rows: Array, rule: Any, memory: Any
    ) -> tuple[Any, Array]:
        """Return ``(state, ys)`` after a chunk; params and memory are changed in place."""
        laid = self.lay(node, params, state, rule, memory)
        found = self._through(laid, node, xs, rows)
        laid.learned()
        return found

    def _through(self, laid: Laid, node: Any, xs: Array, rows: Array) -> tuple[Any, Array]:
        ys = np.empty((len(xs), node.declared_size), xs.dtype)
        self.chunk(xs.dtype)(*laid.arrays, rows, np.ascontiguousarray(xs), ys)
        return laid.final(laid.moving), ys

    def code(
        self,
        node: Any,
        params: Any,
        state: Any,
        dtype: np.dtype[Any],
        n_in: int,
        rule: Any = None,
        memory: Any = None,
    ) -> StepCode:
        """Return one step as compiled code; with a rule it learns, until it is unpacked."""
        laid = self.lay(node, params, state, rule, memory)
        ends = np.empty((1, n_in), dtype), np.empty((1, node.declared_size), dtype)
        rows = np.full(1, rule is not None)

        def unpack(moving: Any) -> Any:
            if rule is not None:
                laid.learned()
            return laid.final(moving)

        return StepCode(self.step(dtype), placed((*laid.arrays, rows, *ends)), laid.moving, unpack)
