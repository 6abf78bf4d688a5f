"""A learner that chooses among settings, told which to take: from what it has gathered already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nodegraph.errors import DataError
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import Chooses
from nodegraph.graph.rule import conclude
from nodegraph.host.numerics import using
from nodegraph.model.learner import Learner

__all__ = ["chooser", "settle"]


def chooser(plan: Plan) -> tuple[str, list[Any]]:
    """Return the one learner that has settings to choose from, and its rule by each of them.

    Raises
    ------
    DataError
        If there is none, or several, or others learn behind it.
    """
    found = {
        name: rule.choices()
        for name, rule in plan.rules.items()
        if isinstance(rule, Chooses) and len(rule.choices()) > 1
    }
    if len(found) != 1:
        which = ", ".join(found) or "no readout"
        raise DataError(
            f"one readout chooses, and {which} has several strengths; write them into one, as in "
            "ridge: [1.0e-12, 1.0e-18]"
        )
    ((name, rules),) = found.items()
    if name not in plan.outputs:
        raise DataError(f"{name} is no output, so that others may learn from what it says")
    return name, list(rules)


def settle(model: Learner, name: str, rule: Any) -> dict[str, Any]:
    """Let a learner of `model` have the params that `rule` concludes; return what is known of it.

    Parameters
    ----------
    model : Learner
        It has learned.
    name : str
    rule : Rule
        One of those that `chooser` gave.
    """
    draft = model._settle().draft()
    slot = draft.slots[name]
    with using(model.numerics):
        ((params, facts),) = conclude(rule, [slot.params], slot.memory)
    draft.slots[name] = replace(slot, params=params)
    model._hold(draft)
    model.report = [{**row, **facts} if row["node"] == name else row for row in model.report]
    return facts
