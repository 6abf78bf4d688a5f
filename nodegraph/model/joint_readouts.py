"""Offline learners that see the same input learn as one: their targets stand side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, groupby, pairwise
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series
from nodegraph.engines.first_use import check_params, check_still
from nodegraph.engines.slot import Slot
from nodegraph.errors import named, warn
from nodegraph.graph.blocks import Read
from nodegraph.graph.protocols import Joint
from nodegraph.graph.rule import Rule, conclude
from nodegraph.model.stages import Stage

__all__ = ["JointReadout", "JointReadouts", "find_joint"]


@dataclass(frozen=True)
class JointReadout:
    """Learners of one stage that differ in their targets alone; the first one learns for all."""

    members: tuple[str, ...]
    widths: tuple[int, ...]

    @property
    def leader(self) -> str:
        """The one that learns."""
        return self.members[0]

    def columns(self) -> list[tuple[str, slice]]:
        """Return which columns of the joined target belong to whom."""
        cuts = pairwise(accumulate(self.widths, initial=0))
        return [(name, slice(*cut)) for name, cut in zip(self.members, cuts, strict=True)]

    def join(self, parts: Mapping[str, Array]) -> dict[str, Array]:
        """Return `parts` by node with those of the members side by side, under the leader."""
        others = {name: part for name, part in parts.items() if name not in self.members}
        return {**others, self.leader: np.hstack([parts[name] for name in self.members])}


def find_joint(
    stage: Stage, rules: Mapping[str, Rule], bound: BoundData, widths: Mapping[str, int]
) -> tuple[JointReadout, ...]:
    """Return the teams among the learners of `stage`.

    Members have rules that say so, the same wiring but for their teachers, targets that are all
    given as data and lack the same rows, or all wired and without gaps, and nobody who reads them
    meanwhile.

    Parameters
    ----------
    stage : Stage
    rules : dict of Rule
        By node.
    bound : BoundData
    widths : dict of int
        Number of outputs of each node.
    """
    if len(stage.learners) < 2:
        return ()
    reads = stage.plan.reads
    read = {r.source for ports in reads.values() for g in ports.values() for r in g}
    able = [
        name
        for name in stage.learners
        if _team(rules[name]) is not None and name not in read and _is_taught(stage, name, bound)
    ]

    def key(name: str) -> str:
        wiring = {port: group for port, group in reads[name].items() if port != "target"}
        return repr((name in bound.targets, _team(rules[name]), wiring, _clock(stage, name)))

    found = [tuple(names) for _, names in groupby(sorted(able, key=key), key=key)]
    return tuple(
        JointReadout(names, tuple(widths[name] for name in names))
        for names in found
        if len(names) > 1 and all(_lack_the_same(names, series) for series in bound.series)
    )


def _team(rule: Rule) -> Any:
    return rule.team if isinstance(rule, Joint) else None


def _clock(stage: Stage, name: str) -> tuple[int, int]:
    node = stage.plan.nodes[name]
    return node.every, node.phase


def _is_taught(stage: Stage, name: str, bound: BoundData) -> bool:
    """Tell whether a learner's target is there: as data, or by wires that bring no gaps."""
    if name in bound.targets or not stage.plan.reads[name].get("target"):
        return name in bound.targets
    open_to_gaps = stage.plan.gappy & set(bound.data)
    return not any(
        np.isnan(series.data[node]).any()
        for series in bound.series
        for node in open_to_gaps
        if isinstance(series, Series)
    )


def _lack_the_same(names: tuple[str, ...], series: Any) -> bool:
    if not isinstance(series, Series):
        return False
    gaps = [np.isnan(series.targets[name]).any(axis=1) for name in names if name in series.targets]
    return all(np.array_equal(gaps[0], other) for other in gaps[1:])


