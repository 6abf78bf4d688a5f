"""What a local learning rule is: how one node's params change, from what that node alone sees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, get_args

from pydantic import BeforeValidator, PlainSerializer, model_validator
from pydantic.fields import FieldInfo

from nodegraph.arrays import Array
from nodegraph.errors import GraphError
from nodegraph.graph.described import Described
from nodegraph.graph.lessons import Lesson, Seen, block_of
from nodegraph.graph.protocols import refuse_hooks
from nodegraph.graph.registry import split_kind, written_kind

if TYPE_CHECKING:
    from nodegraph.graph.node import Node

__all__ = ["AnyRule", "Lesson", "Rule", "Seen", "write_rules_by_kind"]


_SAID = {
    "online": "True, or False if update only gathers and finish learns",
    "supervised": "True if it learns from seen.target, else False",
    "modifies": '("W",), the fields of params that it changes',
}


_GONE = dict.fromkeys(
    ("learn", "course", "step_code"), "leave it out, for update is compiled with the node's step"
)


class Rule(Described, ABC):
    """A local learning rule: `begin`, then `update` for each step seen, then `finish`.

    An online rule changes the params in `update`; an offline one only gathers there and
    changes them in `finish`. An `update` in numpy and the words of `nodegraph.maths` is traced and
    compiled together with the node's `step`, to the same bits.
    """

    online: ClassVar[bool]
    supervised: ClassVar[bool]
    modifies: ClassVar[tuple[str, ...]]
    traced: ClassVar[bool] = True  # whether `update` is to be compiled; else it runs in Python

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Refuse what nobody would call."""
        super().__pydantic_init_subclass__()
        refuse_hooks(cls, _GONE)
        write_rules_by_kind(cls)

    @model_validator(mode="after")
    def _says_how_it_learns(self) -> Rule:
        for name, example in _SAID.items():
            if not hasattr(self, name):
                raise ValueError(
                    f"{type(self).__name__} does not say {name}; write in the class: "
                    f"{name}: ClassVar = {example}"
                )
        return self

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

    def gather(self, params: Any, memory: Any, lesson: Lesson, ys: Array) -> tuple[Any, Any]:
        """Return what an offline rule's `update` does for ``lesson.rows`` of a chunk.

        A rule that can do so without a copy of its memory overrides it: the memory's arrays are
        the learner's own.
        """
        return self.update(params, memory, block_of(lesson, ys))

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
        there = ", ".join(fields) or "no class Params inside, a NamedTuple of its arrays"
        return (
            f"{type(self).__name__} changes {', '.join(missing)}, which {type(node).__name__} "
            f"does not have (it has {there})"
        )


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


def write_rules_by_kind(cls: type[Described]) -> None:
    """Let fields that are annotated as a class of rules say which one they hold, as `AnyRule`."""
    plain = [field for field in cls.model_fields.values() if _is_plain_rule(field)]
    for field in plain:
        field.metadata += [BeforeValidator(_by_kind), PlainSerializer(_to_kind)]
    if plain:
        cls.model_rebuild(force=True)


def _is_plain_rule(field: FieldInfo) -> bool:
    kinds = (field.annotation, *get_args(field.annotation))
    told = any(isinstance(each, BeforeValidator) for each in field.metadata)
    return not told and any(isinstance(kind, type) and issubclass(kind, Rule) for kind in kinds)
