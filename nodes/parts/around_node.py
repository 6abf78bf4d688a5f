"""What nodes share that stand around another node, which says what arrives at them."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from operator import attrgetter
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from nodegraph.graph.registry import split_kind, written_kind
from nodegraph.node import Node

__all__ = ["AnyNode", "AroundNode", "hands_on"]


def _by_kind(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    fields = dict(value)
    cls, more = split_kind(fields.pop("kind", "nothing"))
    return cls(**more, **fields)


def _to_kind(node: Node) -> dict[str, Any]:
    return written_kind(node, node.as_given())


AnyNode = Annotated[Node, BeforeValidator(_by_kind), PlainSerializer(_to_kind)]


def hands_on(kind: type[Node], *names: str) -> None:
    """Let the node inside answer for its ports, and for attributes of these dotted names."""
    kind.hears_noise = True
    for name in names:
        setattr(kind, name.split(".")[-1], property(attrgetter(name)))


class AroundNode(Node, ABC):
    """A node around another, whose ports, and what may arrive there, are those of the whole.

    Parameters
    ----------
    node : node
        The node inside; in YAML ``{kind: Reservoir, units: 500}``.
    """

    limits = property(attrgetter("node.limits"))

    node: AnyNode

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:
        """Leave it to the node inside which ports there are, and what arrives at them."""
        super().__pydantic_init_subclass__(**more)
        hands_on(cls, "node.step_ports", "node.gaps", "node.smooth", "node.double")
        cls.takes = property(_takes)  # type: ignore[assignment]

    def asked(self, method: str, told: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a method of the node inside asks for."""
        return {name: told[name] for name in told if name in self.node.takes[method]}


def _takes(around: AroundNode) -> dict[str, frozenset[str]]:
    """Return what methods are told: the widths of all ports, so that they can be looked at."""
    inside = around.node.takes
    return inside | {"init": inside["init"] | {*around.node.step_ports}}
