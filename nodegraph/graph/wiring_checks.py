"""What cannot be wired: refused when a graph is planned, with the edit that mends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nodegraph.errors import GraphError
from nodegraph.graph.node import Node
from nodegraph.graph.parameter_ports import parameters
from nodegraph.graph.rule import Rule

__all__ = ["check_loop", "check_parameter", "check_rule"]


def check_loop(nodes: Mapping[str, Node], names: Iterable[str]) -> None:
    """Refuse a node that reads a series from its end in a loop, which goes on from the start."""
    for name in names:
        if nodes[name].from_end:
            raise GraphError(
                f"{name} reads a series from its end and cannot be in a feedback loop "
                f"({', '.join(names)}), which goes on from the start; lead the feedback past it"
            )


def check_parameter(nodes: Mapping[str, Node], source: str, target: str, port: str) -> None:
    """Refuse a port that is neither a node's own nor one of its params, or is of another node."""
    node, wanted = nodes[target], getattr(nodes[source], "of", None)
    if port not in parameters(node):
        raise GraphError(f"{target} has no port {port!r}; it has {', '.join(node.ports)}")
    if wanted not in (None, target):
        raise GraphError(
            f"{source} gives out parameters of {wanted}, but is wired to {target}; write "
            f"{source} >> {wanted}[{port!r}], or of={target!r}"
        )


def check_rule(rule: Rule, node: Node, name: str, wired: Mapping[str, Any]) -> None:
    """Refuse a rule that cannot teach its node, or hears nothing at a port that it needs."""
    if why := rule.refusal(node):
        raise GraphError(f"{name}: {why}")
    for port in rule.needs:
        if port not in wired:
            raise GraphError(
                f"{name}: {type(rule).__name__} learns from what arrives at the port {port}, but "
                f'nothing is wired there; write Input(name="{port}") >> {name}["{port}"], or wire '
                "another node to it"
            )
