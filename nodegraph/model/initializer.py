"""From a plan and the widths of its data to slots: sizes, weights and start states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nodegraph.arrays import cast, copy_tree
from nodegraph.data.tables import Columns
from nodegraph.engines.first_use import check_made
from nodegraph.engines.slot import Slot
from nodegraph.errors import DataError, GraphError, NodegraphError, placed
from nodegraph.graph.limits import check_signals
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import Momentary
from nodegraph.host import memory_budget as budget
from nodegraph.host.numerics import Numerics

__all__ = ["Initializer", "generator"]

WEIGHTS, NOISE, START = 0, 1, 2  # what a node's generator is for


def generator(seed: int, word: str, *purpose: int) -> np.random.Generator:
    """Return a generator made of the seed, a word and a purpose, nothing else."""
    return np.random.default_rng([seed, int.from_bytes(word.encode(), "little"), *purpose])


@dataclass
class Initializer:
    """Makes the slots of a plan as soon as the widths that they need are known.

    Parameters
    ----------
    plan : Plan
    seed : int
    dtype : dtype
    data, targets : dict of int
        Widths of what comes from outside, by node; they stay as they were first seen.
    numerics : {"exact", "portable", "fast"}
        See `nodegraph.host.numerics`.
    columns, taught : dict of Columns
        Names of the columns that data and targets had when they were learned from.
    """

    plan: Plan
    seed: int
    dtype: np.dtype[Any]
    data: dict[str, int] = field(default_factory=dict)
    targets: dict[str, int] = field(default_factory=dict)
    numerics: Numerics = "exact"
    columns: dict[str, Columns] = field(default_factory=dict)
    taught: dict[str, Columns] = field(default_factory=dict)

    def copy(self) -> Initializer:
        """Return an initializer that takes note of widths by itself."""
        twin = replace(self, data=dict(self.data), targets=dict(self.targets))
        twin.columns, twin.taught = dict(self.columns), dict(self.taught)
        return twin

    def note(self, columns: Mapping[str, Columns], taught: Mapping[str, Columns]) -> None:
        """Take note of the names of columns, where there were none before."""
        self.columns |= {n: c for n, c in columns.items() if n not in self.columns}
        self.taught |= {n: c for n, c in taught.items() if n not in self.taught}

    def forget_columns(self) -> None:
        """Let the next data have other columns."""
        self.columns.clear()
        self.taught.clear()

    def see(self, data: Mapping[str, int], targets: Mapping[str, int]) -> None:
        """Take note of the widths of data; they must be what they were before.

        Raises
        ------
        DataError
            If a width differs from that of the first call, or from the node's own size.
        """
        for known, new, what in ((self.data, data, "input"), (self.targets, targets, "target")):
            for name, width in new.items():
                expected = known[name] if name in known else self._told(name, what) or width
                if width != expected:
                    columns = f"{expected} column{'s' * (expected > 1)}"
                    flat = "; if it was one flat step, write x[None]"
                    raise DataError(
                        f"{name}: the {what} should have {columns} (shape (T, "
                        f"{expected})), got {width}{flat * (width == 1)}"
                    )
                known[name] = width

    def _told(self, name: str, what: str) -> int | None:
        """Return how wide an input or a target has to be, if the node says so."""
        node = self.plan.nodes[name]
        own = node.external if what == "input" else not node.own_head
        return node.declared_size if own else None

    def sizes(self) -> dict[str, int]:
        """Return the number of outputs of every node for which it can be told."""
        sizes: dict[str, int] = {}
        for _ in self.plan.nodes:
            before = len(sizes)
            for name in self.plan.nodes:
                if name not in sizes and (size := self._size(name, sizes)) is not None:
                    sizes[name] = size
            if len(sizes) == before:
                break
        return sizes

    def _size(self, name: str, sizes: Mapping[str, int]) -> int | None:
        node = self.plan.nodes[name]
        if node.declared_size:
            return node.declared_size
        if not node.own_head and (taught := self._width(name, "target", sizes)):
            return taught
        n_in = self._width(name, "x", sizes)
        waits = node.learner is not None and node.learner.supervised and not node.own_head
        if waits or n_in is None or (node.external and not n_in):
            return None
        if node.alike:
            return self._common(name, sizes)
        asked = node.takes["size"] & self._heard(name)
        widths = {port: self._width(name, port, sizes) for port in asked}
        known = {port: width for port, width in widths.items() if width is not None}
        return node.size(n_in, **known) if len(known) == len(widths) else None

    def _common(self, name: str, sizes: Mapping[str, int]) -> int:
        """Return the width that all sources of a node have."""
        outside = {"the data": self.data[name]} if name in self.data else {}
        reads = self.plan.reads[name].get("x", ())
        widths = {**outside, **{read.source: sizes[read.source] for read in reads}}
        if len(set(widths.values())) > 1:
            shown = ", ".join(f"{source} has {width}" for source, width in widths.items())
            raise GraphError(
                f"{name}: its sources should be equally wide, but {shown} columns; let "
                "Select(columns=...) choose columns, or write units= for groups of so many"
            )
        return next(iter(widths.values()), 0)

    def _width(self, name: str, port: str, sizes: Mapping[str, int]) -> int | None:
        """Return the width of what arrives at a port, or None while it cannot be told."""
        if port == "target" and name in self.targets:
            return self.targets[name]
        sources = [read.source for read in self.plan.reads[name].get(port, ())]
        if any(source not in sizes for source in sources):
            return None
        outside = self.data.get(name, 0) if port == "x" else 0
        width = outside + sum(sizes[source] for source in sources)
        return None if port == "target" and not width else width

    def build(self, slots: dict[str, Slot]) -> None:
        """Add the slots that are missing and can be made."""
        if len(slots) == len(self.plan.nodes):
            return
        sizes = self.sizes()
        self._check_teachers(sizes)
        self._check_parts(sizes)
        widths = {name: self._widths(name, sizes) for name in sizes if name not in slots}
        ready = {name: w for name, w in widths.items() if None not in w.values()}
        self._check_budget({name: (w["x"] or 0, sizes[name]) for name, w in ready.items()})
        for name, ports in ready.items():
            slots[name] = self._slot(name, sizes[name], {p: w or 0 for p, w in ports.items()})

    def _check_teachers(self, sizes: Mapping[str, int]) -> None:
        """Refuse targets that are wired to a node of another width."""
        for name, size in sizes.items():
            wired = self.plan.reads[name].get("target", ())
            if self.plan.nodes[name].own_head or not wired or name in self.targets:
                continue
            width = self._width(name, "target", sizes)
            if width is not None and width != size:
                said = ", ".join(f"{read.source} ({sizes[read.source]})" for read in wired)
                raise GraphError(
                    f"{name}: it has {size} outputs, and its target {width} columns, from {said}; "
                    "leave units out, or let Select(columns=...) choose columns"
                )

    def _check_parts(self, sizes: Mapping[str, int]) -> None:
        """Refuse parts of an input that begin in one source and end in another."""
        for name, node in self.plan.nodes.items():
            sources = [read.source for read in self.plan.reads[name].get("x", ())]
            whole = (
                self._width(name, "x", sizes) if node.input_parts > 1 and len(sources) > 1 else None
            )
            if not whole or whole % node.input_parts:
                continue
            ends = np.cumsum([sizes[source] for source in sources]) * node.input_parts
            if (ends % whole).any():
                shown = ", ".join(f"{source} has {sizes[source]}" for source in sources)
                raise GraphError(
                    f"{name}: its {node.input_parts} parts are {whole // node.input_parts} columns "
                    f"each of what it hears side by side, but {shown}, so that one part would "
                    "begin in one of them and end in another; let it hear one alone"
                )

    def _widths(self, name: str, sizes: Mapping[str, int]) -> dict[str, int | None]:
        return {port: self._width(name, port, sizes) for port in self._heard(name)}

    def _heard(self, name: str) -> set[str]:
        """Return the ports of a node whose widths it is made for."""
        ports = {"x", *self.plan.reads[name]} - {"target"}
        return ports | {"target"} if self.plan.nodes[name].own_head else ports

    def _check_budget(self, shapes: Mapping[str, tuple[int, int]]) -> None:
        numbers = {
            f"{name}.{array}": count
            for name, shape in shapes.items()
            for array, count in self.plan.nodes[name].cost(*shape).items()
        }
        numbers |= {
            f"{name}, its last {self.plan.depth[name]} outputs": self.plan.depth[name] * n_out
            for name, (_, n_out) in shapes.items()
            if self.plan.depth[name] > 1
        }
        parts = {where: count * self.dtype.itemsize for where, count in numbers.items()}
        budget.check(parts, "this model")

    def _slot(self, name: str, n_out: int, ports: dict[str, int]) -> Slot:
        node, rule = self.plan.nodes[name], self.plan.rules.get(name)
        single = () if rule is None else rule.single
        if node.limits or single:
            check_signals(name, node.limits, single, ports)
        slot = Slot(
            params=self.draw(name, n_out, ports),
            state=self.start(name, n_out, ports["x"]),
            past=np.zeros((self.plan.depth[name], n_out), self.dtype),
            ports=ports,
        )
        return replace(slot, noise=self._noise(name, slot))

    def _noise(self, name: str, slot: Slot, *series: int) -> np.random.Generator | None:
        """Return what the noise of a series is drawn from; None for a node without noise."""
        if slot.kept.noisy is None:
            node, rng = self.plan.nodes[name], self._generator(name, NOISE)
            slot.kept.noisy = node.draw_noise(rng, 1, slot.past.shape[1]) is not None
        return self._generator(name, NOISE, *series) if slot.kept.noisy else None

    def _generator(self, name: str, *purpose: int) -> np.random.Generator:
        return generator(self.seed, self.plan.streams[name], *purpose)

    def draw(self, name: str, n_out: int, ports: Mapping[str, int]) -> Any:
        """Return the params of a node as they are before it learns."""
        node, rng = self.plan.nodes[name], self._generator(name, WEIGHTS)
        extra = {p: w for p, w in ports.items() if p != "x" and p in node.takes["init"]}
        try:
            with placed(f"in {name}: {type(node).__name__}.init"):
                made = node.init(rng, ports["x"], n_out, **extra)
        except NodegraphError as error:
            raise type(error)(f"{name}: {error}") from error
        return cast(check_made(name, node, made, "init", "Params"), self.dtype)

    def start(self, name: str, n_out: int, n_in: int) -> Any:
        """Return the state of a node before its first step."""
        node = self.plan.nodes[name]
        extra: dict[str, Any] = {"n_in": n_in} if "n_in" in node.takes["start"] else {}
        if "rng" in node.takes["start"]:
            extra["rng"] = self._generator(name, START)
        with placed(f"in {name}: {type(node).__name__}.start"):
            made = node.start(n_out, **extra)
        return cast(check_made(name, node, made, "start", "State"), self.dtype, node.double)

    def fresh(
        self, slots: Mapping[str, Slot], names: Iterable[str], series: int
    ) -> dict[str, Slot]:
        """Return slots with the same params at the start of independent series number `series`."""
        return {name: self._restarted(name, slots[name], series + 1) for name in names}

    def restarted(self, slots: Mapping[str, Slot]) -> dict[str, Slot]:
        """Return slots with the same params at the start of the model's own stream."""
        return {name: self._restarted(name, slot) for name, slot in slots.items()}

    def _restarted(self, name: str, slot: Slot, *series: int) -> Slot:
        if slot.kept.start is None:
            slot.kept.start = self.start(name, slot.past.shape[1], slot.ports["x"])
        twin = slot.started(copy_tree(slot.kept.start), self._noise(name, slot, *series))
        rule = self.plan.rules.get(name)
        if twin.memory is not None and isinstance(rule, Momentary):
            twin.memory = rule.restart(twin.memory)
        return twin
