"""What a placement would look like, and whether it pays, before anything is started."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from nodegraph.arrays import n_bytes
from nodegraph.engines.ray.partition import Partition, title
from nodegraph.engines.ray.placement import HOP, Estimate, group_nodes
from nodegraph.engines.slot import Slot
from nodegraph.graph.plan import Plan
from nodegraph.host.memory_budget import format_bytes

__all__ = ["START", "WARM", "advice", "held", "stays", "told"]

START, WARM = 6e6, 0.3e6  # microseconds until a chunk is under way: actors started anew, or there
LITTLE = 12e6, 2e6  # microseconds of work that may be done here: on this machine, on a cluster


def stays(
    costs: Mapping[str, Estimate],
    groups: Sequence[Collection[str]],
    n_steps: int,
    *,
    warm: bool,
    joined: bool,
) -> bool:
    """Tell whether so many steps are done sooner in this process than on actors.

    Parameters
    ----------
    costs : dict of Estimate
    groups : sequence of collections of str
        The nodes of each actor.
    n_steps : int
    warm : bool
        Whether the actors are there.
    joined : bool
        Whether they are on a cluster, which is not to be left idle for long.
    """
    loads = [sum(costs[name].step for name in group) for group in groups]
    saved = (sum(loads) - max(loads)) * n_steps
    return sum(loads) * n_steps <= LITTLE[joined] and saved <= (WARM if warm else START)


def told(
    parts: Sequence[Partition], costs: Mapping[str, Estimate], slots: Mapping[str, Slot]
) -> list[dict[str, str]]:
    """Return what each actor would hold, in a row for people."""
    return [
        {
            "actor": str(number),
            "nodes": ", ".join(part.names),
            "us a step": f"{sum(costs[name].step for name in part.names):.1f}",
            "weights": format_bytes(sum(held(slots[name]) for name in part.names)),
            "hears from": ", ".join(part.reads) or "-",
        }
        for number, part in enumerate(parts, 1)
    ]


def advice(
    plan: Plan, costs: Mapping[str, Estimate], groups: list[tuple[str, ...]], rows: int, cpus: int
) -> str:
    """Return in words whether actors pay for a plan, and from which chunk on they would.

    Parameters
    ----------
    plan : Plan
    costs : dict of Estimate
    groups : list of tuple of str
        The nodes of each actor.
    rows : int
        Steps in a chunk.
    cpus : int
    """
    whole = sum(cost.step for cost in costs.values())
    heaviest = max(sum(costs[name].step for name in group) for group in groups)
    if len(groups) > 1:
        gain = whole / (heaviest + HOP / rows)
        word = "should be" if gain > 1 else "would only be"
        return (
            f"{len(groups)} actors, chunks of {rows} steps: a stream {word} about {gain:.1f} times "
            f"as fast as on one thread (about {whole:.0f} us a step in all)"
        )
    free = group_nodes(plan, costs, cpus, hop=0.0)
    lightest = max(sum(costs[name].step for name in group) for group in free)
    if len(free) < 2 or lightest >= whole:
        return (
            f"all work is in one block ({title(groups[0])}): actors cannot share a single series; "
            "they pay for lists of series, each of which goes to a replica"
        )
    needed = HOP / (whole - lightest)
    if needed <= rows:
        return (
            f"one actor: {len(free)} would hardly be faster than the local engine here, at about "
            f"{whole:.1f} us a step"
        )
    return (
        f"too small for actors: about {whole:.1f} us a step, less than it costs to hand on chunks "
        f"of {rows} steps; {len(free)} actors would pay from chunk={int(needed) + 1} on. The local "
        "engine is the better one"
    )


def held(slot: Slot) -> int:
    """Return the bytes of the params and states in a slot."""
    return n_bytes((slot.params, slot.state))
