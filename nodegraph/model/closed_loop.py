"""The plan in which a graph's output becomes its input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import Series
from nodegraph.engines import Engine
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot, widths
from nodegraph.errors import GraphError
from nodegraph.graph.blocks import Read
from nodegraph.graph.names import node_name
from nodegraph.graph.plan import Plan
from nodegraph.model.stages import forced_wiring

__all__ = ["Lineup", "astray", "closed_plan", "find_loop"]

FAR = 2.0  # times the variance of a target: what is further off has left it


def astray(plan: Plan, y: Array, y_hat: Array) -> str:
    """Return what to do where outputs that are fed back have strayed from their target; else "".

    Parameters
    ----------
    plan : Plan
    y, y_hat : array (n_steps, n_out)
        The target, and what was said as the model heard its own outputs.
    """
    learners = [name for name, rule in plan.rules.items() if rule.supervised and not rule.online]
    if forced_wiring(plan, learners, True) == forced_wiring(plan, learners, False):
        return ""
    known = np.isfinite(y).all(axis=1)
    spread = y[known].var(axis=0).mean() if known.sum() > 1 else 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        off = np.square(y - y_hat)[known].mean() if spread > 0 else 0.0
    if off <= FAR * spread:
        return ""
    return (
        f"outputs are {np.sqrt(off / spread):.3g} times as far off as the mean of the target: they "
        "are fed back, and were taught beside true values; let them learn with noise on what is "
        "fed back, readout >> Noise(std=...) >> delay(1) >> reservoir['feedback'], of a size that "
        "outputs are off by while they learn (train_rmse in the report)"
    )


def find_loop(
    plan: Plan, takes: Mapping[str, int], loop: Mapping[str, str] | None
) -> dict[str, str]:
    """Return which output becomes which input: as `loop` says, or the only one of each.

    Parameters
    ----------
    plan : Plan
    takes : dict of int
        Number of values that each input takes from outside.
    loop : dict, optional
        Output node by input node.

    Raises
    ------
    GraphError
        If nothing is said and it is not plain which goes where.
    """
    takers, known = list(takes), list(plan.reads)
    if loop is not None:
        return {node_name(a, takers, "loop"): node_name(b, known, "loop") for a, b in loop.items()}
    if not takers:
        return {}
    if len(takers) == len(plan.outputs) == 1:
        return {takers[0]: plan.outputs[0]}
    raise GraphError(
        f"the loop is not plain: inputs are {', '.join(takers)}, outputs "
        f"{', '.join(plan.outputs)}; write loop={{{takers[0]!r}: {plan.outputs[0]!r}}}"
    )


def closed_plan(
    plan: Plan, sizes: Mapping[str, int], takes: Mapping[str, int], loop: Mapping[str, str]
) -> Plan:
    """Return `plan` with each input of `loop` reading its output one step later.

    Parameters
    ----------
    plan : Plan
    sizes, takes : dict of int
        Number of outputs of each node, and of values that each input takes from outside.
    loop : dict
        Output node by input node.

    Raises
    ------
    GraphError
        If an output has not the size of its input.
    """
    wiring = dict(plan.reads)
    for taker, giver in loop.items():
        if sizes[giver] != takes[taker]:
            raise GraphError(
                f"{giver} gives {sizes[giver]} values, {taker} takes {takes[taker]}: the loop "
                'cannot be closed; name another with loop={"input": "output"}'
            )
        ports = dict(wiring[taker])
        ports["x"] = (Read(giver, 1), *ports.get("x", ()))
        wiring[taker] = ports
    return plan.rewired(wiring)


Outputs = dict[str, Array]


@dataclass(frozen=True)
class Lineup:
    """Some series of one length, each with its own slots, which move on.

    Parameters
    ----------
    engine : Engine
        One that can `execute_many`.
    dtype : dtype
    places : sequence of dict of Slot
    names : tuple of str
        Nodes whose outputs are wanted.
    noise : bool
        Whether nodes with noise are noisy.
    """

    engine: Engine
    dtype: np.dtype[Any]
    places: Sequence[dict[str, Slot]]
    names: tuple[str, ...]
    noise: bool

    def through(self, plan: Plan, series: Sequence[Series], clock: int) -> Iterator[list[Outputs]]:
        """Yield the outputs of each of the series, in chunks as they have them alone.

        Parameters
        ----------
        plan : Plan
        series : sequence of Series
        clock : int
            The number of their first step.
        """
        many = self.engine.execute_many
        size = self.engine.rows(plan, widths(self.places[0]))
        for chunks in zip(*(one.chunks(size, 0, self.dtype) for one in series), strict=True):
            request = Request(self.names, clock=clock, noise=self.noise)
            found = [] if many is None else many(plan, self.places, chunks, request)
            yield [{name: rows.copy() for name, rows in one.items()} for one in found]
            clock += chunks[0].n_steps

    def last(self, plan: Plan, series: Sequence[Series]) -> list[Outputs]:
        """Return the outputs of each at the last of its steps, from step 0 on."""
        *_, found = self.through(plan, series, 0)
        return [{name: rows[-1:] for name, rows in one.items()} for one in found]
