"""Backpropagation through time from a target: supervised, a baseline that is not local."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveInt

from nodegraph import Array, Seen
from nodegraph.maths import matvec, outer, vecmat, where
from nodes.parts.cell_rule import CellRule, Wrong, gathered
from nodes.parts.descent import Clock, clock, descend
from nodes.parts.unrolled import unrolled

__all__ = ["BPTT"]


class BPTT(CellRule):
    """Teach a cell a target by backpropagation through time [1]_: NOT a local rule.

    It is here to be compared with. The cell's head becomes a readout, ``y = V h[t] + offset``,
    which the cell gives out; the error of this readout, of no other node, goes back through the
    cell's last `steps` states. At each step with a target the gradient of ``|target - y|^2 / 2``
    is found; steps without one (NaN) teach nothing. Weights move by Adam after `batch` such steps,
    see `nodes.parts.descent`.

    A step with a target costs some `steps` steps: teach the last one of a series, or keep `steps`
    small.

    Parameters
    ----------
    steps : int
        How far back it goes; the length of the longest series for all of it. All data together
        must have as many.
    rate, batch, decay, epochs
        How the weights move; see `nodes.parts.descent.Descent`.

    References
    ----------
    .. [1] P. J. Werbos, Proc. IEEE 78 (1990) 1550-1560.
    """

    class Memory(NamedTuple):
        """Gradients, and how much of the data was seen."""

        sums: Any  # see `CellRule.sums`
        clock: Clock
        last: Array  # () int, which step of its series the last one with a target was
        seen: Array  # () int, steps up to those with targets
        wrong: Wrong

    supervised: ClassVar[bool] = True

    steps: PositiveInt = 50

    @property
    def window(self) -> int:
        """How many steps of its own past the cell is to remember."""
        return self.steps

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        zero = np.zeros((), np.int64)
        return self.Memory(self.sums(params), clock(), zero, zero.copy(), Wrong.nothing())

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after one more step with a target."""
        found = self.gradients(params, seen)
        sums = gathered(memory.sums, {n: found[n] for n in self.moving}, self.cell.links(params))
        params, sums, now = descend(self, params, sums, memory.clock, self.moving)
        last, steps = memory.last, seen.state.past.steps
        more = where(steps > last, steps - last, steps)  # of this series, or of a new one
        wrong = memory.wrong.and_of(found["offset"])
        return params, self.Memory(sums, now, steps, memory.seen + more, wrong)

    def gradients(self, params: Any, seen: Seen) -> dict[str, Any]:
        """Return the gradient of the error of this step, by name."""
        carried = self.cell.carry(seen.state)
        error = seen.target - (matvec(params.V, carried[0]) + params.offset)

        def say(state: Any, x: Array) -> tuple[Any, dict[str, Any]]:
            return np.zeros_like(carried[0]), {"V": 0 * params.V, "offset": 0 * params.offset}

        change = (-vecmat(error, params.V), *(np.zeros_like(one) for one in carried[1:]))
        found = unrolled(self.cell, params, seen.state.past, change, say, seen.ports, self.steps)
        return found | {"V": -outer(error, carried[0]), "offset": -error}

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params as they are."""
        self.require_steps(self.steps, int(memory.seen))
        return super().finish(params, memory)
