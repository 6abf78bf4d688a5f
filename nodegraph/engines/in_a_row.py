"""Whether many series can go through a plan as one chunk, in which they lie behind each other."""

from __future__ import annotations

from collections.abc import Mapping

from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import Gathers, Seamless, Silent

__all__ = ["can_go_in_a_row", "gathers_rows"]


def can_go_in_a_row(plan: Plan, slots: Mapping[str, Slot], request: Request) -> bool:
    """Tell whether nothing but states goes from step to step, and learners take rows as they come.

    Then nobody looks across the border of two series, and states are those of each series alone.
    """
    ports = (group for reads in plan.reads.values() for group in reads.values())
    late = any(read.delay or read.taught for group in ports for read in group)
    if late or any(block.span is not None for block in plan.blocks):
        return False
    return all(_is_able(name, plan, slots[name], request) for name in plan.reads)


def _is_able(name: str, plan: Plan, slot: Slot, request: Request) -> bool:
    node, noisy = plan.nodes[name], request.noise and slot.noise is not None
    if node.every > 1 or node.limits or noisy:  # who count steps, or draw for each series
        return False
    return name not in request.learn or gathers_rows(name, plan, slot)


def gathers_rows(name: str, plan: Plan, slot: Slot) -> bool:
    """Tell whether a learner does nothing but gather rows, whatever series they come from."""
    node, rule = plan.nodes[name], plan.rules.get(name)
    if not (isinstance(rule, Gathers) and isinstance(rule, Seamless) and node.every == 1):
        return False
    return isinstance(node, Silent) and node.silence(slot.params, 1) is not None
