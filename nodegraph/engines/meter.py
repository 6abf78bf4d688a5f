"""Points of learning curves: how nodes that learn online did over some steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array, is_sparse
from nodegraph.data.series import Chunk
from nodegraph.engines.slot import Slot
from nodegraph.graph.protocols import Measured
from nodegraph.graph.rule import Rule

__all__ = ["Meter", "Point"]


class Point(NamedTuple):
    """One point of the curve of each node, by what was measured."""

    n_steps: int
    found: dict[str, dict[str, float]]


class Meter:
    """Looks at nodes that learn online, and at nothing that their worker does not hold.

    Parameters
    ----------
    rules : dict of Rule
        By the nodes to look at.
    slots : dict of Slot
        Where they start from.
    """

    def __init__(self, rules: Mapping[str, Rule], slots: Mapping[str, Slot]):
        self.rules, self.steps = rules, 0
        self._before = {name: _weights(rule, slots[name]) for name, rule in rules.items()}
        self._wrong: dict[str, list[Array]] = {}

    def add(self, chunk: Chunk, outputs: Mapping[str, Array]) -> None:
        """Take note of what was predicted for each step of a chunk, before it was learned from."""
        self.steps += chunk.n_steps
        for name in self.rules:
            target = chunk.targets.get(name)
            if target is None:
                continue
            rows = np.isfinite(target).all(axis=1) & (np.arange(len(target)) >= chunk.learn_from)
            self._wrong.setdefault(name, []).append(outputs[name][rows] - target[rows])

    def look(self, slots: Mapping[str, Slot]) -> Point:
        """Return what there is to say of the steps since the last point."""
        found = {}
        for name, rule in self.rules.items():
            params, memory = slots[name].params, slots[name].memory
            change = _change(self._before[name], _weights(rule, slots[name]))
            error = _error(self._wrong.get(name))
            own = rule.measure(params, memory) if isinstance(rule, Measured) else {}
            found[name] = {"change": change, **own, **error}
        return Point(self.steps, found)

    def point(self, slots: Mapping[str, Slot]) -> Point:
        """Return what `look` does, and begin the next point."""
        found = self.look(slots)
        self.steps, self._wrong = 0, {}
        self._before = {name: _weights(rule, slots[name]) for name, rule in self.rules.items()}
        return found


def _weights(rule: Rule, slot: Slot) -> list[Array]:
    """Return copies of what a rule changes."""
    found = [getattr(slot.params, name) for name in rule.modifies]
    return [np.array(W.data if is_sparse(W) else W, float, order="C") for W in found]


def _change(before: list[Array], now: list[Array]) -> float:
    """Return how far weights have moved, over how large they are; 0 where they are all 0."""
    moved = _size([b - a for a, b in zip(before, now, strict=True)])
    size = max(_size(before), _size(now))
    return moved / size if size else 0.0


def _size(arrays: list[Array]) -> float:
    return float(np.sqrt(sum(np.square(a).sum() for a in arrays)))  # not BLAS: the same bits


def _error(wrong: list[Array] | None) -> dict[str, float]:
    """Return the root of the mean squared error, NaN of no rows; nothing without a target."""
    if wrong is None:
        return {}
    rows = np.concatenate(wrong)
    return {"error": float(np.sqrt((rows**2).mean())) if len(rows) else np.nan}
