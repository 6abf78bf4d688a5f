"""From a graph to an order of execution: what runs in one sweep, what must go step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from nodegraph.errors import GraphError
from nodegraph.graph.depths import depths
from nodegraph.graph.first_steps import first_steps
from nodegraph.graph.graph import Composable, Graph
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.names import streams_of
from nodegraph.graph.node import Node
from nodegraph.graph.parameter_ports import (
    check_loop,
    check_parameter,
    check_ports,
    check_rule,
    check_told,
    driven,
)
from nodegraph.graph.rule import Rule

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Block", "Plan", "Read", "Reads", "plan"]


_KEPT = 256  # orders of wirings that were asked for last
CHUNK_NUMBERS, MIN_CHUNK, MAX_CHUNK = 1 << 17, 64, 4096  # numbers, rows, rows


class Read(NamedTuple):
    """One part of what arrives at a port: the output of `source`, `delay` steps ago."""

    source: str
    delay: int = 0
    taught: bool = False  # the teacher's value in place of the output


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


@dataclass(frozen=True, eq=False)
class Plan:
    """A graph made ready to run.

    Parameters
    ----------
    graph : Graph
    nodes : dict of Node
        By name.
    reads : dict
        By node and port: where its input comes from, in the order of concatenation.
    blocks : tuple of Block
        In the order in which they run.
    depth : dict of int
        By node: how many past outputs are kept for those who read late; at least 1.
    streams : dict of str
        By node: the word that its random numbers are drawn by, most often its name.
    first : dict of dict of int
        By node and port: the first step that a port which its rule calls late tells of.
    """

    graph: Graph
    nodes: dict[str, Node]
    reads: Reads
    blocks: tuple[Block, ...]
    depth: dict[str, int]
    streams: dict[str, str]
    first: dict[str, dict[str, int]]

    @classmethod
    def of(cls, graph: Composable) -> Plan:
        """Plan `graph`; refuse rings without delay and rules that cannot teach their node."""
        if not isinstance(graph, Composable):
            raise GraphError(f"a plan is of a graph or a node, got {type(graph).__name__}")
        whole = graph.as_graph()
        if not whole.nodes:
            raise GraphError("the graph is empty: write at least one node")
        nodes = {name: node for node, name in whole.names.items()}
        reads: dict[str, dict[str, tuple[Read, ...]]] = {name: {} for name in nodes}
        arrays: dict[str, set[str]] = {}
        for edge in whole.edges:
            source, target = whole.names[edge.source], whole.names[edge.target]
            if edge.port not in nodes[target].ports:
                check_parameter(nodes, source, target, edge.port)
                arrays.setdefault(target, set()).add(edge.port)
            before = reads[target].get(edge.port, ())
            reads[target][edge.port] = (*before, Read(source, edge.delay))
        check_told(
            nodes, [(whole.names[e.source], whole.names[e.target], e.port) for e in whole.edges]
        )
        nodes |= {name: driven(nodes[name], ports, name) for name, ports in arrays.items()}
        for name, node in nodes.items():
            check_ports(node, name, reads[name])
            if node.learner:
                check_rule(node.learner, node, name, reads[name])
        streams = streams_of(whole.names, dict(whole.owners))
        blocks = _arrange(reads)
        for block in blocks:
            check_loop(nodes, block.names if block.span else ())
        late = {n: node.learner.late for n, node in nodes.items() if node.learner}
        first = first_steps(reads, {n: ports for n, ports in late.items() if ports})
        return cls(whole, nodes, reads, blocks, depths(reads), streams, first)

    @cached_property
    def remembers(self) -> bool:
        """Whether the order of rows can matter: a node has a state, or an edge a delay."""
        groups = (group for ports in self.reads.values() for group in ports.values())
        delayed = any(read.delay for group in groups for read in group)
        return delayed or any(type(node).start is not Node.start for node in self.nodes.values())

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Nodes that outside data go to when no name is given: the Input nodes, else all ends."""
        external = tuple(n for n in self.graph.names.values() if _is_external(self.nodes[n]))
        return external or self.graph.inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """Nodes whose outputs `run` returns when no name is given."""
        return self.graph.outputs

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The rule of each node that can learn."""
        return {name: node.learner for name, node in self.nodes.items() if node.learner}

    @cached_property
    def gappy(self) -> frozenset[str]:
        """Nodes that data with NaN may go to, since all who hear of them fill the gaps."""
        safe = {name for name, node in self.nodes.items() if node.gaps != "refuses"}
        readers: dict[str, set[str]] = {name: set() for name in self.nodes}
        for name, ports in self.reads.items():
            for read in (read for group in ports.values() for read in group):
                readers[read.source].add(name)
        while hurt := {
            name
            for name in safe
            if self.nodes[name].gaps == "passes" and not (readers[name] and readers[name] <= safe)
        }:
            safe -= hurt
        return frozenset(safe)

    @cached_property
    def from_end(self) -> tuple[str, ...]:
        """Nodes that read a series from its end, so that it must be there whole."""
        return tuple(name for name in self.reads if self.nodes[name].from_end)

    def behind_summary(self, name: str) -> bool:
        """Tell whether a node hears of a series what was summed up of it."""
        seen, waiting = {name}, [name]
        while waiting:
            for read in self.reads[waiting.pop()].get("x", ()):
                if self.nodes[read.source].sums_up:
                    return True
                if read.source not in seen:
                    seen.add(read.source)
                    waiting.append(read.source)
        return False

    def lag(self, name: str) -> int:
        """Return how far back the readers of `name` look in this plan."""
        return self._lags.get(name, 0)

    @cached_property
    def _lags(self) -> dict[str, int]:
        lags: dict[str, int] = {}
        for read in _all_reads(self.reads):
            if not read.taught:
                lags[read.source] = max(lags.get(read.source, 0), read.delay)
        return lags

    def chunk_rows(self, sizes: Mapping[str, int]) -> int:
        """Return how many steps go through at a time, so that a chunk stays in the cache."""
        widest = max((sizes[name] for name in self.reads), default=1)
        return min(MAX_CHUNK, max(MIN_CHUNK, CHUNK_NUMBERS // max(1, widest)))

    def rewired(self, reads: Reads, wanted: Iterable[str] | None = None) -> Plan:
        """Return the plan of the same nodes with other wiring, cut down to what `wanted` needs."""
        kept = set(reads) if wanted is None else _ancestors(reads, wanted)
        cut = {name: reads[name] for name in reads if name in kept}
        return replace(self, reads=cut, blocks=_arrange(cut))

    def part(self, names: Iterable[str]) -> Plan:
        """Return the plan of some of the nodes alone; what they read from others comes ready."""
        kept = set(names)
        cut = {name: ports for name, ports in self.reads.items() if name in kept}
        nodes = {name: self.nodes[name] for name in cut}
        return replace(self, graph=Graph(), nodes=nodes, reads=cut, blocks=_arrange(cut))

    def for_running(self, wanted: Iterable[str]) -> Plan:
        """Return the plan that yields the outputs of `wanted` and learns nothing."""
        return self.rewired(self.without_targets(()), wanted)

    def without_targets(self, learners: Iterable[str]) -> Reads:
        """Return the wiring without the target ports of all but `learners`."""
        keep = set(learners)
        return {
            name: {port: r for port, r in ports.items() if port != "target" or name in keep}
            for name, ports in self.reads.items()
        }

    def __str__(self) -> str:
        lines = []
        for number, block in enumerate(self.blocks, 1):
            how = (
                f"loop, {block.span} step{'s' * (block.span > 1)} at a time"
                if block.span
                else ("one sweep")
            )
            lines.append(f"{number}. {', '.join(block.names)}: {how}")
            lines += [f"     {name} {self._told(name)}" for name in block.names]
        return "\n".join(lines)

    def _told(self, name: str) -> str:
        stream = self.streams[name]
        drawn = "" if stream == name else f"; draws from the stream of {stream}"
        return _arrivals(self.reads[name]) + drawn

    __repr__ = __str__


@known_arguments
def plan(graph: Composable) -> Plan:
    """Return the order in which `graph` will run; print it to see blocks, loops and wiring."""
    return Plan.of(graph)


def _is_external(node: Any) -> bool:
    return bool(getattr(node, "external", False))


def _all_reads(reads: Reads) -> Iterable[Read]:
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


def _ancestors(reads: Reads, wanted: Iterable[str]) -> set[str]:
    import networkx as nx

    net = _digraph(reads, _pairs(reads))
    kept = set(wanted)
    return kept.union(*(nx.ancestors(net, name) for name in kept)) if kept else kept


def _arrange(reads: Reads) -> tuple[Block, ...]:
    """Return the blocks in their order; what is wired alike, such as copies, is ordered once."""
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
        {r.delay for r in _all_reads(inside) if r.source in home and not r.taught and r.delay}
    )
    if len(names) == 1 and not any(s in home for s, _ in _pairs(inside)):
        return Block((names[0],))
    for span in reversed(delays):  # the longest stride that no reader can notice
        pairs = [(s, t) for s, t in _pairs(inside, below=span) if s in home]
        net = _digraph(names, pairs)
        if nx.is_directed_acyclic_graph(net):
            return Block(tuple(nx.lexicographical_topological_sort(net, order.get)), span)
    raise AssertionError("a loop without delay is refused before")


def _arrivals(ports: Mapping[str, tuple[Read, ...]]) -> str:
    def show(read: Read) -> str:
        late = f" {read.delay} step{'s' * (read.delay > 1)} ago" if read.delay else ""
        return f"{read.source}{'`s teacher' if read.taught else ''}{late}"

    text = "; ".join(f"{port}: {', '.join(map(show, group))}" for port, group in ports.items())
    return f"reads {text}" if text else "reads data or nothing"
