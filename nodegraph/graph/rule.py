"""What a local learning rule is: how one node's params change, from what that node alone sees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, NamedTuple, get_args

from pydantic import BeforeValidator, PlainSerializer, model_validator
from pydantic.fields import FieldInfo

from nodegraph.arrays import Array
from nodegraph.errors import GraphError
from nodegraph.graph.described import Described
from nodegraph.graph.lesson import Lesson
from nodegraph.graph.protocols import Joint, Passes, Windowed
from nodegraph.graph.registry import split_kind, written_kind
from nodegraph.graph.signatures import refuse_halves, refuse_hooks

__all__ = [
    "AnyRule",
    "Rule",
    "Seen",
    "block_of",
    "conclude",
    "merges",
    "shortest",
    "write_rules_by_kind",
]


class Seen(NamedTuple):
    """All that a local rule may look at: there is no other door to the graph.

    An online rule sees one step, an offline rule a block of steps: each array then has a first
    axis n_steps, and `state` and `before` are None.
    """

    x: Any  # (n_in,) what came in
    y: Any  # (n_out,) what the node gave out
    state: Any = None  # the node's state after the step
    target: Any = None  # (n_out,) what was wanted; None if unsupervised
    ports: Mapping[str, Any] = {}  # what came in elsewhere: feedback, key, reward ...
    number: int | None = None  # of the independent series that this is of, if the rule deals them
    before: Any = None  # the node's state before the step


def block_of(lesson: Lesson, ys: Array) -> Seen:
    """Return the rows to learn from, without a copy when it is all of them."""

    def pick(rows: Array) -> Array:
        return rows if lesson.rows.all() else rows[lesson.rows]

    ports = {port: pick(rows) for port, rows in lesson.inputs.items()}
    target = None if lesson.target is None else pick(lesson.target)
    return Seen(ports.pop("x"), pick(ys), None, target, ports, lesson.number)


_SAID = {
    "online": "True, or False if update only gathers and finish learns",
    "supervised": "True if it learns from seen.target, else False",
    "modifies": '("W",), the fields of params that it changes',
}


_COMPILED = "leave it out, for update is compiled with the node's step"
_GONE = {
    **dict.fromkeys(("learn", "course", "step_code"), _COMPILED),
    "conclude": "write finish, or all of nodegraph.graph.protocols.Joint for facts beside it",
}


class Rule(Described, ABC):
    """A local learning rule: `begin`, then `update` for each step seen, then `finish`.

    An online rule changes the params in `update`; an offline one only gathers there and
    changes them in `finish`. An `update` in numpy and the words of `nodegraph.maths` is traced and
    compiled together with the node's `step`, to the same bits. What few rules do beyond this is in
    `nodegraph.graph.protocols`.
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
        refuse_halves(cls)
        write_rules_by_kind(cls)

    @model_validator(mode="after")
    def _says_how_it_learns(self) -> Rule:
        for name, example in _SAID.items():
            if not hasattr(self, name):
                raise ValueError(
                    f"{type(self).__name__} does not say {name}; write in the class: "
                    f"{name}: ClassVar = {example}"
                )
        if not self.online and type(self).finish is Rule.finish and not isinstance(self, Joint):
            raise ValueError(
                f"{type(self).__name__} is offline and has no finish, so nothing comes of what "
                "update gathers; write finish(self, params, memory), which returns the params that "
                "were learned, or online: ClassVar = True if update changes them step by step"
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
    def single(self) -> tuple[str, ...]:
        """Those of its ports that take one signal."""
        return ()

    @property
    def needs(self) -> tuple[str, ...]:
        """Those of its ports without which there is nothing to learn from."""
        return self.ports

    @property
    def late(self) -> tuple[str, ...]:
        """Those of its ports that tell of steps before; rows of which there was none are NaN."""
        return ()

    @property
    def sees_gaps(self) -> bool:
        """Whether an online rule also sees steps without a target, which is NaN there."""
        return False

    def of(self, node: Any) -> Rule:
        """Return this rule as it teaches `node`: one that needs to know what the node is.

        What it returns may look at a copy of the node's description, never at its arrays.
        """
        return self

    def begin(self, params: Any) -> Any:
        """Return the empty memory of one course of learning."""
        return ()

    @abstractmethod
    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return ``(params, memory)`` after `seen`; the arguments are not modified."""

    def merge(self, one: Any, other: Any) -> Any:
        """Return the memory of two courses of learning seen apart, first `one`, then `other`.

        A rule that does not override this learns from all series one after the other.
        """
        raise GraphError(f"{type(self).__name__} cannot join what was learned apart")

    def finish(self, params: Any, memory: Any) -> Any:
        """Return the params after the course; `memory` stays good for more of it."""
        return params

    def refusal(self, node: Any) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        fields = getattr(getattr(node, "Params", None), "_fields", ())
        missing = [name for name in self.modifies if name not in fields]
        if not missing:
            return None
        there = ", ".join(fields) or (
            "no class Params inside, a NamedTuple of its arrays; write it there, or "
            "Params: ClassVar[type] = YourParams"
        )
        return (
            f"{type(self).__name__} changes {', '.join(missing)}, which {type(node).__name__} "
            f"does not have (it has {there})"
        )


def merges(rule: Rule, params: Any) -> bool:
    """Tell whether a node with these params can learn from series apart, to be merged."""
    if isinstance(rule, Passes):
        return rule.merges(params)
    return type(rule).merge is not Rule.merge


def shortest(rule: Rule, node: Any) -> int:
    """Return how many steps a series must have for `node` to learn from it by `rule`."""
    ticks = rule.shortest(node) if isinstance(rule, Windowed) else 1
    return int(node.phase + (ticks - 1) * node.every + 1)


def conclude(rule: Rule, params: Sequence[Any], memory: Any) -> list[tuple[Any, dict[str, Any]]]:
    """Return the params of each learner after the course, and what is worth knowing of it."""
    if isinstance(rule, Joint):
        return rule.conclude_team(params, memory)
    (alone,) = params
    return [(rule.finish(alone, memory), {})]


def _by_kind(value: Any, own: Mapping[str, type[Rule]] = MappingProxyType({})) -> Any:
    if isinstance(value, type) and issubclass(value, Rule):
        raise ValueError(f"is the class itself; write {value.__name__}(), with its fields in ()")
    if isinstance(value, str):
        if value not in own:
            split_kind(value)  # refuses what is none, with the nearest
        raise ValueError(f"should be a rule: {{kind: {value}}} in YAML, {value}() in Python")
    if isinstance(value, list | tuple):
        raise ValueError(f"should be one rule: a node has one (got {len(value)})")
    if not isinstance(value, Mapping):
        return value
    fields = dict(value)
    if "kind" not in fields:
        raise ValueError("a rule needs a kind, such as {kind: Oja, rate: 0.001}")
    kind = fields.pop("kind")
    cls, more = (own[kind], {}) if kind in own else split_kind(kind)
    if not issubclass(cls, Rule):
        raise ValueError(f"{cls.__name__} is not a rule")
    return cls(**more, **fields)


def _to_kind(rule: Rule | None, own: Container[str] = ()) -> dict[str, Any] | None:
    if rule is None:
        return None
    return written_kind(rule, rule.as_given(), own)


AnyRule = Annotated[Rule, BeforeValidator(_by_kind), PlainSerializer(_to_kind)]


def write_rules_by_kind(cls: type[Described]) -> None:
    """Let fields that are annotated as a class of rules say which one they hold, as `AnyRule`."""
    plain = [field for field in cls.model_fields.values() if _is_plain_rule(field)]
    for field in plain:
        own = {kind.__name__: kind for kind in _rules_of(field)}
        field.metadata += [
            BeforeValidator(partial(_by_kind, own=own)),
            PlainSerializer(partial(_to_kind, own=own)),
        ]
    if plain:
        cls.model_rebuild(force=True)


def _is_plain_rule(field: FieldInfo) -> bool:
    return bool(_rules_of(field)) and not any(
        isinstance(each, BeforeValidator) for each in field.metadata
    )


def _rules_of(field: FieldInfo) -> list[type[Rule]]:
    """Return the classes of rules that a field is annotated as."""
    kinds = (field.annotation, *get_args(field.annotation))
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Rule)]
