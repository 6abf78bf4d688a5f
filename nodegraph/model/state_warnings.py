"""Nodes with which little can be learned: who looks at their states, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping

from nodegraph.data.binding import BoundData, total_steps
from nodegraph.engines.slot import Slot
from nodegraph.engines.vitals import FEWEST, Trickle, Vitals
from nodegraph.errors import warn
from nodegraph.graph.node import Node
from nodegraph.graph.plan import Plan

__all__ = ["trickle_of", "vitals_of", "warn_in_time", "warn_of_states"]


def vitals_of(plan: Plan, bound: BoundData) -> Vitals | None:
    """Return who is to take rows of the nodes that can judge themselves; None of few steps."""
    names, total = _judges(plan), total_steps(bound)
    return Vitals(names) if names and (total is None or total >= FEWEST) else None


def trickle_of(plan: Plan) -> Trickle | None:
    """Return who is to take rows of them in calls of few steps; None if there are none."""
    names = _judges(plan)
    return Trickle(names) if names else None


def _judges(plan: Plan) -> list[str]:
    return [name for name, node in plan.nodes.items() if type(node).doubts is not Node.doubts]


def warn_of_states(plan: Plan, slots: Mapping[str, Slot], vitals: Vitals | None) -> None:
    """Warn, once for all, of nodes with which little can be learned; each says so itself."""
    if vitals is not None and (said := _said(plan, slots, vitals)):
        warn(said)


def warn_in_time(plan: Plan, slots: Mapping[str, Slot], trickle: Trickle) -> None:
    """Warn so of a model that learns a few rows at a time, and only once."""
    said = _said(plan, slots, trickle.vitals)
    trickle.looked(bool(said))
    if said:
        warn(said)


def _said(plan: Plan, slots: Mapping[str, Slot], vitals: Vitals) -> str:
    said = []
    for name in plan.nodes:
        sample = vitals.sample(name)
        if sample is not None and (found := plan.nodes[name].doubts(*sample, slots[name].params)):
            said.append(f"{name}: {'; '.join(found)}")
    return "\n".join(said)
