"""Units that live at several speeds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import BeforeValidator, Field, PositiveInt, model_validator

from nodegraph.arrays import Array, frozen_array
from nodegraph.graph.described import plain_value
from nodegraph.maths import matvec, tanh
from nodes.parts.gated_cell import GatedCell
from nodes.wirings import Signs

__all__ = ["MTRNN"]

Slow = Annotated[float, Field(ge=1)]
Groups = Annotated[dict[str, tuple[PositiveInt, Slow]], Field(min_length=1)]


def _plain(tau: Any) -> Any:
    if isinstance(tau, Mapping):
        return {name: plain_value(group) for name, group in tau.items()}
    if isinstance(tau, np.ndarray):
        return tuple(tau.tolist())
    return plain_value(tau)


Taus = Annotated[
    Slow | Annotated[tuple[Slow, ...], Field(min_length=1)] | Groups, BeforeValidator(_plain)
]


class MTRNN(GatedCell):
    """Multiple timescale recurrent network [1]_: each unit has a time constant of its own.

    ``u[t] = (1 - 1/tau) u[t-1] + (W h[t-1] + W_in x[t] + bias) / tau``, ``h[t] = tanh(u[t])``; it
    gives out h. Slow units come to stand for what fast ones do one after the other.

    Where tau names groups, such as ``{"io": [100, 2], "fast": [60, 5], "slow": [20, 70]}`` (how
    many units, and their tau), weights that are drawn join groups that are neighbours in this
    order alone, and the input goes to the first; so they stay while the cell learns.

    Parameters
    ----------
    tau : float, one for each unit, or groups; at least 1
        Time constants, in steps.
    units : int, optional
        Number of units n; may be left out if tau, W or a wiring tells it.
    wiring : Wiring, optional
        Who hears whom, as in `nodes.wirings`; W_in and W are drawn there, and stay 0 elsewhere;
        of groups, where both let them be.
    input_scaling, recurrent_scaling, bias_scaling : float, at least 0
        W_in is normal with deviation ``input_scaling / sqrt(n_in)``; W is an orthogonal matrix
        times `recurrent_scaling`, at its links; bias is normal with deviation `bias_scaling`.
    emits : {"h", "u", "prediction", "error"} or a tuple of them
        What is given out, side by side in this order, whatever the order they are named in.
    rule : rule of a cell, or None
        How it learns to foresee its input: `nodes.rules.EProp`, `RFLO`, `TBPTT`; or
        `nodes.rules.BPTT`.
    frozen : bool
        Whether only the head learns.
    W_in, W, bias : array, optional
        Weights of shape (n, n_in), (n, n) and (n,), used as they stand. W may be a networkx graph.

    References
    ----------
    .. [1] Y. Yamashita, J. Tani, PLoS Comput. Biol. 4 (2008) e1000220.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> cell = MTRNN(tau=[1.0, 4.0], W=np.zeros((2, 2)), W_in=[[1.0], [1.0]], emits="u")
    >>> ng.Model(cell).run(np.ones((3, 1)))[:, 1]
    array([0.25    , 0.4375  , 0.578125])
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
        """What is shown, and the potentials."""

        h: Array  # (n,)
        u: Array  # (n,)
        past: Any = ()  # the last steps, for rules that look back

    carried: ClassVar[tuple[str, ...]] = ("h", "u")
    shows: ClassVar[tuple[str, ...]] = ("h", "u")
    gates: ClassVar[tuple[str, ...]] = ("u",)

    tau: Taus = 5.0

    @property
    def width(self) -> int:
        """The number of units: ``units``, or what tau or W tells."""
        if isinstance(self.tau, dict):
            return sum(count for count, _ in self.tau.values())
        return len(self.tau) if isinstance(self.tau, tuple) else super().width

    @model_validator(mode="after")
    def _one_tau_for_each_unit(self) -> MTRNN:
        if self.units is not None and self.units != self.width:
            raise ValueError(f"tau: is of {self.width} units, but units is {self.units}")
        return self

    @cached_property
    def speed(self) -> Array:
        """One over the time constant of each unit, (n,)."""
        taus: Any = self.tau
        if isinstance(self.tau, dict):
            taus = np.concatenate([np.full(count, tau) for count, tau in self.tau.values()])
        speed: Array = frozen_array(np.broadcast_to(1 / np.array(taus, float), self.width).copy())
        return speed

    @cached_property
    def _group(self) -> Array:
        """The number of the group of each unit."""
        counts = [count for count, _ in self.tau.values()] if isinstance(self.tau, dict) else [1]
        return np.repeat(np.arange(len(counts)), counts)

    def structure(self) -> Signs | None:
        """Return 1 where neighbouring groups are joined, and the input to the first."""
        if not isinstance(self.tau, dict):
            return None
        near = abs(self._group[:, None] - self._group) <= 1
        return Signs(near.astype(float), (self._group == 0).astype(float)[None])

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, drawn or given."""
        of_weights, of_head = rng.spawn(2)
        W_in, W, bias = self.draw_weights(of_weights, n_in)
        there = self.structure()
        W = W * there.recurrent.T if there is not None and self.W is None else W
        W_in = W_in * there.sensory.T if there is not None and self.W_in is None else W_in
        return self.Params(W_in, W, bias, *self.draw_head(of_head, n_in, n_out))

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: zeros."""
        state: MTRNN.State = self.remembers(self.State(*np.zeros((2, self.width))), n_in)
        return state

    def moved(self, params: Params, state: State, x: Array) -> State:
        """Return the state one step later."""
        speed = self.speed.astype(x.dtype)
        drive = matvec(params.W, state.h) + matvec(params.W_in, x) + params.bias
        u = (1 - speed) * state.u + drive * speed
        return state._replace(h=tanh(u), u=u)
