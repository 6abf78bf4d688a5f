"""Stages of learning: who learns when, and whose teacher stands in for it meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from nodegraph.graph.plan import Plan, Read, Reads

__all__ = ["Forcing", "Stage", "forced", "forced_wiring", "parted", "stages", "unsettled"]

Forcing = bool | str  # True, False or "all"


@dataclass(frozen=True)
class Stage:
    """Learners that learn at the same time, and the plan of all that they need for it.

    Parameters
    ----------
    learners : tuple of str
    plan : Plan
    record : tuple of str
        Nodes whose outputs are to be kept.
    whole : tuple of str
        All that the stage ran before it was parted, or others stood in; its groups of series are
        as large as if they still did.
    """

    learners: tuple[str, ...]
    plan: Plan
    record: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


def stages(plan: Plan, learners: Collection[str], forcing: Forcing) -> tuple[Stage, ...]:
    """Return the stages in which `learners` learn, each after all that are upstream of it.

    Parameters
    ----------
    forcing : {True, False, "all"}
        True: feedback edges of an offline supervised learner carry its teacher. "all": every
        edge of it does. False: none.
    """
    reads = forced_wiring(plan, learners, forcing)
    rank = _ranks(reads, learners)
    found = []
    for number in sorted(set(rank.values())):
        names = tuple(name for name in plan.nodes if rank.get(name) == number)
        wiring = _without_other_targets(reads, names)
        cut = plan.rewired(wiring, names)
        found.append(Stage(names, cut, whole=tuple(cut.reads)))
    return tuple(found)


def parted(stage: Stage, groups: Iterable[tuple[str, ...]]) -> tuple[Stage, ...]:
    """Return stages for groups of the learners of one, who learn one group after the other."""
    return tuple(
        replace(stage, learners=names, plan=stage.plan.rewired(wiring, names))
        for names in groups
        for wiring in [_without_other_targets(stage.plan.reads, names)]
    )


def forced_wiring(plan: Plan, learners: Collection[str], forcing: Forcing) -> Reads:
    """Return the wiring in which the teachers of `learners` stand in for their outputs."""
    reads = plan.without_targets(learners)
    stand_ins = {n for n in learners if _has_teacher(plan, n)}
    loops = {plan.graph.names[node]: loop for node, loop in plan.graph.loops.items()}

    def stand_in(name: str, read: Read) -> tuple[Read, ...]:
        feedback = loops[read.source] == loops[name]
        if read.source not in stand_ins or not (forcing == "all" or (forcing and feedback)):
            return (read,)
        if wired := plan.reads[read.source].get("target"):
            return tuple(Read(r.source, r.delay + read.delay) for r in wired)
        return (read._replace(taught=True),)

    return {
        name: {
            port: tuple(part for read in group for part in stand_in(name, read))
            for port, group in ports.items()
        }
        for name, ports in reads.items()
    }


def forced(plan: Plan, learners: Collection[str], forcing: Forcing) -> list[str]:
    """Return the learners whose delay lines hold their teacher at the end."""
    return [n for n in learners if forcing and _has_teacher(plan, n)]


def _has_teacher(plan: Plan, name: str) -> bool:
    """Tell whether the target of a learner can stand in for its output."""
    rule = plan.rules[name]
    return rule.supervised and not rule.online and not plan.nodes[name].own_head


def unsettled(
    plan: Plan, learners: Collection[str], forcing: Forcing, steps: Iterable[Stage]
) -> set[str]:
    """Return the nodes that none of some stages leaves at the end of the data as they will be."""
    final: set[str] = set(forced(plan, learners, forcing))
    for stage in steps:
        offline = {n for n in stage.learners if not plan.rules[n].online}
        final |= set(stage.plan.reads) - offline
    return set(plan.nodes) - final


def _without_other_targets(reads: Reads, learners: Collection[str]) -> Reads:
    return {
        name: {p: group for p, group in ports.items() if p != "target" or name in learners}
        for name, ports in reads.items()
    }


def _ranks(reads: Reads, learners: Collection[str]) -> dict[str, int]:
    """Return the stage of each learner: one more than that of the last learner upstream."""
    import networkx as nx

    net: nx.DiGraph[str] = nx.DiGraph()
    net.add_nodes_from(reads)
    net.add_edges_from(
        (read.source, name)
        for name, ports in reads.items()
        for group in ports.values()
        for read in group
        if not read.taught
    )
    parts = nx.condensation(net)
    rank: dict[str, int] = {}
    done: dict[int, int] = {}
    for part in nx.topological_sort(parts):
        before = max((done[p] for p in parts.predecessors(part)), default=0)
        inside = [name for name in parts.nodes[part]["members"] if name in learners]
        done[part] = before + bool(inside)
        rank.update(dict.fromkeys(inside, done[part]))
    return rank
