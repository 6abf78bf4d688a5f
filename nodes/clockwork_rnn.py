"""Units in modules, each with a clock of its own."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import BeforeValidator, Field, PositiveInt, model_validator

from nodegraph.arrays import Array
from nodegraph.graph.described import plain_value
from nodegraph.maths import matvec, tanh
from nodes.parts.gated_cell import GatedCell
from nodes.parts.update_mask import update_mask
from nodes.parts.weights import orthogonal
from nodes.wirings import Signs

__all__ = ["ClockworkRNN"]

Periods = Annotated[
    tuple[PositiveInt, ...],
    BeforeValidator(lambda v: plain_value(v.tolist() if isinstance(v, np.ndarray) else v)),
    Field(min_length=1),
]


class ClockworkRNN(GatedCell):
    """Clockwork recurrent network [1]_: module g updates when its clock ticks, at ``t % T_g == 0``.

    ``h[t] = tanh(W h[t-1] + W_in x[t] + bias)`` for units of modules whose clock ticks; the others
    keep theirs, to the bit. t counts from 0 at the start of a series. Weights that are drawn go
    from slow modules to fast ones and within modules: W is block-triangular, and stays so while
    the cell learns.

    Parameters
    ----------
    units : int, optional
        Number of units n, a multiple of the number of modules; may be left out if W or a
        wiring is given.
    periods : tuple of int
        T_g, from the fastest module to the slowest, each a multiple of the one before.
    wiring : Wiring, optional
        Who hears whom, as in `nodes.wirings`; W_in and W are drawn where it and
        the clocks let them be, and stay 0 elsewhere.
    input_scaling, recurrent_scaling, bias_scaling : float, at least 0
        W_in is normal with deviation ``input_scaling / sqrt(n_in)``; a module hears itself by an
        orthogonal matrix times `recurrent_scaling`, slower ones by weights with deviation
        ``recurrent_scaling / sqrt(n)``; bias is normal with deviation `bias_scaling`.
    emits : {"h", "prediction", "error"} or a tuple of them
        What is given out, side by side in this order, whatever the order they are named in.
    rule : rule of a cell, or None
        How it learns to foresee its input: `nodes.rules.EProp`, `RFLO`, `TBPTT`; or
        `nodes.rules.BPTT`.
    frozen : bool
        Whether only the head learns.
    W_in, W, bias : array, optional
        Weights of shape (n, n_in), (n, n) and (n,), used as they stand; units in the order of
        the modules. W may be a networkx graph.

    References
    ----------
    .. [1] J. Koutnik, K. Greff, F. Gomez, J. Schmidhuber, ICML (2014) 1863-1871.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> cell = ClockworkRNN(units=2, periods=[1, 3], W=np.zeros((2, 2)), W_in=[[1.0], [1.0]])
    >>> ng.Model(cell).run(np.arange(5.0)[:, None]).round(2)[:, 1]
    array([0., 0., 0., 1., 1.])
    """

    class Params(NamedTuple):
        """The weights, and the head."""

        W_in: Array  # (n, n_in)
        W: Array  # (n, n)
        bias: Array  # (n,)
        V: Array  # of the head, see `nodes.parts.cell.Head`
        offset: Array
        feedback: Array

    class State(NamedTuple):
        """What is shown, and the time."""

        h: Array  # (n,)
        steps: Array  # () int
        past: Any = ()  # the last steps, for rules that look back

    gates: ClassVar[tuple[str, ...]] = ("h",)

    periods: Periods = (1, 2, 4, 8)

    @model_validator(mode="after")
    def _clocks_divide(self) -> ClockworkRNN:
        modules, n = len(self.periods), self.width
        if n % modules:
            raise ValueError(
                f"units: {n} units do not divide into {modules} modules, one for each of periods; "
                f"write units={n - n % modules or modules}"
            )
        for fast, slow in pairwise(self.periods):
            if slow % fast or slow == fast:
                raise ValueError(
                    f"periods: each should be a multiple of the one before, but {fast} does not "
                    f"divide {slow}; write periods={[2**g for g in range(modules)]} or the like"
                )
        return self

    @cached_property
    def period(self) -> Array:
        """The period of each unit, (n,)."""
        return np.repeat(self.periods, self.width // len(self.periods))

    def structure(self) -> Signs:
        """Return 1 from slow modules to fast ones and within modules, and from all inputs."""
        slower = self.period[:, None] >= self.period
        return Signs(slower.astype(float), np.ones((1, self.width)))

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, drawn or given."""
        of_weights, of_W, of_head = rng.spawn(3)
        W_in, W, bias = self.draw_weights(of_weights, n_in)
        if self.W is None and self.wiring is None:
            W = self._triangle(of_W)
        return self.Params(W_in, W, bias, *self.draw_head(of_head, n_in, n_out))

    def _triangle(self, rng: np.random.Generator) -> Array:
        """Return W of orthogonal blocks, and normal weights from slower modules."""
        n, size = self.width, self.width // len(self.periods)
        W: Array = rng.standard_normal((n, n)) / np.sqrt(n) * self.structure().recurrent.T
        for first in range(0, n, size):
            block = slice(first, first + size)
            W[block, block] = orthogonal(rng, size, size)
        return self.recurrent_scaling * W

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: zeros."""
        begun = self.State(np.zeros(self.width), np.zeros((), np.int64))
        state: ClockworkRNN.State = self.remembers(begun, n_in)
        return state

    def moved(self, params: Params, state: State, x: Array) -> State:
        """Return the state one step later."""
        new = tanh(matvec(params.W, state.h) + matvec(params.W_in, x) + params.bias)
        ticks = state.steps % self.period == 0
        return state._replace(h=update_mask(ticks, new, state.h), steps=state.steps + 1)
