"""Who hears whom in a recurrent node, and with which sign."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.fields import Described

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Layer", "Signs", "Wiring"]

Layer = str  # "motor", "command" or "inter" of a neuron; "sensory" of an input


class Signs(NamedTuple):
    """1 where there is an excitatory synapse, -1 where an inhibitory one, else 0."""

    recurrent: Array  # (n, n), sources in rows
    sensory: Array  # (n_in, n), sources in rows


class Wiring(Described, ABC):
    """A plan of synapses, from which a node of any number of inputs is wired.

    The first `outputs` of the neurons are motor neurons: those that are given out. Its `label` is
    its kind in YAML.
    """

    @property
    @abstractmethod
    def neurons(self) -> int:
        """The number of neurons n."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """The number of motor neurons."""

    @abstractmethod
    def drawn(self, n_in: int) -> Signs:
        """Return the signs of all synapses, the same each time."""

    def layer(self, neuron: int) -> Layer:
        """Return what a neuron is."""
        return "motor" if neuron < self.outputs else "inter"

    def signs(self, n_in: int, among: Signs | None = None) -> Signs:
        """Return the signs of all synapses of a node with `n_in` inputs.

        Parameters
        ----------
        n_in : int
        among : Signs, optional
            1 where the node itself lets a synapse be, else 0.

        Raises
        ------
        FieldError
            If a neuron cannot be reached from any input.
        """
        signs = self.drawn(n_in)
        if among is not None:
            signs = Signs(*(sign * there for sign, there in zip(signs, among, strict=True)))
        if lost := _unreached(signs):
            some = ", ".join(map(str, lost[:5])) + ", ..." * (len(lost) > 5)
            raise FieldError(
                f"wiring: no input reaches neuron{'s' * (len(lost) > 1)} {some} of "
                f"{self.neurons} by any path; give synapses to it, or more fan-out"
            )
        return signs

    def masks(self, n_in: int) -> Signs:
        """Return 1 where there is a synapse, else 0: ``(recurrent, sensory)``, sources in rows."""
        return Signs(*(np.abs(part) for part in self.signs(n_in)))

    def graph(self, n_in: int) -> nx.DiGraph[Any]:
        """Return inputs and neurons as a networkx graph.

        Neurons are called 0, 1 ..., inputs ``"u0"``, ``"u1"`` ...; each has its ``layer``, each
        edge a ``weight`` of 1 or -1.
        """
        import networkx as nx

        signs = self.signs(n_in)
        found: nx.DiGraph[Any] = nx.DiGraph()
        found.add_nodes_from((i, {"layer": self.layer(i)}) for i in range(self.neurons))
        found.add_nodes_from((f"u{j}", {"layer": "sensory"}) for j in range(n_in))
        for (i, j), sign in np.ndenumerate(signs.recurrent):
            if sign:
                found.add_edge(i, j, weight=int(sign))
        for (i, j), sign in np.ndenumerate(signs.sensory):
            if sign:
                found.add_edge(f"u{i}", j, weight=int(sign))
        return found


def _unreached(signs: Signs) -> list[int]:
    """Return the neurons to which no path leads from an input."""
    recurrent = signs.recurrent != 0
    reached = (signs.sensory != 0).any(axis=0)
    for _ in range(len(reached)):
        more = reached | recurrent[reached].any(axis=0)
        if (more == reached).all():
            break
        reached = more
    return [int(i) for i in np.flatnonzero(~reached)]
