"""Params of nodes as ports, and what cannot be wired to them: refused when a graph is planned."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, ClassVar, cast

from nodegraph.arrays import is_sparse
from nodegraph.errors import FieldError, GraphError
from nodegraph.graph.node import Node

__all__ = ["check_parameter", "check_told", "driven", "parameters"]


def parameters(node: Node) -> tuple[str, ...]:
    """Return the names of the arrays that a node holds, as far as its class tells."""
    fields: tuple[str, ...] = getattr(getattr(type(node), "Params", None), "_fields", ())
    return tuple(name for name in fields if name not in node.ports)


def driven(node: Node, ports: Iterable[str], name: str) -> Node:
    """Return a node like `node` whose arrays called `ports` arrive at ports of these names.

    What arrives is the array row by row, at every step. A supervised rule is off: the node is told
    what else it would learn.

    Raises
    ------
    GraphError
        If another rule of the node changes one of these arrays, or reads what the node holds.
    """
    ports = tuple(sorted(ports))
    rule = node.learner
    if rule is not None and not rule.supervised and (lost := {*rule.moving} & {*ports}):
        array = min(lost)
        raise GraphError(
            f"{name}: {type(rule).__name__} changes {array}, and {array} arrives by an edge too; "
            f"leave out the rule, or the edge to {name}[{array!r}]"
        )
    twin = _twin(node, ports)
    if rule is not None and (why := rule.refusal(twin)):
        raise GraphError(f"{name}: {why}")
    return twin


def _twin(node: Node, ports: tuple[str, ...]) -> Node:
    twin = _kind(type(node), ports)(**_given(node))
    twin._drawn_as = node._drawn_as
    return twin


def _given(node: Node) -> dict[str, Any]:
    """Return the fields that were given, as they are: a rule need not be known by its name."""
    fields = type(node).model_fields
    return {fields[name].alias or name: getattr(node, name) for name in node.model_fields_set}


@cache
def _kind(kind: type[Node], ports: tuple[str, ...]) -> type[Node]:
    """Return a class like `kind` with these arrays as ports."""

    def init(self: Any, rng: Any, n_in: int, n_out: int, **widths: int) -> Any:
        own = {port: n for port, n in widths.items() if port not in ports}
        params = kind.init(self, rng, n_in, n_out, **own)
        for port in ports:
            _check_width(port, getattr(params, port), widths.get(port, 0))
        return params

    def step(self: Any, params: Any, state: Any, x: Any, **signals: Any) -> tuple[Any, Any]:
        arrays = {port: signals.pop(port) for port in ports}
        shaped = {port: a.reshape(getattr(params, port).shape) for port, a in arrays.items()}
        return kind.step(self, params._replace(**shaped), state, x, **signals)

    def learner(self: Any) -> Any:
        rule = cast("Any", kind.learner).func(self)
        return None if rule is not None and rule.supervised else rule

    def ready(self: Any) -> bool:
        return self.learner is None or bool(cast("Any", kind.ready).fget(self))

    def reduced(self: Any) -> Any:
        return _twin, (kind(**_given(self)), ports)

    for function, original in ((init, kind.init), (step, kind.step)):
        function.__doc__ = original.__doc__
        cast("Any", function).__signature__ = _with(original, ports)
    members: dict[str, Any] = {"__module__": __name__, "__doc__": kind.__doc__, "arriving": ports}
    members["__annotations__"] = {"arriving": ClassVar[tuple[str, ...]]}
    members |= {"init": init, "step": step, "__reduce__": reduced}
    members |= {"learner": property(learner), "ready": property(ready)}
    made: type[Node] = cast("Any", type(kind))(kind.__name__, (kind,), members)
    made.step_ports = (*kind.step_ports, *ports)
    return made


def _with(function: Any, ports: tuple[str, ...]) -> inspect.Signature:
    signature = inspect.signature(function)
    more = [inspect.Parameter(port, inspect.Parameter.KEYWORD_ONLY, default=None) for port in ports]
    kept = [p for p in signature.parameters.values() if p.name not in ports]
    ordered = sorted([*kept, *more], key=lambda p: p.kind)  # what takes all others comes last
    return signature.replace(parameters=ordered)


def _check_width(port: str, array: Any, width: int) -> None:
    if is_sparse(array):
        raise FieldError(
            f"{port} is sparse, so no edge can bring it; write connectivity=1.0 for all of it"
        )
    if array.size != width:
        shape = " x ".join(map(str, array.shape))
        raise FieldError(
            f"{width} signals arrive at the port {port}, which takes {shape} = {array.size} "
            "numbers, row by row"
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
