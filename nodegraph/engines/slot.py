"""What an engine works on: the arrays of one node, and its outputs in a chunk with their past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling.cache_lines import address
from nodegraph.compiling.drivers import products_summed
from nodegraph.compiling.ir import code_of
from nodegraph.compiling.machine_code import is_enabled
from nodegraph.errors import DivergenceError

if TYPE_CHECKING:
    from nodegraph.engines.compiled.courses import Course
    from nodegraph.engines.prepared import Prepared
    from nodegraph.graph.node import Node
    from nodegraph.graph.rule import Rule

__all__ = [
    "LET_GO",
    "NOT_SAVED",
    "OTHER_LAYOUT",
    "Answer",
    "DelayLine",
    "Slot",
    "are_bounded",
    "check_bounds",
    "filled",
    "widths",
]

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

    def can_run(self, node: Node) -> bool:
        """Tell whether the node has learned, if it must."""
        return self.fitted or node.ready

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

    def untaught(self) -> Slot:
        """Return a slot that stands where it is, but whose teacher comes from the start on."""
        twin = self.copy()
        twin.taught = np.zeros(self.past.shape, self.past.dtype)
        return twin

    def standing(self) -> Slot:
        """Return a slot that stands where it is, whatever is drawn from the noise later."""
        twin = self.copy()
        twin.noise = deepcopy(self.noise)
        return twin

    def back_at(self, place: Slot) -> Slot:
        """Return a slot with the same params that stands where `place` does."""
        twin = self.copy()
        twin.state, twin.past, twin.taught = place.state, place.past, place.taught
        twin.noise = place.noise
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


LARGEST = {8: 1e30, 4: 1e18}  # by bytes of a number: what is larger has left all bounds
MANY = 4096  # numbers from which on a sum of squares is faster than two looks


class DelayLine:
    """The outputs of one node during a chunk, with as much of the past as its readers look at."""

    def __init__(self, past: Array, ys: Array | None, lag: int, n_steps: int):
        self.past, self.depth, self.n_steps = past, lag, n_steps
        self.bounded = False  # whether somebody has seen that all of it is within bounds
        if ys is not None and not lag:
            self.buffer = ys
            return
        self.buffer = np.empty((lag + n_steps, past.shape[1]), past.dtype)
        self.buffer[:lag] = past[len(past) - lag :]
        if ys is not None:
            self.buffer[lag:] = ys

    def lie_in(self, buffer: Array, bounded: bool) -> None:
        """Take rows that were made elsewhere, with the past before them."""
        self.buffer, self.bounded = buffer, bounded

    def rows(self, start: int, stop: int) -> Array:
        return self.buffer[self.depth + start : self.depth + stop]

    def new_past(self) -> Array:
        missing = len(self.past) - self.n_steps
        recent = self.rows(max(0, -missing), self.n_steps)
        return np.concatenate([self.past[-missing:], recent]) if missing > 0 else recent.copy()


def filled(rows: Array, last: Array) -> Array:
    """Return `rows` with each NaN replaced by the last known value of its column."""
    gaps = np.isnan(rows)
    if not gaps.any():
        return rows
    known = np.concatenate([last[None], rows])
    steps = np.arange(len(known))[:, None]
    latest = np.maximum.accumulate(np.where(np.isnan(known), 0, steps), axis=0)
    filled: Array = np.take_along_axis(known, latest, axis=0)[1:]
    return filled


def are_bounded(ys: Array) -> bool:
    """Tell whether all outputs are within bounds, whatever the data."""
    most = LARGEST[ys.itemsize]
    if ys.size >= MANY and ys.dtype.kind == "f" and ys.flags.c_contiguous:
        at, summed = address(ys), _summed(ys.dtype)
        if summed is not None and summed(at, at, ys.size) < most**2:  # once over all
            return True
    return not ys.size or bool(ys.max() < most and -most < ys.min())  # NaN is neither


@cache
def _summed(dtype: np.dtype[Any]) -> Any:
    """Return what sums products of numbers of this type; None if nothing is compiled here."""
    return products_summed(code_of(dtype)) if is_enabled() else None


def check_bounds(
    name: str, ys: Array, last: Array, clock: int, given: Iterable[Array], remedy: str
) -> None:
    """Refuse outputs that are not finite, or beyond 1e30 (1e18 in float32), where sums are lost.

    Parameters
    ----------
    name : str
        Of the node.
    ys : ndarray, shape (n_steps, n_out)
    last : ndarray, shape (n_out,)
        The output of the step before them.
    clock : int
        Number of the first step.
    given : iterable of ndarray
        Data from outside; numbers larger than 1 among them raise the bound as many times.
    remedy : str
        What to do, see `nodegraph.Node.remedy`.

    Raises
    ------
    DivergenceError
        With the first step that is beyond it.
    """
    if are_bounded(ys):
        return
    most = LARGEST[ys.itemsize]
    largest = np.abs(ys).max(axis=1, initial=0.0)
    bound = most * max([1.0, *(float(np.nanmax(np.abs(a), initial=1.0)) for a in given)])
    within = largest.astype(float) < bound  # NaN is not
    if within.all():
        return
    row = int(np.argmin(within))
    before = np.abs(ys[row - 1] if row else last)
    size = float(before.max(initial=0.0)) or 1.0
    norm = size * float(np.linalg.norm(before / size))  # does not overflow on the way
    beyond = f", or as good as that: {largest[row]:.3g}" if np.isfinite(largest[row]) else ""
    raise DivergenceError(
        f"{name}: output is no longer finite at step {clock + row}{beyond} (norm one step before: "
        f"{norm:.3g}); {remedy}"
    )