class JointReadouts:
    """A stage in which each team is one learner.

    Parameters
    ----------
    teams : tuple of JointReadout
        Without any, everything is as it was.
    stage : Stage
    slots : dict of Slot
    bound : BoundData
    """

    def __init__(
        self,
        teams: tuple[JointReadout, ...],
        stage: Stage,
        slots: dict[str, Slot],
        bound: BoundData,
    ):
        self.teams, self.own = teams, slots
        self.stage, self.slots, self.bound = stage, slots, bound
        if not teams:
            return
        behind = {name for team in teams for name in team.members[1:]}
        reads = {n: ports for n, ports in stage.plan.reads.items() if n not in behind}
        reads |= {team.leader: self._taught_by_all(team) for team in teams}
        learners = tuple(name for name in stage.learners if name not in behind)
        self.stage = replace(stage, learners=learners, plan=stage.plan.rewired(reads))
        self.slots = {name: slot for name, slot in slots.items() if name not in behind}
        for team in teams:
            self.slots[team.leader] = self._joined(team)
        series = [
            one.changed(partial(_with_joined_targets, teams)) if isinstance(one, Series) else one
            for one in bound.series
        ]
        self.bound = replace(bound, series=series)

    def _taught_by_all(self, team: JointReadout) -> dict[str, tuple[Read, ...]]:
        """Return the wiring of a leader, whose wired teachers stand side by side."""
        wired = [self.stage.plan.reads[name] for name in team.members]
        targets = tuple(read for ports in wired for read in ports.get("target", ()))
        return {**wired[0], **({"target": targets} if targets else {})}

    def _joined(self, team: JointReadout) -> Slot:
        """Return the slot of a leader as wide as all members."""
        slots = [self.own[name] for name in team.members]
        rule: Any = self.stage.plan.rules[team.leader]
        params = rule.join([slot.params for slot in slots])
        depth = max(len(slot.past) for slot in slots)
        lines = [np.pad(slot.past, ((depth - len(slot.past), 0), (0, 0))) for slot in slots]
        past = np.hstack(lines)
        return replace(slots[0], params=params, past=past, memory=None, taught=None)

    def conclude(self) -> list[tuple[str, dict[str, Any]]]:
        """Give every learner what it has learned; return what is worth knowing, by name."""
        team_of = {team.leader: team for team in self.teams}
        self.own.update({n: slot for n, slot in self.slots.items() if n not in team_of})
        told = []
        for name in self.stage.learners:
            rule = self.stage.plan.rules[name]
            team = team_of.get(name, JointReadout((name,), (0,)))
            slot, own = self.slots[name], [self.own[member] for member in team.members]
            params = [one.params for one in own]
            with named(", ".join(team.members)):
                found = _concluded(rule, slot, params)
            if len(own) > 1:
                self._part(team, slot, rule)
            for member, one, (learned, facts) in zip(team.members, own, found, strict=True):
                if not _is_alike(one.params, learned, rule.moving):
                    where = f"{member}: {type(rule).__name__}.finish"
                    check_still(where, rule, one.params, check_params(where, one.params, learned))
                one.params, one.fitted = learned, True
                told.append((member, {"rule": type(rule).__name__, **facts}))
        return told

    def alone(self, learning: Iterable[str]) -> list[str]:
        """Return the offline learners among some that learn for nobody else."""
        leaders, rules = {team.leader for team in self.teams}, self.stage.plan.rules
        return [name for name in learning if name not in leaders and not rules[name].online]

    def _part(self, team: JointReadout, slot: Slot, rule: Any) -> None:
        """Give each member its part of the memory and of the teacher's last values."""
        memories = rule.split(slot.memory, team.widths)
        for (name, columns), memory in zip(team.columns(), memories, strict=True):
            self.own[name].memory = memory
            if slot.taught is not None:
                own = self.own[name]
                own.taught = slot.taught[-len(own.past) :, columns].copy()


def _is_alike(before: Any, after: Any, moving: Sequence[str]) -> bool:
    """Tell at a glance whether params have changed only where they may, in kind nowhere."""
    if type(after) is not type(before) or not hasattr(before, "_fields"):
        return False
    try:
        return all(
            a is b or (name in moving and _face(a) == _face(b))
            for name, a, b in zip(before._fields, before, after, strict=True)
        )
    except AttributeError:  # no array: it is looked at more closely
        return False


def _face(array: Any) -> tuple[Any, ...]:
    return type(array), array.shape, array.dtype


def _concluded(rule: Rule, slot: Slot, params: list[Any]) -> list[tuple[Any, dict[str, Any]]]:
    """Return what a rule concludes for each member; a lone one's worker may have done so."""
    answer, slot.answer = slot.answer, None
    if answer is None or len(params) > 1:
        return conclude(rule, params, slot.memory)
    for warning in answer.warnings:
        warn(warning)
    return [(answer.params, answer.facts)]


def _with_joined_targets(teams: Sequence[JointReadout], series: Series) -> Series:
    targets: Any = series.targets
    for team in teams:
        if team.leader in targets:
            targets = team.join(targets)
    return replace(series, targets=targets)
