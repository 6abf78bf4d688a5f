"""The plan in which a graph's output becomes its input."""

from __future__ import annotations

from collections.abc import Mapping

from nodegraph.errors import GraphError
from nodegraph.feeding import node_name
from nodegraph.plan import Plan, Read

__all__ = ["closed_plan"]


def closed_plan(plan: Plan, sizes: Mapping[str, int], loop: Mapping[str, str] | None) -> Plan:
    """Return `plan` with each input of `loop` reading its output one step later.

    Parameters
    ----------
    sizes : dict of int
        Number of outputs of each node.
    loop : dict, optional
        Output node by input node; if it is left out there must be one of each, or no input.

    Raises
    ------
    GraphError
        If it is not plain which goes where, or their sizes differ.
    """
    wiring = dict(plan.reads)
    for taker, giver in _pairs(plan, loop).items():
        if sizes[taker] != sizes[giver]:
            raise GraphError(
                f"{giver} gives {sizes[giver]} values, {taker} takes {sizes[taker]}: the loop "
                'cannot be closed; name another with loop={"input": "output"}'
            )
        ports = dict(wiring[taker])
        ports["x"] = (Read(giver, 1), *ports.get("x", ()))
        wiring[taker] = ports
    return plan.rewired(wiring)


def _pairs(plan: Plan, loop: Mapping[str, str] | None) -> dict[str, str]:
    known = list(plan.reads)
    if loop is not None:
        return {node_name(a, known, "loop"): node_name(b, known, "loop") for a, b in loop.items()}
    takers = [name for name in plan.inputs if plan.nodes[name].external]
    if not takers:
        return {}
    if len(takers) == len(plan.outputs) == 1:
        return {takers[0]: plan.outputs[0]}
    raise GraphError(
        f"the loop is not plain: inputs are {', '.join(takers)}, outputs "
        f"{', '.join(plan.outputs)}; write loop={{{takers[0]!r}: {plan.outputs[0]!r}}}"
    )
