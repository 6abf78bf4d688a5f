"""A cell that updates when it is surprised."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import model_validator

from nodegraph.arrays import Array
from nodegraph.fields import Fraction
from nodegraph.maths import matvec, total
from nodes.parts.around_cell import BesideCell
from nodes.parts.tape import plain
from nodes.parts.update_mask import update_mask

__all__ = ["SkipRNN"]


class SkipRNN(BesideCell):
    """A cell that skips steps [1]_: it updates when its own surprise asks for it, within a budget.

    The surprise is the squared error of its head, ``s = |x[t] - V h[t-1] - offset|^2``. Where it
    is below the threshold, the state stays as it is, to the bit. The threshold follows the quantile
    that leaves a share `budget` of the steps: with u = 1 for an update, else 0, and m a fading
    mean of s, ``threshold = max(threshold + rate m (u - budget), 0)``.

    In place of [1]_'s learned gate, which needs a gradient through a rounded number, this one
    learns nothing.

    Parameters
    ----------
    cell : node
        The cell inside, such as ``LSTM(units=100)``; in YAML ``{kind: LSTM, units: 100}``. Its
        `emits`, `rule` and `frozen` are those of the whole; without a rule there is no head.
    budget : float in (0, 1]
        Share of the steps at which it updates; 1 for all.
    rate : float in (0, 1]
        How fast the threshold and the mean move.

    References
    ----------
    .. [1] V. Campos, B. Jou, X. Giro-i-Nieto, J. Torres, S.-F. Chang, ICLR (2018).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import GRU
    >>> model = ng.Model(SkipRNN(cell=GRU(units=3), budget=0.25), seed=1)
    >>> y = model.run(np.random.default_rng(0).standard_normal((4000, 1)))
    >>> round(float((np.diff(y[1000:], axis=0) != 0).any(axis=1).mean()), 2)
    0.24
    """

    class State(NamedTuple):
        """The state of the cell inside, and what decides."""

        cell: Any
        threshold: Array  # ()
        mean: Array  # () of the surprise
        updates: Array  # () int, how many so far
        past: Any = ()  # the last steps, for rules that look back

    smooth: ClassVar[bool] = False

    budget: Fraction = 0.5
    rate: Fraction = 0.02

    @model_validator(mode="after")
    def _there_is_a_head(self) -> SkipRNN:
        if self.taught is None or self.taught.supervised:
            raise ValueError("cell: a head tells the surprise; give it a rule such as EProp()")
        return self

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return {"rate": "budget is 1, so that no step is skipped"} if self.budget == 1 else {}

    def start(self, n_out: int, n_in: int = 0, **more: Any) -> Any:
        """Return the state before the first step."""
        inside = self.cell.start(n_out, n_in, **more)._replace(past=())
        zero = np.zeros(())
        return self.remembers(self.State(inside, zero, zero.copy(), np.zeros((), np.int64)), n_in)

    def moved(self, params: Any, state: State, x: Array, **ports: Array) -> State:
        """Return the state one step later."""
        error = x - (matvec(params.V, plain(self.carry(state)[0])) + params.offset)
        surprise = total(error * error)
        goes = surprise >= state.threshold
        new = self.cell.moved(params, state.cell, x, **ports)
        mean = state.mean + self.rate * (surprise - state.mean)
        u = goes.astype(x.dtype)
        threshold = state.threshold + self.rate * mean * (u - self.budget)
        return state._replace(
            cell=update_mask(goes, new, state.cell),
            threshold=np.maximum(threshold, 0).astype(x.dtype),
            mean=mean.astype(x.dtype),
            updates=state.updates + goes.astype(int),
        )
