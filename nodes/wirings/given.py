"""Synapses that are said one by one: as signs, or as a networkx graph."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import PositiveInt, model_validator

from nodegraph.errors import FieldError
from nodegraph.fields import BySource
from nodegraph.graph.messages.phrases import nearest
from nodes.wirings.wiring import Signs, Wiring

__all__ = ["Given", "from_graph"]

POLARITIES = {"excitatory": 1.0, "inhibitory": -1.0, 1: 1.0, -1: -1.0}


class Given(Wiring):
    """Synapses as they are said.

    Parameters
    ----------
    recurrent : array (n, n)
        Signs of synapses among neurons, sources in rows; 0 where there is none.
    sensory : array (n_in, n)
        Signs of synapses from inputs.
    output_size : int, optional
        Motor neurons, the first ones; all if left out.
    """

    label: ClassVar[str] = "given"

    recurrent: BySource
    sensory: BySource
    output_size: PositiveInt | None = None

    @model_validator(mode="after")
    def _shapes_agree(self) -> Given:
        n = self.recurrent.shape[0]
        if self.recurrent.shape != (n, n) or self.sensory.shape[1] != n:
            raise ValueError(
                "recurrent and sensory should be (n, n) and (n_in, n), sources in rows, got "
                f"{self.recurrent.shape} and {self.sensory.shape}"
            )
        if self.outputs > n:
            raise ValueError(f"output_size: should be at most {n}, got {self.outputs}")
        return self

    @property
    def neurons(self) -> int:
        """The number of neurons."""
        return int(self.recurrent.shape[0])

    @property
    def outputs(self) -> int:
        """The number of motor neurons."""
        return self.output_size or self.neurons

    def drawn(self, n_in: int) -> Signs:
        """Return the signs of all synapses."""
        if (expected := self.sensory.shape[0]) != n_in:
            raise FieldError(
                f"wiring: it has {expected} inputs, but {n_in} signals arrive; wire "
                f"{expected} of them, or give a wiring with {n_in}"
            )
        return Signs(np.sign(self.recurrent), np.sign(self.sensory))


def from_graph(graph: Any) -> Given:
    """Return the wiring that a networkx graph is.

    Nodes with ``layer="sensory"`` are inputs, all others neurons; those with ``layer="motor"``
    come first, and are all if there are none. The sign of an edge is that of its ``weight``; or -1
    for ``polarity="inhibitory"``, as graphs of the package ncps say it; else 1.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.DiGraph([("u", "a"), ("a", "b")])
    >>> graph.nodes["u"]["layer"], graph.nodes["b"]["layer"] = "sensory", "motor"
    >>> from_graph(graph).recurrent  # b, a
    array([[0., 0.],
           [1., 0.]])
    """
    import networkx as nx

    layers = dict(graph.nodes(data="layer"))
    for node, layer in layers.items():
        if isinstance(layer, str) and (meant := _meant(layer)):
            raise ValueError(f"node {node!r}: layer {layer!r} is none; did you mean {meant!r}?")
    inputs = [node for node, layer in layers.items() if layer == "sensory"]
    motor = [node for node, layer in layers.items() if layer == "motor"]
    neurons = motor + [node for node in layers if layers[node] not in ("sensory", "motor")]
    if not inputs or not neurons:
        raise ValueError(
            'should be a graph with inputs, nodes that have layer="sensory", and neurons (got '
            f"{len(inputs)} and {len(neurons)})"
        )
    weights = nx.to_numpy_array(_signed(graph), [*inputs, *neurons])
    if weights[:, : len(inputs)].any():
        raise ValueError('should have no edges to inputs, nodes that have layer="sensory"')
    d = len(inputs)
    return Given(recurrent=weights[d:, d:], sensory=weights[:d, d:], output_size=len(motor) or None)


def _meant(layer: str) -> str | None:
    """Return which of the layers that have a meaning a word comes near without being it."""
    known = ("sensory", "motor")
    return None if layer in known else nearest(layer.strip(), known)


def _signed(graph: Any) -> Any:
    """Return a graph in which polarities are weights."""
    told = graph.copy()
    for source, target, about in told.edges(data=True):
        polarity = about.get("polarity")
        if polarity is None or "weight" in about:
            continue
        if polarity not in POLARITIES:
            raise ValueError(
                f"edge {source!r} to {target!r}: polarity should be excitatory or inhibitory "
                f"(got {polarity!r})"
            )
        about["weight"] = POLARITIES[polarity]
    return told
