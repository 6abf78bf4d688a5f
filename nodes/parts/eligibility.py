"""Traces of how weights moved their own unit, carried forward in time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from nodegraph import Array, Seen
from nodegraph.arrays import tree_map
from nodegraph.errors import warn
from nodegraph.maths import matvec, outer, where
from nodes.parts.cell_rule import CellRule, Wrong, by_unit, gathered
from nodes.parts.descent import FADING, Clock, clock, descend
from nodes.parts.tape import Heard, Taped, gradients, plain

__all__ = ["LONGEST", "Eligibility"]

FAR = 10.0  # times what weights moved, and what a spread of 1 leaves: errors that cannot go away
LONGEST = 0.999  # how much of a trace is left a step later, at most


class Eligibility(CellRule, ABC):
    """Let a cell learn from its own forecast errors, by traces that its weights keep.

    For each carried array s of the cell's state every weight w keeps ``P_s ~ ds_j / dw``, j being
    the unit behind w::

        P_s[t] = sum_q J_sq P_q[t-1] + B_s

    with ``J_sq = ds_j[t] / dq_j[t-1]`` of the unit itself and B_s the derivative within the step,
    both found by going back over the cell's own equation. When a forecast made from ``h[t-1]``
    turns out wrong by e, each unit is told L, and the gradients of ``|e|^2 / 2`` are ::

        dw = -L_j P_h[t-1],   dV = -e h[t-1]',   doffset = -e

    With ``learns="target"`` the head says what is wanted at the same step, as a readout does, and
    the error is ``e = target - V h[t] - offset``, told with ``P_h[t]``: an error of the cell's own
    head, of no other node. Steps whose target is NaN move traces, and teach nothing.

    Rows of J add up to at most 0.999. Traces begin anew where the state does.

    Parameters
    ----------
    learns : {"forecast", "target"}
        What the head is to say: the next input, or what arrives at the port ``target``.
    """

    heard: ClassVar[Heard]

    learns: Literal["forecast", "target"] = "forecast"

    class Memory(NamedTuple):
        """Gradients, the traces by carried array, and what was carried last."""

        sums: Any  # see `CellRule.sums`
        traces: Any  # like params, of each carried array
        last: Any  # (n,) of each
        clock: Clock
        wrong: Wrong

    @abstractmethod
    def told(self, params: Any, error: Array) -> Array:
        """Return what each unit is told of an error."""

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        n, carried = params.V.shape[1], () if self.cell.frozen else self.cell.carried
        none: dict[str, Any] = dict.fromkeys(params._fields, ())
        zeros = {name: np.zeros(getattr(params, name).shape) for name in self.cell.weights}
        traces = tuple(params._replace(**none | zeros) for _ in carried)
        last = tuple(np.zeros(n) for _ in carried)
        return self.Memory(self.sums(params), traces, last, clock(), Wrong.nothing())

    def restart(self, memory: Memory) -> Memory:
        """Return the memory before the first step of a series: no traces."""
        return memory._replace(traces=tree_map(np.zeros_like, memory.traces))

    @property
    def supervised(self) -> bool:  # type: ignore[override]
        """Whether a target teaches it."""
        return self.learns == "target"

    @property
    def sees_gaps(self) -> bool:
        """Whether it also sees steps without a target: traces go on."""
        return self.supervised

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after one more step."""
        state, wanted = (seen.state, seen.target) if self.supervised else (seen.before, seen.x)
        h = self.cell.carry(state)[0]
        error, rows = wanted - (matvec(params.V, h) + params.offset), 1
        if self.supervised:
            known = (wanted == wanted).all()
            error, rows = where(known, error, np.zeros_like(error)), where(known, 1, 0)
        found = {"V": -outer(error, h), "offset": -error}
        if not self.cell.frozen:
            on = self._goes_on(memory, seen.before)
            later = self._traced(params, memory, seen, on)
            fresh, blame = (later, -1.0) if self.supervised else (memory, -on)
            found |= self._blamed(fresh.traces[0], blame * self.told(params, error))
            memory = later
        sums = gathered(memory.sums, found, self.cell.links(params))
        params, sums, now = descend(self, params, sums, memory.clock, self.moving, rows=rows)
        return params, memory._replace(sums=sums, clock=now, wrong=memory.wrong.and_of(error, rows))

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params as they are; say that targets are beyond the reach of all updates."""
        params, clock = super().finish(params, memory), memory.clock
        updates = np.log(max(clock.powers[1], 1e-300)) / np.log(FADING[1])
        error = float(np.sqrt(memory.sums.offset[2] / (1 - clock.powers[1])).max())
        if self.supervised and error > FAR * max(1.0, self.rate * updates):
            warn(
                f"{type(self).__name__}: errors of the head are still {error:.2g}, and in "
                f"{updates:.0f} updates of rate={self.rate:g} a weight moves by about "
                f"{self.rate * updates:.2g}: divide the targets by their spread, "
                "and multiply what is said by it"
            )
        return params

    def _blamed(self, traces: Any, blame: Array) -> dict[str, Any]:
        """Return the gradients of the weights, each unit being blamed for its own."""
        axes = self.cell.unit_axis
        return {
            name: by_unit(blame, getattr(traces, name), axes.get(name, 0))
            for name in self.cell.weights
        }

    def _traced(self, params: Any, memory: Memory, seen: Seen, on: Any) -> Memory:
        """Return the memory with traces one step later."""
        cell, names = self.cell, self.cell.weights
        olds = [Taped(array, self.heard) for array in cell.carry(seen.before)]
        weights = [Taped(getattr(params, name), self.heard) for name in names]
        after = cell.relived(
            params._replace(**dict(zip(names, weights, strict=True))),
            cell.with_carry(seen.before, olds),
            seen.x,
            seen.ports,
        )
        news = cell.carry(after)
        traces = [self._trace(memory, new, olds, weights, on) for new in news]
        last = tuple(
            plain(new).astype(old.dtype) for new, old in zip(news, memory.last, strict=True)
        )
        return memory._replace(traces=tuple(traces), last=last)

    def _goes_on(self, memory: Memory, before: Any) -> Any:
        """Return 1 if the state is the one that was left, else 0."""
        olds = self.cell.carry(before)
        same = [(old == last).all() for old, last in zip(olds, memory.last, strict=True)]
        together = same[0]
        for one in same[1:]:
            together = together & one
        return where(together, 1.0, 0.0)

    def _trace(
        self, memory: Memory, new: Any, olds: list[Taped], weights: list[Taped], on: Any
    ) -> Any:
        """Return the traces of one carried array, one step later."""
        names, axes = self.cell.weights, self.cell.unit_axis
        like = memory.traces[0]
        if not isinstance(new, Taped):
            return like._replace(**{n: 0 * getattr(like, n) for n in names})
        changes = gradients([(new, np.ones_like(new.value))], [*olds, *weights])
        J, B = changes[: len(olds)], changes[len(olds) :]
        reach = sum((abs(j) for j in J if j is not None), start=np.zeros_like(new.value))
        held = on * LONGEST / np.maximum(reach, LONGEST)
        later = {}
        for name, b in zip(names, B, strict=True):
            parts = [
                by_unit(held * j, getattr(traces, name), axes.get(name, 0))
                for j, traces in zip(J, memory.traces, strict=True)
                if j is not None
            ]
            parts += [] if b is None else [b]
            old = getattr(like, name)
            later[name] = sum(parts[1:], start=parts[0]).astype(old.dtype) if parts else 0 * old
        return like._replace(**later)
