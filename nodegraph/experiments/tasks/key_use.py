"""Which keys of a task and its engine are read, and what is said of those that are not.

`READ` has an entry for every key. Each tells of a task that gives the key why it is not read there
and what to do, or nothing if it is. What is given and not read is refused at its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import BaseModel

from nodegraph.engines.slot import Slot
from nodegraph.experiments.tasks.series_trial import ClassTrial, SeriesTrial
from nodegraph.experiments.tasks.trial import Trial
from nodegraph.files.yaml.header import LocalEngine, RayEngine, RayNeeds
from nodegraph.files.yaml.sources import DatasetSource, FileSource, LabelledFile, LabelledFolder
from nodegraph.files.yaml.task import (
    ColumnTarget,
    FileTarget,
    ForecastTarget,
    GenerateTarget,
    Split,
    Task,
    Validation,
)
from nodegraph.graph.messages.complaints import Loc
from nodegraph.graph.plan import Plan
from nodegraph.graph.rule import merges
from nodegraph.model.stages import forced_wiring

__all__ = ["READ", "Situation", "Unread", "no_curve", "no_workers", "unread"]

LEAVE = "leave it out"


@dataclass(frozen=True)
class Situation:
    """What decides about which keys are read.

    Parameters
    ----------
    task : Task
    trial : Trial
    plan : Plan
    slots : dict of Slot
        Of the nodes, as they are before learning.
    learners : tuple of str
        The nodes that learn from these data.
    """

    task: Task
    trial: Trial
    plan: Plan
    slots: Mapping[str, Slot]
    learners: tuple[str, ...]

    @property
    def apart(self) -> bool:
        """Whether series are learned from apart, and merged."""
        rules = [(self.plan.rules[n], self.slots[n].params) for n in self.learners]
        return any(not rule.online and merges(rule, params) for rule, params in rules)

    @property
    def of_labels(self) -> bool:
        """Whether all that learns is taught by the last step of each series."""
        labels = isinstance(self.trial, ClassTrial) and all(
            len(rows) == 1 for rows in self.trial.data.train.y
        )
        return labels and all(self.plan.rules[name].supervised for name in self.learners)


class Unread(NamedTuple):
    """A key that is given and not read: where it stands, and what is said of it."""

    place: Loc
    why: str


Why = Callable[[Situation, Any], str]


def always(situation: Situation, section: Any) -> str:
    """Say nothing: the key is read, or refused where it is used."""
    return ""


def no_curve(situation: Situation) -> str:
    """Return why no learning curve can be taken, or nothing."""
    if any(situation.plan.rules[name].online for name in situation.learners):
        return ""
    return f"nothing here learns at every step, so there is no curve to take; {LEAVE}"


def no_workers(situation: Situation) -> str:
    """Return why more than one worker would have nothing to do, or nothing."""
    if situation.task.online:
        return f"online learning takes one step after the other; {LEAVE}"
    if not isinstance(situation.trial, ClassTrial | SeriesTrial):
        return f"are for independent series, and these data are one series; {LEAVE}"
    if not situation.apart:
        return f"are for rules that learn from series apart, and none does here; {LEAVE}"
    return ""


def _workers(situation: Situation, engine: LocalEngine) -> str:
    return "" if engine.workers == 1 else no_workers(situation)


def _warmup(situation: Situation, split: Split) -> str:
    if not split.warmup or not situation.of_labels:
        return ""
    return f"a class is learned from the last step of its series, so no row is left out; {LEAVE}"


def _test(situation: Situation, split: Split) -> str:
    target = situation.task.target
    if split.test is None or not isinstance(target, GenerateTarget) or target.windows > 1:
        return ""
    return (
        "bounds the rows over which windows are spread, and there is one, right behind the rows "
        f"learned from; write windows: 2 or more, or {LEAVE}"
    )


def _own_test(situation: Situation, source: LabelledFile | LabelledFolder) -> str:
    if source.test is None or situation.task.split.test is None:
        return ""
    return "is what is scored, and split.test holds others back for that; leave one of them out"


def _forcing(situation: Situation, task: Task) -> str:
    if task.online:
        return f"is for targets that stand in while offline rules learn; with online: true {LEAVE}"
    way = "all" if task.forcing == "all" else True
    one, other = (forced_wiring(situation.plan, situation.learners, f) for f in (way, False))
    if one != other:
        return ""
    return f"no target can stand in: no output of a supervised node goes to another node; {LEAVE}"


def _prompt(situation: Situation, target: GenerateTarget) -> str:
    if not target.prompt or situation.trial.data.train.x is not None:
        return ""
    return f"drives inputs, and with input: [] there are none; {LEAVE}"


def _windows(situation: Situation, target: GenerateTarget) -> str:
    return "" if target.windows == 1 else _prompt(situation, target)


def _baselines(situation: Situation, task: Task) -> str:
    for word in task.baselines:
        if isinstance(situation.trial, ClassTrial) and word == "persistence":
            return "persistence has nothing to say of classes; write linear or mean"
    return ""


def _stale(situation: Situation, engine: RayEngine) -> str:
    return f"is for sync: false; write that, or {LEAVE}" if engine.sync else ""


def _whole_series(situation: Situation, engine: RayEngine) -> str:
    if not isinstance(situation.trial, ClassTrial | SeriesTrial):
        return ""
    return f"is for one long series; of many each goes through the graph whole: {LEAVE}"


def _stale_of_one(situation: Situation, engine: RayEngine) -> str:
    return _whole_series(situation, engine) or _stale(situation, engine)


def _nodes(situation: Situation, engine: RayEngine) -> str:
    strangers = [name for name in engine.nodes if name not in situation.plan.nodes]
    if not strangers:
        return ""
    return f"no node is named {strangers[0]!r}; there are {', '.join(situation.plan.nodes)}"


READ: Mapping[type[BaseModel], Mapping[str, Why]] = MappingProxyType(
    {
        Task: dict(
            data=always,
            input=always,
            target=always,
            targets=always,
            split=always,
            online=always,
            forcing=_forcing,
            metrics=always,
            baselines=_baselines,
            validation=always,
        ),
        Validation: dict(kind=always, folds=always, choose=always),
        DatasetSource: dict(dataset=always),
        FileSource: dict(**dict.fromkeys(FileSource.model_fields, always)),
        LabelledFile: {**dict.fromkeys(LabelledFile.model_fields, always), "test": _own_test},
        LabelledFolder: {**dict.fromkeys(LabelledFolder.model_fields, always), "test": _own_test},
        FileTarget: dict(**dict.fromkeys(FileTarget.model_fields, always)),
        ForecastTarget: dict(forecast=always, columns=always),
        ColumnTarget: dict(column=always, ahead=always),
        GenerateTarget: dict(generate=always, prompt=_prompt, windows=_windows, loop=always),
        Split: dict(train=always, warmup=_warmup, test=_test),
        LocalEngine: dict(kind=always, workers=_workers),
        RayNeeds: dict(num_cpus=always, num_gpus=always, resources=always),
        RayEngine: dict(
            kind=always,
            address=always,
            workers=always,
            placement=_whole_series,
            sync=_whole_series,
            stale=_stale_of_one,
            num_cpus=always,
            num_gpus=always,
            resources=always,
            nodes=_nodes,
            chunk=_whole_series,
            window=_whole_series,
        ),
    }
)


def unread(situation: Situation, section: Any, place: Loc) -> Iterator[Unread]:
    """Yield the keys that `section` or a section in it gives, and that this task does not read.

    Parameters
    ----------
    situation : Situation
    section : Section
        Part of the YAML, standing at `place`.
    place : tuple of str or int
    """
    for key in sorted(section.model_fields_set & set(READ[type(section)])):
        value, here = getattr(section, key), (*place, key)
        if why := READ[type(section)][key](situation, section):
            yield Unread(here, why)
        inner = value.items() if isinstance(value, dict) else [("", value)]
        for name, part in inner:
            if type(part) in READ:
                yield from unread(situation, part, (*here, name) if name else here)
