"""Backpropagation through a cell's own last steps: online, unsupervised."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveInt

from nodegraph import Array, Seen
from nodegraph.arrays import cast
from nodegraph.maths import cond, matvec, outer, vecmat, where
from nodes.parts.cell_rule import CellRule, Wrong, gathered
from nodes.parts.descent import Clock, clock, descend
from nodes.parts.past import Past, followed
from nodes.parts.unrolled import unrolled
from nodes.parts.update_mask import update_mask

__all__ = ["TBPTT"]


class TBPTT(CellRule):
    """Let a cell learn from its own forecast errors, back through its own last steps [1]_.

    The cell remembers its last `steps` states and inputs. Each time that so many are new, the
    gradient of ``sum |x[s] - V h[s-1] - offset|^2 / 2`` over these steps is found, exactly, as it
    depends on the weights within them; what was before them is taken as given. Nothing of it
    leaves the cell. Weights move by Adam, see `nodes.parts.descent`, when windows of together
    `batch` steps or more have been seen.

    A window ends with its series too: what is left of it is learned from when the next series
    begins, and at the end of `fit`. So each step teaches once, but for those at which the port
    ``update`` holds the cell, which it does not remember.

    Parameters
    ----------
    steps : int
        How far back it goes; all data together must have as many.
    rate, batch, decay, epochs
        How the weights move; see `nodes.parts.descent.Descent`.

    References
    ----------
    .. [1] R. J. Williams, J. Peng, Neural Computation 2 (1990) 490-501.
    """

    class Memory(NamedTuple):
        """Gradients, and the steps that wait for the end of their window."""

        sums: Any  # see `CellRule.sums`
        clock: Clock
        past: Past  # of the cell, as far as it waits, after the last step that was seen
        told: Array  # (ports,) 1 where something is wired to another port, else 0
        taught: Array  # () int, up to which step of its series windows have ended
        seen: Array  # () int, steps of this course
        wrong: Wrong

    online: ClassVar[bool] = True

    steps: PositiveInt = 16

    @property
    def window(self) -> int:
        """How many steps of its own past the cell is to remember."""
        return self.steps

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        n_in, zero = len(params.offset), np.zeros((), np.int64)
        start = self.cell.start(self.cell.size(n_in), n_in)
        past = cast(start.past, params.offset.dtype)
        told = np.zeros(len(self._others))
        return self.Memory(
            self.sums(params), clock(), past, told, zero, zero.copy(), Wrong.nothing()
        )

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after one more step."""
        begun, now, last = seen.before.past.steps, seen.state.past, memory.past
        ended = begun != last.steps  # the series that came before, or what there is to learn of it
        taught = where(ended, begun, memory.taught)
        full = now.steps - taught >= self.steps
        rows = where(full, self.steps, where(ended, last.steps - memory.taught, 0))
        h = self.cell.carry(seen.before)[0]
        error = seen.x - (matvec(params.V, h) + params.offset)

        def learned(params: Any, sums: Any, clock: Clock) -> tuple[Any, Any, Clock]:
            window = update_mask(full, now, last)
            return self._learned(params, sums, clock, window, rows, seen.ports)

        params, sums, count = cond(rows > 0, learned, params, memory.sums, memory.clock)
        return params, self.Memory(
            sums,
            count,
            past=followed(last, now),
            told=np.array([1.0 * (name in seen.ports) for name in self._others]),
            taught=where(full, now.steps, taught),
            seen=memory.seen + (now.steps - begun),
            wrong=memory.wrong.and_of(error),
        )

    @property
    def _others(self) -> list[str]:
        """Names of the ports of which the past holds the largest signal."""
        return [port for port in self.cell.step_ports if port not in ("x", "update")]

    def _learned(
        self, params: Any, sums: Any, clock: Clock, past: Past, rows: Any, ports: Iterable[str]
    ) -> tuple[Any, Any, Clock]:
        """Return ``(params, sums, clock)`` after a window of the last `rows` steps of the past."""
        found = self.gradients(params, past, rows, ports)
        moving = {name: found[name] for name in self.moving}
        sums = gathered(sums, moving, self.cell.links(params))
        return descend(self, params, sums, clock, self.moving, rows=rows)

    def gradients(
        self, params: Any, past: Past, rows: Any, ports: Iterable[str] = ()
    ) -> dict[str, Any]:
        """Return the gradient of the forecast errors of the last `rows` steps, by name.

        `ports` are those of the cell to which something is wired.
        """
        cell = self.cell

        def say(state: Any, x: Array) -> tuple[Any, dict[str, Any]]:
            h = cell.carry(state)[0]
            error = x - (matvec(params.V, h) + params.offset)
            return -vecmat(error, params.V), {"V": -outer(error, h), "offset": -error}

        nothing = tuple(np.zeros_like(array[0]) for array in cell.carry(past.states))
        return unrolled(cell, params, past, nothing, say, ports, rows)

    def catch_up(self, params: Any, memory: Memory) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after the window that the last series left open."""
        rows = memory.past.steps - memory.taught
        if rows == 0:
            return params, memory
        ports = [name for name, told in zip(self._others, memory.told, strict=True) if told]
        params, sums, now = self._learned(
            params, memory.sums, memory.clock, memory.past, rows, ports
        )
        taught = memory.past.steps.copy()
        return params, memory._replace(sums=sums, clock=now, taught=taught)

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params as they are."""
        self.require_steps(self.steps, int(memory.seen))
        return super().finish(params, memory)
