"""Why nothing learns, or a node cannot run, in the state that a model is in; with the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodegraph.model.state import ModelState

__all__ = ["why_idle", "why_not_ready"]


def why_idle(state: ModelState, online: bool = False) -> str:
    """Return why no rule learns, or none that is online."""
    rules = {n: rule for n, rule in state.plan.rules.items() if rule.online or not online}
    if not rules and state.plan.rules:
        known = ", ".join(state.plan.rules)
        return f"use fit, then update, or an RLS or LMS readout; rules are {known}"
    if not rules:
        fixed = [n for n, v in state.plan.nodes.items() if getattr(v, "W_out", None) is not None]
        return f"the weights of {fixed[0]} are given" if fixed else "no node has a rule"
    waiting = [name for name in rules if name not in state.frozen]
    if not waiting:
        return f"{', '.join(sorted(rules))} frozen; call unfreeze"
    return f"{waiting[0]} has no target to learn from: give y"


def why_not_ready(state: ModelState, name: str) -> str:
    """Return why a node cannot run: it has yet to learn, or its size is not known."""
    return _why_not(state, name, set())


def _why_not(state: ModelState, name: str, seen: set[str]) -> str:
    if name in state.slots and not state.is_ready(name):
        given = ", or give its W_out" if hasattr(state.plan.nodes[name], "W_out") else ""
        return f"{name} has not learned yet: call fit first{given}"
    seen.add(name)
    for source in state.waits_for(name) - seen - set(state.ready()):
        return _why_not(state, source, seen)
    rule = state.plan.rules.get(name)
    if rule is not None and rule.supervised:
        return f"{name} has not learned yet: its size comes from its target; call fit first"
    return f"the size of {name} is not known: set units there, or give data"
