"""Backpropagation through a cell's own last steps: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveInt

from nodegraph import Array, Seen
from nodegraph.errors import DataError
from nodegraph.maths import cond, matvec, outer, vecmat
from nodes.parts.cell_rule import CellRule, gathered
from nodes.parts.descent import Clock, clock, descend
from nodes.parts.unrolled import unrolled

__all__ = ["TBPTT"]


class TBPTT(CellRule):
    """Let a cell learn from its own forecast errors, back through its own last steps [1]_.

    The cell remembers its last `steps` states and inputs. Each time that so many are new, the
    gradient of ``sum |x[s] - V h[s-1] - offset|^2 / 2`` over these steps is found, exactly, as it
    depends on the weights within them; what was before them is taken as given. Nothing of it
    leaves the cell. Weights move by Adam, see `nodes.parts.descent`, when windows of together
    `batch` steps or more have been seen.

    Parameters
    ----------
    steps : int
        How far back it goes.
    rate, batch, decay, epochs
        How the weights move; see `nodes.parts.descent.Descent`.

    References
    ----------
    .. [1] R. J. Williams, J. Peng, Neural Computation 2 (1990) 490-501.
    """

    class Memory(NamedTuple):
        """Gradients, and how many steps wait for their window to be full."""

        sums: Any  # see `CellRule.sums`
        waiting: Array  # ()
        clock: Clock

    online: ClassVar[bool] = True

    steps: PositiveInt = 16

    @property
    def window(self) -> int:
        """How many steps of its own past the cell is to remember."""
        return self.steps

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        return self.Memory(self.sums(params), np.zeros(()), clock())

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after one more step."""
        waiting = memory.waiting + 1

        def learned(params: Any, memory: Any) -> tuple[Any, Any]:
            found = self.gradients(params, seen)
            sums = gathered(
                memory.sums, {n: found[n] for n in self.moving}, self.cell.links(params)
            )
            params, sums, now = descend(
                self, params, sums, memory.clock, self.moving, rows=self.steps
            )
            return params, self.Memory(sums, 0 * waiting, now)

        later: tuple[Any, Any] = cond(
            waiting >= self.steps, learned, params, memory._replace(waiting=waiting)
        )
        return later

    def gradients(self, params: Any, seen: Seen) -> dict[str, Any]:
        """Return the gradient of the forecast errors of the last steps, by name."""
        cell = self.cell

        def say(state: Any, x: Array) -> tuple[Any, dict[str, Any]]:
            h = cell.carry(state)[0]
            error = x - (matvec(params.V, h) + params.offset)
            return -vecmat(error, params.V), {"V": -outer(error, h), "offset": -error}

        nothing = tuple(np.zeros_like(array) for array in cell.carry(seen.state))
        return unrolled(cell, params, seen.state.past, nothing, say, seen.ports)

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params as they are."""
        if memory.clock.powers[0] == 1 and not memory.clock.rows:
            rows = int(memory.waiting)
            raise DataError(
                f"TBPTT goes back over steps={self.steps}, but saw {rows} to learn from; give more "
                f"data or write steps={max(1, rows)}"
            )
        return super().finish(params, memory)
