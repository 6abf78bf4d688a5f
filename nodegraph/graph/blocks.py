"""From a wiring to an order of execution: what runs in one sweep, what is kept, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import GraphError

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "Block",
    "Held",
    "Read",
    "Reads",
    "all_reads",
    "ancestors",
    "arrange",
    "depths",
    "first_steps",
]

_KEPT = 256  # orders of wirings that were asked for last


class Held(NamedTuple):
    """The clock of who holds, between its ticks, what is read `late` steps after it."""

    every: int
    phase: int
    late: int

    def last_tick(self, steps: Array) -> Array:
        """Return the last tick up to what is read at each of `steps`, negative before the first."""
        before = steps - self.late
        ticks: Array = before - (before - self.phase) % self.every
        return ticks


class Read(NamedTuple):
    """One part of what arrives at a port: the output of `source`, `delay` steps ago."""

    source: str
    delay: int = 0
    taught: bool = False  # the teacher's value in place of the output
    held: Held | None = None  # that of the last tick, where a teacher stands in

    @property
    def lag(self) -> int:
        """How many steps back it looks, at most."""
        return self.delay + (self.held.every - 1 if self.held else 0)

    def later(self, steps: int) -> Read:
        """Return one that reads the same so many steps later."""
        held = self.held and self.held._replace(late=self.held.late + steps)
        return self._replace(delay=self.delay + steps, held=held)

    def last_rows(self, line: Array, end: int, count: int) -> Array:
        """Return what it reads at the last `count` steps before `end`, where `line` ends.

        Rows of before the start are zeros.
        """
        steps = np.arange(end - count, end)
        if self.held is None:
            read = steps - self.delay
        else:
            read = self.held.last_tick(steps) - (self.delay - self.held.late)
        rows: Array = line[np.maximum(read - end, -len(line))]
        rows[read < 0] = 0.0
        return rows


Reads = Mapping[str, Mapping[str, tuple[Read, ...]]]  # by node, by port


@dataclass(frozen=True)
class Block:
    """Nodes that run together.

    Parameters
    ----------
    names : tuple of str
        In the order in which they run.
    span : int, optional
        How many steps a feedback loop moves at a time; None: a whole chunk in one sweep.
    """

    names: tuple[str, ...]
    span: int | None = None


def all_reads(reads: Reads) -> Iterable[Read]:
    """Return every read there is."""
    return (read for ports in reads.values() for group in ports.values() for read in group)


def _pairs(reads: Reads, below: float = float("inf")) -> list[tuple[str, str]]:
    """Return who waits for whom: edges of less delay than `below` that carry outputs."""
    return [
        (read.source, name)
        for name, ports in reads.items()
        for group in ports.values()
        for read in group
        if read.delay < below and not read.taught and read.source in reads
    ]


def _digraph(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> nx.DiGraph[str]:
    import networkx as nx

    net: nx.DiGraph[str] = nx.DiGraph()
    net.add_nodes_from(names)
    net.add_edges_from(pairs)
    return net


def ancestors(reads: Reads, wanted: Iterable[str]) -> set[str]:
    """Return the nodes that are wanted, with all that must run before them."""
    import networkx as nx

    net = _digraph(reads, _pairs(reads))
    kept = set(wanted)
    return kept.union(*(nx.ancestors(net, name) for name in kept)) if kept else kept


def arrange(reads: Reads) -> tuple[Block, ...]:
    """Return the blocks in the order in which they run; what is wired alike is ordered once.

    Raises
    ------
    GraphError
        If there is a ring without delay.
    """
    return _arranged(tuple((name, tuple(ports.items())) for name, ports in reads.items()))


@lru_cache(_KEPT)
def _arranged(wiring: tuple[tuple[str, Any], ...]) -> tuple[Block, ...]:
    import networkx as nx

    reads: Reads = {name: dict(ports) for name, ports in wiring}
    rank = {name: i for i, name in enumerate(reads)}
    now = _digraph(reads, _pairs(reads, below=1))
    try:
        order = {n: i for i, n in enumerate(nx.lexicographical_topological_sort(now, rank.get))}
    except nx.NetworkXUnfeasible:
        raise _ring_error(now, reads) from None
    parts = nx.condensation(_digraph(reads, _pairs(reads)))
    members = {part: sorted(parts.nodes[part]["members"], key=order.__getitem__) for part in parts}
    key = {part: order[names[0]] for part, names in members.items()}
    loops = nx.lexicographical_topological_sort(parts, key.get)
    return tuple(_block(reads, members[part], order) for part in loops)


def _ring_error(now: nx.DiGraph[str], reads: Reads) -> GraphError:
    import networkx as nx

    ring = [edge[0] for edge in nx.find_cycle(now)]
    ports = reads[ring[0]].items()
    port = next(p for p, group in ports if any(r.source == ring[-1] for r in group if not r.delay))
    end = ring[0] if port == "x" else f'{ring[0]}["{port}"]'
    return GraphError(
        f"{' >> '.join([*ring, ring[0]])} has no delay, so each waits for the other; "
        f"write {ring[-1]} >> delay(1) >> {end}"
    )


def _block(reads: Reads, names: list[str], order: Mapping[str, int]) -> Block:
    import networkx as nx

    inside = {name: reads[name] for name in names}
    home = set(names)
    delays = sorted(
        {r.delay for r in all_reads(inside) if r.source in home and not r.taught and r.delay}
    )
    if len(names) == 1 and not any(s in home for s, _ in _pairs(inside)):
        return Block((names[0],))
    for span in reversed(delays):  # the longest stride that no reader can notice
        pairs = [(s, t) for s, t in _pairs(inside, below=span) if s in home]
        net = _digraph(names, pairs)
        if nx.is_directed_acyclic_graph(net):
            return Block(tuple(nx.lexicographical_topological_sort(net, order.get)), span)
    raise AssertionError("a loop without delay is refused before")


def depths(reads: Reads, holding: Mapping[str, int]) -> dict[str, int]:
    """Return by node how many past outputs are kept; at least 1.

    What is wired to a port `target` stands in for the output of its node while that learns, so that
    its readers look back through both delays.

    Parameters
    ----------
    reads : dict
        By node and port: where its input comes from; see `nodegraph.graph.plan.Plan`.
    holding : dict of int
        How many steps a learner's teacher is held for between ticks, which its readers look back
        over as well.
    """
    depth = dict.fromkeys(reads, 1)
    for ports in reads.values():
        for read in (read for group in ports.values() for read in group):
            depth[read.source] = max(depth[read.source], read.delay)
    for name, steps in holding.items():
        depth[name] += steps
    wired = [(n, read) for n, ports in reads.items() for read in ports.get("target", ())]
    for _ in wired:  # as often as teachers of teachers can stand behind each other
        for name, read in wired:
            depth[read.source] = max(depth[read.source], read.delay + depth[name])
    return depth


def first_steps(reads: Reads, ports: Mapping[str, Iterable[str]]) -> dict[str, dict[str, int]]:
    """Return, by node and port, the first step at which all that arrives there tells of data.

    What goes through nodes on the way counts with the least delay by which data reach their `x`.

    Parameters
    ----------
    reads : dict
        By node and port: where its input comes from; see `nodegraph.graph.plan.Plan`.
    ports : dict
        By node: the ports that are asked for.
    """
    import networkx as nx

    net: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    wires = [(r.source, name, r.delay) for name in reads for r in reads[name].get("x", ())]
    net.add_weighted_edges_from(wires)
    doors = {name for name in reads if not reads[name].get("x")}
    net.add_nodes_from(doors)
    begin = nx.multi_source_dijkstra_path_length(net, doors) if doors else {}

    def first(name: str, port: str) -> int:
        steps = (r.delay + begin.get(r.source, 0) for r in reads[name].get(port, ()))
        return int(max(steps, default=0))

    return {name: {port: first(name, port) for port in ports[name]} for name in ports}
