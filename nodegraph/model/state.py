"""All the slots of a model, and what can be asked of them; work is done on a draft of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from nodegraph.arrays import Array, copy_tree
from nodegraph.data.assembly import Door
from nodegraph.data.binding import BoundData, bind, teaching_only, with_zeros
from nodegraph.data.horizon import Ahead
from nodegraph.data.leads import Leads, warn_of_other_leads
from nodegraph.data.tables import check_columns
from nodegraph.data.targets import Lesson
from nodegraph.data.time_steps import steps_told
from nodegraph.engines.slot import NOT_SAVED, Slot
from nodegraph.errors import DataError, NotFittedError
from nodegraph.graph.names import node_name
from nodegraph.graph.plan import Plan
from nodegraph.model.checks import check_sizes, why_not_ready
from nodegraph.model.initializer import Initializer
from nodegraph.model.stream_place import StreamPlace

__all__ = ["ModelState"]


@dataclass
class ModelState:
    """The arrays of a model, where its stream stands, and who is frozen.

    Parameters
    ----------
    initializer : Initializer
    slots : dict of Slot
        Of the nodes whose sizes are known.
    frozen : frozenset of str
        Learners that keep their params.
    ahead : Ahead
        How many rows ahead of which input each learner was taught.
    stream : StreamPlace
        Where the model's own stream stands.
    leads : dict of Lead
        How much later the tables were that it learned from than those of its first input.
    flat : bool
        Whether the target of `fit` had one dimension, so that predictions have one.
    series : int
        How many independent series it has learned from: the next one hears noise of its own.
    origin : ModelState or None
        What a draft was made of.
    """

    initializer: Initializer
    slots: dict[str, Slot] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    plans: dict[Any, Plan] = field(default_factory=dict)
    able: dict[Any, tuple[str, ...]] = field(default_factory=dict)
    ahead: Ahead = field(default_factory=Ahead)
    stream: StreamPlace = field(default_factory=StreamPlace)
    leads: Leads = field(default_factory=dict)
    flat: bool = False
    series: int = 0
    origin: ModelState | None = None

    @property
    def plan(self) -> Plan:
        """The plan of the graph."""
        return self.initializer.plan

    def draft(self, learners: Iterable[str] = (), *, noise: bool = False) -> ModelState:
        """Return a state to work on, so that a failed call leaves this one as it was.

        Arrays are shared, but those that `learners` may change in place are copied.
        """
        slots = {name: slot.copy() for name, slot in self.slots.items()}
        for name in learners:
            if name in slots:
                slots[name].params = copy_tree(slots[name].params)
                slots[name].memory = copy_tree(slots[name].memory)
        if noise:
            for slot in slots.values():
                slot.noise = deepcopy(slot.noise)
        return replace(self, initializer=self.initializer.copy(), slots=slots, origin=self)

    def bind(
        self,
        x: Any,
        y: Any,
        steps: int | None = None,
        *,
        noted: bool = False,
        anew: bool = False,
        wanted: Sequence[str] = (),
    ) -> BoundData:
        """Return the data by node, and build the slots whose sizes they tell.

        Names of columns must be those that were `noted` before, as they are when learning, but
        where all is learned `anew`. Who only runs, for the outputs that are `wanted`, may leave
        out inputs that none of them hears.
        """
        idle = teaching_only(self.plan, wanted) if wanted else frozenset()
        with steps_told() if self.plan.hears_steps else nullcontext():
            bound = bind(x, y, self._door(idle), steps)
        known = self.initializer.data
        bound = with_zeros(bound, {name: known[name] for name in idle if name in known})
        if steps is not None and (bound.form, bound.n_steps) != ("one", steps):
            raise DataError(
                f"steps={steps!r} is for a graph without inputs; for some rows write x[:n]"
            )
        self._check_inputs(bound)
        self._check_as_before(bound)
        if anew and not self.frozen:  # who is frozen keeps what it has learned, from these columns
            self.initializer.forget_columns()
        else:
            self.check_columns(bound)
        if noted or anew:
            self.initializer.note(bound.columns, bound.taught)
        self.initializer.see(bound.data, bound.targets)
        self.initializer.build(self.slots)
        return bound

    def follow(self, bound: BoundData) -> None:
        """Take note of when the last rows were taken; warn if they do not follow those before."""
        self.stream = self.stream.followed(bound, self.plan.remembers)

    def compare(self, bound: BoundData, ahead: Mapping[str, int] = MappingProxyType({})) -> None:
        """Warn of tables that are not as far apart in time as those that were learned from."""
        if bound.times:
            warn_of_other_leads(self.leads, bound.leads(ahead))

    def missing(self) -> dict[str, Array] | None:
        """Return a row of NaN for each input, or None if one of them may have no gaps."""
        widths = {name: self.initializer.data.get(name) for name in self.plan.inputs}
        if not (widths and all(widths.values()) and self.plan.gappy.issuperset(widths)):
            return None
        return {name: np.full((1, width or 0), np.nan) for name, width in widths.items()}

    def _door(self, idle: Collection[str] = ()) -> Door:
        """Return who takes data, but for some inputs, and targets, and how they are taught."""
        pupils = self.pupils()
        classes = {name: getattr(self.plan.nodes[name], "classes", None) for name in pupils}
        lessons = {n: Lesson(c, self.plan.behind_summary(n)) for n, c in classes.items() if c}
        inputs = [name for name in self.plan.inputs if name not in idle]
        return Door(inputs, pupils, list(self.plan.nodes), lessons, self.plan.gappy)

    def pupils(self) -> tuple[str, ...]:
        """Nodes that a target goes to when no name is given."""
        return tuple(
            name
            for name, rule in self.plan.rules.items()
            if rule.supervised and name not in self.frozen and not self._wired(name)
        )

    def _wired(self, name: str) -> bool:
        return bool(self.plan.reads[name].get("target"))

    def _check_inputs(self, bound: BoundData) -> None:
        missing = [
            name
            for name in self.plan.inputs
            if self.plan.nodes[name].external
            and name not in bound.data
            and not self.plan.reads[name].get("x")
        ]
        if missing:
            raise DataError(f"{missing[0]} has no data: give x, or {{{missing[0]!r}: ...}}")

    def _check_as_before(self, bound: BoundData) -> None:
        """Refuse data for other nodes than those that the weights were made for."""
        known = self.initializer.data
        for name in bound.data:
            if name in self.slots and name not in known:
                raise DataError(
                    f"{name} takes no data: its weights were made without; make a new Model"
                )
        for name in known:
            if name not in bound.data:
                raise DataError(f"{name} has no data: give x, or {{{name!r}: ...}}")

    def check_columns(self, bound: BoundData) -> None:
        """Refuse tables whose columns are not those that were learned from."""
        seen = self.initializer
        pairs = (
            (seen.columns, bound.columns, seen.data.keys() & bound.data.keys(), ""),
            (seen.taught, bound.taught, seen.targets.keys() & bound.targets.keys(), "target of "),
        )
        for known, new, names, said in pairs:
            for name in names & (known.keys() | new.keys()):
                told = f"{said}{name}", "the model learned from"
                check_columns(known.get(name), new.get(name), *told)

    def build_ahead(self) -> None:
        """Build what can be built before any data are seen: if every input declares its size."""
        nodes = self.plan.nodes
        sizes = {n: nodes[n].declared_size for n in self.plan.inputs if nodes[n].external}
        if 0 < len(sizes) == len(self.plan.inputs) and all(sizes.values()):
            self.initializer.see({n: size for n, size in sizes.items() if size}, {})
            self.initializer.build(self.slots)

    def learners(self, bound: BoundData, online: bool | None = None) -> tuple[str, ...]:
        """Return the nodes that can learn from these data; those alone that are `online`, or not.

        Raises
        ------
        DataError
            If a supervised node that has never learned has no target.
        """
        names = []
        for name, rule in self.plan.rules.items():
            if name in self.frozen or online not in (None, rule.online):
                continue
            if not rule.supervised or name in bound.targets or self._wired(name):
                names.append(name)
            elif not self.is_ready(name):
                raise DataError(f"{name} has no target to learn from: give y, or {{{name!r}: ...}}")
        return tuple(names)

    def is_ready(self, name: str) -> bool:
        """Tell whether a node can run: its size is known and it has learned if it must."""
        slot = self.slots.get(name)
        return slot is not None and slot.can_run(self.plan.nodes[name])

    def ready(self) -> tuple[str, ...]:
        """Return the nodes that can run, with all that they read from."""
        key = tuple((name, slot.fitted) for name, slot in self.slots.items())
        if key not in self.able:
            self.able[key] = self.plan.supplied(n for n in self.slots if self.is_ready(n))
        return self.able[key]

    def runnable(self, wanted: Iterable[str], learn: frozenset[str] = frozenset()) -> Plan:
        """Return the plan that yields the outputs of `wanted`; targets go to `learn` alone."""
        key = (tuple(wanted), learn)
        if key not in self.plans:
            self.plans[key] = self.plan.rewired(self.plan.without_targets(learn), key[0])
        return self.plans[key]

    def require(self, names: Sequence[str]) -> None:
        """Refuse to run nodes that cannot.

        Raises
        ------
        NotFittedError
            With the node that has yet to learn, or whose size is not known.
        """
        able = self.ready()
        for name in names:
            if name not in able:
                raise NotFittedError(why_not_ready(self.plan, self.slots, name))

    def names(self, outputs: Iterable[str] | None) -> tuple[str, ...]:
        """Return the names of the nodes whose outputs are wanted."""
        if outputs is None:
            return self.plan.outputs
        if isinstance(outputs, str) or not isinstance(outputs, Iterable) or outputs in ([], ()):
            last = self.plan.outputs[-1]
            raise DataError(
                f"outputs: expected a list of names, got {outputs!r}; write one, as in [{last!r}]"
            )
        known, ends = list(self.plan.nodes), self.plan.graph.outputs_of_composites
        return tuple(node_name(name, known, "outputs", ends) for name in outputs)

    def forget(self, names: Iterable[str]) -> None:
        """Put back what learners change to what it was before they ever learned.

        That is what was drawn or, where an online rule changes it, given.
        """
        for name in names:
            if (slot := self.slots.get(name)) is not None:
                rule = self.plan.rules[name]
                drawn = self.initializer.draw(name, slot.past.shape[1], slot.ports)
                given = slot.given if rule.online else {}
                moving = {p: given.get(p, getattr(drawn, p)) for p in rule.moving}
                params = copy_tree(slot.params._replace(**moving))
                fresh = replace(slot, params=params, memory=None, fitted=False, lost="")
                self.slots[name] = replace(fresh, given=given)

    def given(self, name: str, fields: Iterable[str]) -> None:
        """Take note that the params of a node were given from outside, some of them new.

        Online rules go on from there. What offline rules learned from, there or behind the node,
        says nothing of the new weights.
        """
        slot = self.slots[name]
        given = {**slot.given, **{field: getattr(slot.params, field) for field in fields}}
        self.slots[name] = replace(slot, fitted=True, lost="", given=given)
        for other in self._behind(name):
            if (rule := self.plan.rules.get(other)) is not None and not rule.online:
                why = "was seen through other weights of " + name
                lost = "is not known, for its weights were given" if other == name else why
                self.slots[other] = replace(self.slots[other], memory=None, lost=lost)

    def _behind(self, name: str) -> list[str]:
        """Return the nodes there are that a node's output reaches, itself the first."""
        found = [name]
        for source in found:
            for other, ports in self.plan.reads.items():
                reads = {read.source for group in ports.values() for read in group}
                if source in reads and other in self.slots and other not in found:
                    found.append(other)
        return found

    def require_memory(self, names: Iterable[str]) -> None:
        """Refuse to learn on where what was learned from is no longer there.

        Raises
        ------
        NotFittedError
            With what became of it, and the cure.
        """
        for name in names:
            slot = self.slots.get(name)
            if slot is None or slot.memory is not None or not slot.lost or not slot.fitted:
                continue
            again = (
                f", or write model.params[{name!r}] = model.params[{name!r}] to start from these"
            )
            raise NotFittedError(
                f"{name} cannot learn more: what it learned from {slot.lost}; call fit on all data"
                f"{', or save with memory=True' * (slot.lost == NOT_SAVED)}"
                f"{again * self.plan.rules[name].online}"
            )

    def begin(self, names: Iterable[str]) -> None:
        """Give online learners a memory, so that they may learn and run at once."""
        self.require_memory(names)
        check_sizes(self.plan, self.slots, names)
        for name in names:
            slot = self.slots[name]
            slot.fitted = True
            if slot.memory is None:
                slot.memory = self.plan.rules[name].begin(slot.params)

    def restart(self) -> None:
        """Put every state and delay line back to the start."""
        self.slots = self.initializer.restarted(self.slots)
        self.stream = StreamPlace()
