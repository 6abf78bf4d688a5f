"""What a local learning rule is: how one node's params change, from what that node alone sees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import BeforeValidator, PlainSerializer

from nodegraph.arrays import Array
from nodegraph.errors import GraphError
from nodegraph.fields import Described
from nodegraph.registry import split_kind, written_kind

if TYPE_CHECKING:
    from nodegraph.node import Node, StepCode

__all__ = ["AnyRule", "Learned", "Lesson", "Rule", "Seen"]


class Seen(NamedTuple):
    """All that a local rule may look at: there is no other door to the graph.

    An online rule sees one step, an offline rule a block of steps: each array then has a first
    axis n_steps, and `state` is None.
    """

    x: Any  # (n_in,) what came in
    y: Any  # (n_out,) what the node gave out
    state: Any = None  # the node's state after the step
    target: Any = None  # (n_out,) what was wanted; None if unsupervised
    ports: Mapping[str, Any] = {}  # what came in elsewhere: feedback, key, reward ...
    number: int | None = None  # of the independent series that this is of, if the rule deals them


class Lesson(NamedTuple):
    """A chunk of time in the life of one learning node."""

    inputs: dict[str, Array]  # by port, (n_steps, n); "noise" among them if it is on
    target: Array | None  # (n_steps, n_out)
    rows: Array  # (n_steps,) bool: the steps to learn from
    number: int | None = None  # of the independent series that this is of, if the rule deals them


class Learned(NamedTuple):
    """What `Rule.learn` leaves behind."""

    params: Any
    state: Any
    memory: Any
    ys: Array  # (n_steps, n_out): each row as it was before the update that it led to


class Rule(Described, ABC):
    """A local learning rule: `begin`, then `update` for each step seen, then `finish`.

    An online rule changes the params in `update`; an offline one only gathers there and
    changes them in `finish`. `update` is the meaning, `learn` is the speed: they must agree.
    """

    online: ClassVar[bool]
    supervised: ClassVar[bool]
    modifies: ClassVar[tuple[str, ...]]

    @property
    def moving(self) -> tuple[str, ...]:
        """Those of the params it `modifies` that it changes as its fields are."""
        return self.modifies

    @property
    def ports(self) -> tuple[str, ...]:
        """Names of inputs that its node has for this rule alone, such as a reward.

        The node itself never sees them; what arrives there while it learns is in ``seen.ports``.
        """
        return ()

    @property
    def needs(self) -> tuple[str, ...]:
        """Those of its ports without which there is nothing to learn from."""
        return self.ports

    def begin(self, params: Any) -> Any:
        """Return the empty memory of one course of learning."""
        return ()

    @abstractmethod
    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return ``(params, memory)`` after `seen`; the arguments are not modified."""

    def learn(self, node: Node, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Let `node` live through a chunk and learn from ``lesson.rows`` of it.

        The arrays of `params` and `memory` are the learner's own: they may be changed in place.
        """
        if self.online:
            return self._learn_by_step(node, params, state, memory, lesson)
        ports = {p: rows for p, rows in lesson.inputs.items() if p not in self.ports}
        state, ys = node.run(params, state, ports.pop("x"), **ports)
        if lesson.rows.any():
            params, memory = self.update(params, memory, _gather(lesson, ys))
        return Learned(params, state, memory, ys)

    def _learn_by_step(
        self, node: Node, params: Any, state: Any, memory: Any, lesson: Lesson
    ) -> Learned:
        ys, own = [], self.ports
        for t, learning in enumerate(lesson.rows):
            inputs = {port: rows[t] for port, rows in lesson.inputs.items()}
            x = inputs.pop("x")
            heard = {port: row for port, row in inputs.items() if port not in own}
            state, y = node.step(params, state, x, **heard)
            ys.append(y)
            if learning:
                target = None if lesson.target is None else lesson.target[t]
                seen = Seen(x, y, state, target, inputs, lesson.number)
                params, memory = self.update(params, memory, seen)
        return Learned(params, state, memory, np.stack(ys))

    def step_code(
        self,
        node: Node,
        params: Any,
        state: Any,
        memory: Any,
        dtype: np.dtype[Any],
        widths: Mapping[str, int],
    ) -> StepCode | None:
        """Return one step of `learn` as compiled code for loops, or None if there is none.

        It changes the arrays of `params` and `memory` in place, and must leave the same bits as
        `learn`. Its ``io`` has the address of the target at the end: NaN where nothing is to be
        learned.
        """
        return None

    def merge(self, one: Any, other: Any) -> Any:
        """Return the memory of two courses of learning seen apart, first `one`, then `other`.

        A rule that does not override this learns from all series one after the other.
        """
        raise GraphError(f"{type(self).__name__} cannot join what was learned apart")

    def finish(self, params: Any, memory: Any) -> Any:
        """Return the params after the course; `memory` stays good for more of it."""
        return params

    def conclude(self, params: Any, memory: Any) -> tuple[Any, dict[str, Any]]:
        """Return what `finish` returns and what is worth knowing of it, such as the solver."""
        return self.finish(params, memory), {}

    def measure(self, params: Any, memory: Any) -> dict[str, float]:
        """Return what else is worth a learning curve, such as the rule's own error or goodness.

        It is asked for in watched learning only; how far weights moved is measured for all, and the
        error of what was predicted before each update for all that have a target as data.
        """
        return {}

    def merges(self, params: Any) -> bool:
        """Tell whether a node with these params can learn from series apart, to be merged."""
        return type(self).merge is not Rule.merge

    @property
    def deals(self) -> bool:
        """Whether it deals independent series out in turn, as parts that are left out.

        ``lesson.number`` then numbers them class by class, in an order that is that of the series
        themselves, not of their arrival; None where there is one series only.
        """
        return False

    def shortest(self, node: Node) -> int:
        """Return how many steps a series must have for `node` to learn from it in `fit`."""
        return 1

    def after_pass(self, memory: Any) -> tuple[Any, bool]:
        """Return the memory after a pass over all data, and whether another one is needed."""
        return memory, False

    @property
    def team(self) -> Any:
        """What learners of the same input must have in common to learn as one; None: they do not.

        A rule that says so has `join`, `split` and `conclude_team`, and learns from rows of any
        number of targets.
        """
        return None

    def join(self, params: Sequence[Any]) -> Any:
        """Return the params of a learner of all targets side by side."""
        raise GraphError(f"{type(self).__name__} learns alone")

    def split(self, memory: Any, widths: Sequence[int]) -> list[Any]:
        """Return the memory of each of several learners whose targets stood side by side."""
        raise GraphError(f"{type(self).__name__} learns alone")

    def conclude_team(self, params: Sequence[Any], memory: Any) -> list[tuple[Any, dict[str, Any]]]:
        """Return what `conclude` does, for each learner of the targets side by side."""
        (alone,) = params
        return [self.conclude(alone, memory)]

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        fields = getattr(getattr(node, "Params", None), "_fields", ())
        missing = [name for name in self.modifies if name not in fields]
        if not missing:
            return None
        return (
            f"{type(self).__name__} changes {', '.join(missing)}, which {type(node).__name__} "
            f"does not have (it has {', '.join(fields) or 'no params'})"
        )


def _gather(lesson: Lesson, ys: Array) -> Seen:
    """Return the rows to learn from, without a copy when it is all of them."""

    def pick(rows: Array) -> Array:
        return rows if lesson.rows.all() else rows[lesson.rows]

    ports = {port: pick(rows) for port, rows in lesson.inputs.items()}
    target = None if lesson.target is None else pick(lesson.target)
    return Seen(ports.pop("x"), pick(ys), None, target, ports, lesson.number)


def _by_kind(value: Any) -> Any:
    if isinstance(value, type) and issubclass(value, Rule):
        raise ValueError(f"is the class itself; write {value.__name__}(), with its fields in ()")
    if isinstance(value, str):
        raise ValueError(f"should be a rule: {{kind: {value}}} in YAML, {value}() in Python")
    if not isinstance(value, Mapping):
        return value
    fields = dict(value)
    if "kind" not in fields:
        raise ValueError("a rule needs a kind, such as {kind: Oja, rate: 0.001}")
    cls, own = split_kind(fields.pop("kind"))
    if not issubclass(cls, Rule):
        raise ValueError(f"{cls.__name__} is not a rule")
    return cls(**own, **fields)


def _to_kind(rule: Rule | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    return written_kind(rule, rule.as_given())


AnyRule = Annotated[Rule, BeforeValidator(_by_kind), PlainSerializer(_to_kind)]
