"""The field `wiring` of a node: a wiring, its word and fields as YAML has them, or a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer

from nodegraph.arrays import is_sparse
from nodegraph.graph.messages import shown
from nodes.wirings.alone import Alone
from nodes.wirings.full import Full
from nodes.wirings.given import Given, from_graph
from nodes.wirings.policy import AutoPolicy, Policy
from nodes.wirings.wiring import Wiring

__all__ = ["KINDS", "AnyWiring"]

KINDS: Final[dict[str, type[Wiring]]] = {
    kind.label: kind for kind in (Policy, AutoPolicy, Full, Alone, Given)
}


def _to_wiring(value: Any) -> Any:
    if hasattr(value, "is_directed") and hasattr(value, "nodes"):
        return from_graph(value)
    if isinstance(value, Wiring):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(
            "should be a wiring, such as auto_ncp(32, output_size=4), or a networkx graph "
            f"(got {shown(value)})"
        )
    fields = dict(value)
    kind = fields.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(
            f"a wiring needs a kind of {', '.join(KINDS)}, such as {{kind: auto_ncp, units: 32, "
            f"output_size: 4}} (got {shown(kind)})"
        )
    return KINDS[kind](**fields)


def _to_kind(wiring: Wiring | None) -> Any:
    if wiring is None:
        return None
    return {"kind": wiring.label} | {n: _plain(v) for n, v in wiring.as_given().items()}


def _plain(value: Any) -> Any:
    """Return rows of numbers for an array."""
    value = value.toarray() if is_sparse(value) else value
    return value.tolist() if hasattr(value, "tolist") else value


AnyWiring = Annotated[Wiring, BeforeValidator(_to_wiring), PlainSerializer(_to_kind)]
