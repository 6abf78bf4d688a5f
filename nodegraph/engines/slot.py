"""What an engine works on: all the arrays of one node, and the chunks of data that come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array

if TYPE_CHECKING:
    from nodegraph.engines.compiled.courses import Course
    from nodegraph.engines.prepared import Prepared
    from nodegraph.graph.node import Node
    from nodegraph.graph.rule import Rule

__all__ = ["LET_GO", "NOT_SAVED", "OTHER_LAYOUT", "Answer", "Slot", "widths"]


NOT_SAVED = "was not saved"
LET_GO = "was let go, since readouts learned one by one"
OTHER_LAYOUT = "was saved by another version, whose rule remembers other things, and is left out"


class _Kept:
    """What is known of a slot's node and rule; copies of the slot share it, files do not."""

    def __init__(self) -> None:
        self.last: tuple[Any, Prepared] | None = None  # what was prepared for the params
        self.course: Course | None = None  # what learns by a rule
        self.ran = self.learned = False  # whether what they return has been looked at
        self.start: Any = None  # the state that each series begins with
        self.noisy: bool | None = None  # whether the node draws noise; None: not asked yet

    def __deepcopy__(self, memo: Any) -> _Kept:
        return _Kept()

    def __reduce__(self) -> Any:
        return _Kept, ()


@dataclass
class Slot:
    """All the arrays of one node.

    Parameters
    ----------
    params, state
        What the node made in `init` and `start`.
    past : ndarray, shape (depth, n_out)
        Its last outputs, oldest first; zeros before the start.
    memory
        What its rule remembers; None before it has learned.
    taught : ndarray, shape (depth, n_out), optional
        The last values of its teacher.
    noise : Generator, optional
        Where its noise is drawn from.
    answer : Answer, optional
        What its rule concludes from the memory, where that was worked out elsewhere.
    given : dict
        Those of the params that were given from outside: an online rule begins anew from them.
    fitted : bool
        Whether it has learned.
    lost : str
        Why its rule cannot learn more, though there are weights: what became of what it learned
        from. Empty if it can.
    ports : dict of int
        Width of what arrives at each port.
    """

    params: Any
    state: Any
    past: Array
    memory: Any = None
    taught: Array | None = None
    noise: np.random.Generator | None = None
    answer: Answer | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    fitted: bool = False
    lost: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    kept: _Kept = field(default_factory=_Kept, repr=False, compare=False)

    def prepared(self, node: Node) -> Prepared:
        """Return `node` with the params, which nobody may change in place from now on."""
        last = self.kept.last
        if last is None or last[0] is not self.params or last[1].node is not node:
            from nodegraph.engines.compiled.traced_steps import prepared

            last = self.kept.last = self.params, prepared(node, self.params)
        return last[1]

    def course(self, rule: Rule, node: Node) -> Course:
        """Return `rule` as it teaches `node`; it is good for more than one chunk."""
        last = self.kept.course
        if last is None or last.rule is not rule or last.node is not node:
            from nodegraph.engines.compiled.traced_updates import course

            last = self.kept.course = course(rule, node)
        return last

    def copy(self) -> Slot:
        """Return a slot with the same arrays."""
        twin = Slot.__new__(Slot)
        twin.__dict__.update(self.__dict__)
        return twin

    def without_memory(self, why: str) -> Slot:
        """Return a slot of a node that has learned and cannot learn more."""
        twin = self.copy()
        twin.memory, twin.lost = None, why
        return twin

    def rewound(self) -> Slot:
        """Return a slot that stands where it is, but whose outputs come from the start on."""
        twin = self.copy()
        twin.past = np.zeros(self.past.shape, self.past.dtype)
        return twin

    def started(self, state: Any, noise: np.random.Generator | None) -> Slot:
        """Return a slot with the same params at the start of another series."""
        twin, zeros = self.copy(), np.zeros(self.past.shape, self.past.dtype)
        twin.state, twin.past, twin.taught, twin.noise = state, zeros, zeros, noise
        return twin


class Answer(NamedTuple):
    """What `conclude` gave, and the warnings that came with it."""

    params: Any
    facts: dict[str, Any]
    warnings: tuple[Warning, ...]


def widths(slots: Mapping[str, Slot]) -> dict[str, int]:
    """Return the number of outputs of each node."""
    return {name: slot.past.shape[1] for name, slot in slots.items()}
