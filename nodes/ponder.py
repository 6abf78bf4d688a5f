"""A cell that goes on with the same input until its state stands still."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt, model_validator

from nodegraph.arrays import Array
from nodegraph.maths import cond, exp, put, repeat, where
from nodes.parts.around_cell import BesideCell
from nodes.parts.tape import Taped, plain

__all__ = ["Ponder"]


class Ponder(BesideCell):
    """Adaptive computation time [1]_ of a cell: it hears an input again until it stands still.

    With s_0 the state before a step and s_n what the cell makes of s_(n-1) and the same x::

        h_n = exp(-max |s_n - s_(n-1)| / tolerance),   h_limit = 1
        p_n = min(h_n, 1 - (p_1 + ... + p_(n-1))),     s = sum_n p_n s_n

    so that the p_n sum to 1, and are 0 once the state stood still. Where [1]_ learns when to halt,
    by a gradient from elsewhere, this learns nothing; rules that follow the cell's equation take p
    as given. Turns after the last that counts are worked out only where such a rule learns. A turn
    is a step of the cell: a `ClockworkRNN` inside counts turns, and each takes the whole of a `dt`.

    Parameters
    ----------
    cell : node
        The cell inside, such as ``GRU(units=100)``; in YAML ``{kind: GRU, units: 100}``. Its
        `emits`, `rule` and `frozen` are those of the whole.
    limit : int
        How many turns there are at most.
    tolerance : float
        The change of the state that counts as standing still.
    halt : bool
        Whether p, of `limit` numbers, is given out too, behind what the cell gives out.

    References
    ----------
    .. [1] A. Graves, arXiv 1603.08983 (2016).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import MTRNN
    >>> inside = MTRNN(tau=2.0, W=[[0.0]], W_in=[[1.0]], emits="u", rule=None)
    >>> model = ng.Model(Ponder(cell=inside, limit=3, tolerance=1e-3, halt=True))
    >>> model.run([[0.0], [1.0]]).round(3)  # one turn is enough, three are not
    array([[0.   , 1.   , 0.   , 0.   ],
           [0.875, 0.   , 0.   , 1.   ]])
    """

    class State(NamedTuple):
        """The state of the cell inside, and how much each turn counted."""

        cell: Any
        p: Array  # (limit,)
        past: Any = ()  # the last steps, for rules that look back

    limit: PositiveInt = 5
    tolerance: PositiveFloat = 0.01
    halt: bool = False

    @model_validator(mode="after")
    def _the_prediction_is_alone(self) -> Ponder:
        if self.halt and self.taught is not None and self.taught.supervised:
            raise ValueError(
                f"halt: a cell taught by {type(self.taught).__name__} gives out its prediction "
                "alone; leave halt out"
            )
        return self

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return {"tolerance": "there is one turn"} if self.limit == 1 else {}

    def size(self, n_in: int) -> int:
        """Return the number of signals given out."""
        return super().size(n_in) + self.limit * self.halt

    def start(self, n_out: int, n_in: int = 0, **more: Any) -> Any:
        """Return the state before the first step."""
        inside = self.cell.start(self.cell.size(n_in), n_in, **more)._replace(past=())
        return self.remembers(self.State(inside, np.zeros(self.limit)), n_in)

    def moved(self, params: Any, state: State, x: Array, **ports: Array) -> State:
        """Return the state one step later."""

        def turn(cell: Any, mixed: Any, p: Any, left: Any, number: Any) -> Any:
            new = self.cell.moved(params, cell, x, **ports)
            share = np.minimum(self._halts(self.cell.carry(new), self.cell.carry(cell)), left)
            share = where(number == self.limit - 1, left, share)
            pairs = zip(mixed, self.cell.carry(new), strict=True)
            mixed = tuple(all_before + one * share for all_before, one in pairs)
            return new, mixed, put(p, number, share), left - share, number + 1

        none = tuple(0 * plain(one) for one in self.carry(state))
        now = turn(state.cell, none, 0 * state.p, 1 + 0 * state.p[0], np.zeros((), np.int64))
        if any(isinstance(one, Taped) for one in now[1]):  # what learns goes back over every turn
            for _ in range(self.limit - 1):
                now = turn(*now)
        else:
            now = repeat(self.limit - 1, lambda now: cond(now[3] > 0, turn, *now), now)
        return state._replace(cell=self.cell.with_carry(now[0], now[1]), p=now[2])

    def _halts(self, new: Sequence[Any], old: Sequence[Any]) -> Any:
        """Return h: 1 where nothing changed, near 0 where it changed by far more than tolerance."""
        moves = [abs(plain(a) - plain(b)).max() for a, b in zip(new, old, strict=True)]
        change = moves[0]
        for move in moves[1:]:
            change = np.maximum(change, move)
        return exp(-change / change.dtype.type(self.tolerance))

    def step(self, params: Any, state: State, x: Array, **ports: Array | None) -> tuple[Any, Array]:
        """Return ``(state, y)`` one step later."""
        after, y = super().step(params, state, x, **ports)
        return after, np.concatenate([y, after.p]) if self.halt else y
