"""What cannot be wired: refused when a graph is planned, with the edit that mends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nodegraph.errors import GraphError
from nodegraph.graph.node import Node
from nodegraph.graph.parameter_ports import parameters
from nodegraph.graph.rule import Rule

__all__ = ["check_loop", "check_parameter", "check_rule", "check_told"]


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
    node, wanted = nodes[target], _of(nodes[source])
    if port not in parameters(node):
        raise GraphError(f"{target} has no port {port!r}; it has {', '.join(node.ports)}")
    if wanted not in (None, target):
        raise GraphError(
            f"{source} gives out parameters of {wanted}, but is wired to {target}; write "
            f"{source} >> {wanted}[{port!r}], or of={target!r}"
        )


def check_told(nodes: Mapping[str, Node], edges: Iterable[tuple[str, str, str]]) -> None:
    """Refuse a node that gives out parameters of another (`of`) unless it is wired to them."""
    told = {name: of for name, node in nodes.items() if isinstance(of := _of(node), str)}
    heard: set[str] = set()
    for source, target, port in edges:
        if source in told and port in nodes[target].ports:
            raise GraphError(
                f"{source} gives out parameters of {told[source]}, but {target} takes it as a "
                f"signal, at its port {port}; {_to_its_params(nodes, source, told[source])}"
            )
        heard.add(source)
    for name, of in told.items():
        if of not in nodes:
            raise GraphError(f"{name}: of={of!r}, but the graph has {', '.join(nodes)}")
        if name not in heard:
            raise GraphError(
                f"{name}: of={of!r}, but no edge leads there; {_to_its_params(nodes, name, of)}"
            )


def _of(node: Node) -> str | None:
    return getattr(node, "of", None)


def _to_its_params(nodes: Mapping[str, Node], name: str, of: str) -> str:
    arrays = parameters(nodes[of]) if of in nodes else ()
    array = arrays[0] if arrays else "W_out"
    return f"write {name} >> {of}[{array!r}], or leave of={of!r} out"


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
