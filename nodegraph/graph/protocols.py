"""What few nodes and rules do beyond the common: whoever has the methods is asked for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import dropwhile
from typing import Any, NamedTuple

from nodegraph.arrays import Array, layout, leaves
from nodegraph.graph.lesson import Lesson

__all__ = [
    "Absorbs",
    "Blockwise",
    "ByMethods",
    "Deals",
    "Differentiable",
    "Gathers",
    "Joint",
    "LooksBack",
    "Measured",
    "Momentary",
    "Passes",
    "PassesApart",
    "Room",
    "Seamless",
    "SecondLook",
    "Trailing",
    "Uncertain",
    "Wary",
    "Weighed",
    "Windowed",
    "begun_like",
    "keeps_intervals",
    "next_look",
]


class ByMethods:
    """Classes with all its methods are its subclasses; each is looked at once."""

    @classmethod
    def __subclasshook__(cls, other: type) -> bool:
        return all(hasattr(other, name) for name in vars(cls) if not name.startswith("_"))


class Blockwise(ByMethods, ABC):
    """A node that runs on blocks of rows, for what it calls takes them at once.

    A scikit-learn estimator's `predict` is such a thing: it cannot be traced, and a call for each
    row takes hundreds of times as long. `step` stays the meaning.
    """

    @abstractmethod
    def run_block(self, params: Any, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        """Return ``(state, ys)`` after ``len(xs)`` steps."""


class Silent(ByMethods, ABC):
    """A node without a state that knows when it says nothing yet, as a readout before it learns."""

    @abstractmethod
    def silence(self, params: Any, n_steps: int) -> Array | None:
        """Return the outputs of so many steps if they are zeros whatever is read, else None."""


class Differentiable(ByMethods, ABC):
    """A node that says how its step moves along directions, faster than it can be found out."""

    @abstractmethod
    def tangent(
        self, params: Any, state: Any, inputs: Any, d_state: Any, d_inputs: Any
    ) -> tuple[Any, Array]:
        """Return ``(d_state, dy)`` one step later, for k directions at once.

        `inputs` are the rows by port, (n,) each; `d_state` and `d_inputs` are like `state` and
        `inputs` with an axis of k behind the others, and so is what is returned.
        """


class Uncertain(ByMethods, ABC):
    """A readout that knows how far it may be off."""

    @abstractmethod
    def bounds(self, params: Any, xs: Array, ys: Array) -> Array:
        """Return the quantiles of the target at each row, (n_steps, n_out, n_levels).

        Its field `intervals` has the levels; `xs` and `ys` are what it heard and gave out.
        """


def keeps_intervals(node: Any) -> bool:
    """Tell whether a node is a readout that learns intervals beside its weights."""
    return isinstance(node, Uncertain) and bool(getattr(node, "intervals", None))


class Measured(ByMethods, ABC):
    """A rule with numbers of its own for learning curves."""

    @abstractmethod
    def measure(self, params: Any, memory: Any) -> dict[str, float]:
        """Return what else is worth a learning curve, such as the rule's own error or goodness.

        It is asked for in watched learning only; how far weights moved is measured for all, and the
        error of what was predicted before each update for all that have a target as data.
        """


class Windowed(ByMethods, ABC):
    """A rule that looks back and ahead, and so learns nothing from a series that is too short."""

    @abstractmethod
    def shortest(self, node: Any) -> int:
        """Return how many steps a series must have for `node` to learn from it in `fit`."""


class Trailing(ByMethods, ABC):
    """An online rule that learns from steps later than it sees them, such as window by window."""

    @abstractmethod
    def catch_up(self, params: Any, memory: Any) -> tuple[Any, Any]:
        """Return ``(params, memory)`` after what still waits; `fit` asks for it before `finish`."""


class Momentary(ByMethods, ABC):
    """An online rule that remembers what came last, such as traces: none of another stream."""

    @abstractmethod
    def restart(self, memory: Any) -> Any:
        """Return the memory before the first step of a series, or behind `Model.reset`."""


class Gathers(ByMethods, ABC):
    """An offline rule that gathers a chunk without a copy of its memory."""

    @abstractmethod
    def gather(self, params: Any, memory: Any, lesson: Lesson, ys: Array) -> tuple[Any, Any]:
        """Return what `update` does for ``lesson.rows`` of a chunk.

        The memory's arrays are the learner's own: they may be changed in place.
        """


class LooksBack(ByMethods, ABC):
    """A rule that gathers chunks without a row to learn from as well, for later ones look back."""

    @property
    @abstractmethod
    def looks_back(self) -> bool:
        """Whether it does so."""


class Room(NamedTuple):
    """What learning takes: bytes, and products of numbers."""

    sums: int  # bytes of what is gathered
    waiting: int  # bytes of rows of one series that wait to be gathered
    adding: int  # bytes beside it while rows are added
    solving: int  # bytes beside it while a learner concludes
    row: float  # multiplications and additions for a row; those in float32 count half
    end: float  # the same while a learner concludes


class Wary(ByMethods, ABC):
    """A rule that can tell from rows of the input that little will be learned from them."""

    @abstractmethod
    def doubts(self, x: Array) -> list[str]:
        """Return sentences, with the cure, on what looks wrong with rows ``(n_steps, n_in)``."""


class Weighed(ByMethods, ABC):
    """An offline rule that knows beforehand how much room and work learning takes."""

    @abstractmethod
    def room(self, n_in: int, n_out: int, n_rows: int, itemsize: int) -> Room:
        """Return what a learner of these widths needs for so many rows, of numbers of this size."""


class Passes(ByMethods, ABC):
    """An offline rule that may go through the data more than once."""

    @abstractmethod
    def after_pass(self, memory: Any) -> tuple[Any, bool]:
        """Return the memory after a pass over all data, and whether another one is needed."""

    @abstractmethod
    def merges(self, params: Any) -> bool:
        """Tell whether a node with these params can learn from series apart, to be merged."""


class PassesApart(ByMethods, ABC):
    """A rule of several passes whose parts, each gathered apart, are merged in every pass."""

    @abstractmethod
    def without_rows(self, memory: Any) -> Any:
        """Return the memory of the same pass before its first row."""


class SecondLook(ByMethods, ABC):
    """An offline rule that learns better by a second look, where rows can be read again."""

    @abstractmethod
    def memories(self, params: Any) -> Iterable[Any]:
        """Return or yield the empty memories of one pass after the other.

        Each has NamedTuples of other fields, or other truth values, than the others. Where rows
        can be read only once, learning starts with `begin`.
        """

    @abstractmethod
    def is_unsure(self, memory: Any) -> bool:
        """Tell, after a pass, whether the next look is worth it, if there is one."""


class Absorbs(ByMethods, ABC):
    """An offline rule that merges without a copy of what it has gathered so far."""

    @abstractmethod
    def absorb(self, one: Any, other: Any) -> Any:
        """Return what `merge` does but for rounding; both may be changed in place."""


class Seamless(ByMethods, ABC):
    """A rule that keeps rows in the pieces they came in, and can join them."""

    @abstractmethod
    def seamless(self, memory: Any) -> Any:
        """Return the memory as it is saved: the same, whatever chunks it was gathered from."""


class Chooses(ByMethods, ABC):
    """An offline rule that chooses among settings, and can conclude by each from one memory."""

    @abstractmethod
    def choices(self) -> Sequence[Any]:
        """Return the rule with each of the settings alone; itself if there is nothing to choose."""


class Deals(ByMethods, ABC):
    """An offline rule that can deal independent series out in turn, as parts that are left out."""

    @property
    @abstractmethod
    def deals(self) -> bool:
        """Whether it does so.

        ``lesson.number`` then numbers them class by class, in an order that is that of the series
        themselves, not of their arrival; None where there is one series only.
        """


class Joint(ByMethods, ABC):
    """An offline rule whose learners of the same input learn as one, of all targets."""

    @property
    @abstractmethod
    def team(self) -> Any:
        """What learners must have in common to learn as one; None: they do not."""

    @abstractmethod
    def join(self, params: Sequence[Any]) -> Any:
        """Return the params of a learner of all targets side by side."""

    @abstractmethod
    def split(self, memory: Any, widths: Sequence[int]) -> list[Any]:
        """Return the memory of each of several learners whose targets stood side by side."""

    @abstractmethod
    def conclude_team(self, params: Sequence[Any], memory: Any) -> list[tuple[Any, dict[str, Any]]]:
        """Return what `finish` does for each learner, and what is worth knowing of it."""


def begun_like(rule: Any, params: Any, memory: Any) -> Any:
    """Return the empty memory of the pass that `memory` is of."""
    if memory is not None and isinstance(rule, PassesApart):
        return rule.without_rows(memory)
    if memory is None or not isinstance(rule, SecondLook):
        return rule.begin(params)
    for look in _from(rule, params, memory):
        return look
    return next(iter(rule.memories(params)))


def next_look(rule: Any, params: Any, memory: Any) -> Any:
    """Return the empty memory of the pass behind the one that `memory` is of; None: the last."""
    looks = _from(rule, params, memory)
    next(looks, None)
    return next(looks, None)


def _from(rule: Any, params: Any, memory: Any) -> Iterator[Any]:
    """Return the empty memories of passes from the one that `memory` is of; each is made late."""
    mould = _mould(memory)
    return dropwhile(lambda look: _mould(look) != mould, iter(rule.memories(params)))


def _mould(memory: Any) -> Any:
    return layout(memory), {leaf for _, leaf in leaves(memory) if isinstance(leaf, bool)}
