"""Who learns in which stage, with whose teacher meanwhile, and how often the data go by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import TypeVar

from nodegraph.data.binding import BoundData
from nodegraph.engines.slot import Slot
from nodegraph.errors import DataError, GraphError, named
from nodegraph.graph.blocks import Held, Read, Reads, all_reads
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import Passes, SecondLook, next_look
from nodegraph.graph.rule import Rule

__all__ = [
    "Forcing",
    "Stage",
    "epochs",
    "forced",
    "forced_wiring",
    "is_repeated",
    "parted",
    "stages",
    "unsettled",
    "wanted_again",
    "with_teachers",
]

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


_Made = TypeVar("_Made")


def _once(
    make: Callable[[Plan, Collection[str], Forcing], _Made],
) -> Callable[[Plan, Collection[str], Forcing], _Made]:
    """Let what follows from a plan, who learns, and whose teacher stands in be made once."""

    @wraps(make)
    def made(plan: Plan, learners: Collection[str], forcing: Forcing) -> _Made:
        key = make.__name__, tuple(learners), forcing
        if key not in plan.made:
            plan.made[key] = make(plan, learners, forcing)
        found: _Made = plan.made[key]
        return found

    return made


@_once
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
        _check_held(cut)
        found.append(Stage(names, cut, whole=tuple(cut.reads)))
    return tuple(found)


def parted(stage: Stage, groups: Iterable[tuple[str, ...]]) -> tuple[Stage, ...]:
    """Return stages for groups of the learners of one, who learn one group after the other."""
    return tuple(
        replace(stage, learners=names, plan=stage.plan.rewired(wiring, names))
        for names in groups
        for wiring in [_without_other_targets(stage.plan.reads, names)]
    )


@_once
def forced_wiring(plan: Plan, learners: Collection[str], forcing: Forcing) -> Reads:
    """Return the wiring in which the teachers of `learners` stand in for their outputs."""
    reads = plan.without_targets(learners)
    stand_ins = set(with_teachers(plan, learners))
    loops = {plan.graph.names[node]: loop for node, loop in plan.graph.loops.items()}

    def stand_in(name: str, read: Read, behind: tuple[str, ...] = ()) -> tuple[Read, ...]:
        source, feedback = read.source, loops[read.source] == loops[name]
        stands = forcing == "all" or (forcing and feedback)
        if source not in stand_ins or source in behind or not stands:
            return (read,)
        node = plan.nodes[source]
        held = Held(node.every, node.phase, read.delay) if node.every > 1 else None
        if wired := plan.reads[source].get("target"):
            told = [part for r in wired for part in stand_in(source, r, (*behind, source))]
            return tuple(_held_again(part.later(read.delay), held, source) for part in told)
        return (read._replace(taught=True, held=held),)

    return {
        name: {
            port: tuple(part for read in group for part in stand_in(name, read))
            for port, group in ports.items()
        }
        for name, ports in reads.items()
    }


def _held_again(read: Read, held: Held | None, learner: str) -> Read:
    """Return what a learner on a clock is told, held between its own ticks, too."""
    if held and read.held:
        raise GraphError(
            f"the target of {learner} is that of {read.source}, both on clocks, and stands in for "
            "its output; write fit(forcing=False), or give the target as data"
        )
    return read._replace(held=held) if held else read


@_once
def forced(plan: Plan, learners: Collection[str], forcing: Forcing) -> list[str]:
    """Return the learners whose delay lines hold their teacher at the end.

    Those that are read late by none but nodes that hear what they give out are not among them, nor
    those on a clock, which hold their own last output until the next tick.
    """
    if not forcing:
        return []
    heard, said = (
        _read_late(wiring)
        for wiring in (plan.without_targets(learners), forced_wiring(plan, learners, forcing))
    )
    taught = [n for n in with_teachers(plan, learners) if plan.nodes[n].every == 1]
    return [name for name in taught if not heard[name] or said[name] < heard[name]]


def _read_late(reads: Reads) -> Counter[str]:
    """Return how many delayed reads there are of the outputs of each node."""
    groups = (group for ports in reads.values() for group in ports.values())
    return Counter(r.source for group in groups for r in group if r.delay and not r.taught)


def with_teachers(plan: Plan, learners: Iterable[str]) -> list[str]:
    """Return the learners whose target can stand in for their output."""
    return [
        name
        for name in learners
        if plan.rules[name].supervised
        and not plan.rules[name].online
        and not plan.nodes[name].own_head
    ]


def unsettled(
    plan: Plan, learners: Collection[str], forcing: Forcing, steps: Iterable[Stage]
) -> set[str]:
    """Return the nodes that none of some stages leaves at the end of the data as they will be.

    Those that have heard an offline learner before it had learned are among them.
    """
    final: set[str] = set(forced(plan, learners, forcing))
    coming = {n for n in learners if not plan.rules[n].online}
    for stage in steps:
        final |= set(stage.plan.reads) - _hearing(stage.plan.reads, coming)
        final |= {n for n in stage.learners if plan.rules[n].online}
        coming -= set(stage.learners)
    return set(plan.nodes) - final


def _hearing(reads: Reads, names: Collection[str]) -> set[str]:
    """Return some nodes and all that hear of them, by whatever ways and delays."""
    found, more = set[str](), set(names) & reads.keys()
    while more:
        found |= more
        more = {n for n, ports in reads.items() if n not in found and _hears(ports, found)}
    return found


def _hears(ports: Mapping[str, Iterable[Read]], names: Collection[str]) -> bool:
    return any(r.source in names and not r.taught for group in ports.values() for r in group)


def _check_held(plan: Plan) -> None:
    """Refuse a teacher that is held between ticks and made in the loop that hears it."""
    for block in plan.blocks if any(read.held for read in all_reads(plan.reads)) else ():
        inside = {name: plan.reads[name] for name in block.names}
        for read in all_reads(inside):
            if read.held and not read.taught and read.source in inside:
                raise GraphError(
                    f"{read.source} teaches a learner on a clock (every={read.held.every}) whose "
                    "teacher, held between ticks, is fed back to it; write fit(forcing=False), or "
                    "give the target as data"
                )


def _without_other_targets(reads: Reads, learners: Collection[str]) -> Reads:
    return {
        name: {p: group for p, group in ports.items() if p != "target" or name in learners}
        for name, ports in reads.items()
    }


def _ranks(reads: Reads, learners: Collection[str]) -> dict[str, int]:
    """Return the stage of each learner: one more than that of the last learner upstream."""
    if len(learners) < 2:
        return {name: 1 for name in learners if name in reads}
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


Slots = Mapping[str, Slot]


def epochs(rules: Mapping[str, Rule], names: Iterable[str]) -> int:
    """Return how many passes some learners ask for before they learn."""
    return max(int(getattr(rules[name], "epochs", 1)) for name in names)


def is_repeated(rules: Mapping[str, Rule], names: Sequence[str], turn: int, slots: Slots) -> bool:
    """Tell whether another pass is to be expected after one: iterations go on as they began."""
    if turn + 1 < epochs(rules, names):
        return True
    return any(_goes_on(rules[name], turn, slots[name]) for name in names)


def _goes_on(rule: Rule, turn: int, slot: Slot) -> bool:
    if not isinstance(rule, Passes):
        return False
    return not rule.merges(slot.params) or (turn > 0 and not isinstance(rule, SecondLook))


def _wants_again(rule: Rule, slot: Slot, bound: BoundData) -> bool:
    before = slot.memory
    if bound.again and isinstance(rule, SecondLook) and rule.is_unsure(before):
        closer = next_look(rule, slot.params, before)
        if closer is not None:
            slot.memory, slot.answer = closer, None
            return True
    if not isinstance(rule, Passes):
        return False
    slot.memory, more = rule.after_pass(before)
    if slot.memory is not before:
        slot.answer = None
    return more


def wanted_again(
    rules: Mapping[str, Rule], learning: Sequence[str], slots: Slots, bound: BoundData
) -> list[str]:
    """Return which of those that have learned need another pass over the data."""
    wanted = []
    for name in learning:
        with named(name):
            wanted += [name] * _wants_again(rules[name], slots[name], bound)
    if wanted and not bound.again:
        raise DataError(
            f"{', '.join(wanted)} goes through the data many times, but an iterator gives them "
            "once; give a list of chunks in an object that can be iterated again"
        )
    return wanted
