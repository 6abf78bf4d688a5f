"""A graph made ready to run: its nodes by name, what each reads, and the blocks in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from nodegraph.errors import GraphError
from nodegraph.graph.blocks import (
    Block,
    Read,
    Reads,
    all_reads,
    ancestors,
    arrange,
    depths,
    first_steps,
)
from nodegraph.graph.graph import Composable, Graph
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.names import streams_of
from nodegraph.graph.node import Node
from nodegraph.graph.parameter_ports import check_parameter, check_told, driven
from nodegraph.graph.rule import Rule

__all__ = ["Plan", "plan"]


CHUNK_NUMBERS, MIN_CHUNK, MAX_CHUNK = 1 << 17, 64, 4096  # numbers, rows, rows


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
        if any(isinstance(getattr(node, "of", None), str) for node in nodes.values()):
            names = whole.names
            check_told(nodes, [(names[e.source], names[e.target], e.port) for e in whole.edges])
        nodes |= {name: driven(nodes[name], ports, name) for name, ports in arrays.items()}
        for name, node in nodes.items():
            _check_ports(node, name, reads[name])
            if node.learner:
                _check_rule(node.learner, node, name, reads[name])
        streams = streams_of(whole.names, dict(whole.owners))
        blocks = arrange(reads)
        for block in (block for block in blocks if block.span):
            _check_loop(nodes, block.names)
        rules = {name: node.learner for name, node in nodes.items() if node.learner}
        late = {name: rule.late for name, rule in rules.items() if rule.late}
        first = first_steps(reads, late) if late else {}
        return cls(whole, nodes, reads, blocks, depths(reads, _holding(nodes)), streams, first)

    @cached_property
    def remembers(self) -> bool:
        """Whether the order of rows can matter: a node has a state, or an edge a delay."""
        groups = (group for ports in self.reads.values() for group in ports.values())
        delayed = any(read.delay for group in groups for read in group)
        return delayed or any(type(node).start is not Node.start for node in self.nodes.values())

    @cached_property
    def hears_steps(self) -> bool:
        """Whether a node is told how long each step is, at its port dt."""
        return any("dt" in ports for ports in self.reads.values())

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Nodes that outside data go to when no name is given: the Input nodes, else all ends."""
        external = tuple(n for n in self.graph.names.values() if _is_external(self.nodes[n]))
        return external or self.graph.inputs

    @cached_property
    def made(self) -> dict[Any, Any]:
        """What was worked out from the plan alone, by what it is and what it is for."""
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return {name: part for name, part in self.__dict__.items() if name != "made"}

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

    def sources(self, name: str) -> set[str]:
        """Return the nodes that must run before a node can."""
        ports = self.reads[name].items()
        return {read.source for port, group in ports if port != "target" for read in group}

    def supplied(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of some nodes that read from none but such ones."""
        able = set(names)
        while stuck := {name for name in able if self.sources(name) - able}:
            able -= stuck
        return tuple(name for name in self.nodes if name in able)

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
        for read in all_reads(self.reads):
            if not read.taught:
                lags[read.source] = max(lags.get(read.source, 0), read.lag)
        return lags

    def chunk_rows(self, sizes: Mapping[str, int]) -> int:
        """Return how many steps go through at a time, so that a chunk stays in the cache."""
        widest = max((sizes[name] for name in self.reads), default=1)
        return min(MAX_CHUNK, max(MIN_CHUNK, CHUNK_NUMBERS // max(1, widest)))

    def rewired(self, reads: Reads, wanted: Iterable[str] | None = None) -> Plan:
        """Return the plan of the same nodes with other wiring, cut down to what `wanted` needs."""
        kept = set(reads) if wanted is None else ancestors(reads, wanted)
        cut = {name: reads[name] for name in reads if name in kept}
        return replace(self, reads=cut, blocks=arrange(cut))

    def part(self, names: Iterable[str]) -> Plan:
        """Return the plan of some of the nodes alone; what they read from others comes ready."""
        kept = set(names)
        cut = {name: ports for name, ports in self.reads.items() if name in kept}
        nodes = {name: self.nodes[name] for name in cut}
        return replace(self, graph=Graph(), nodes=nodes, reads=cut, blocks=arrange(cut))

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


def _holding(nodes: Mapping[str, Node]) -> dict[str, int]:
    """Return how many steps a teacher may be held for, of those that it stands in for."""
    return {n: one.every - 1 for n, one in nodes.items() if one.learner and one.learner.supervised}


def _check_loop(nodes: Mapping[str, Node], names: Iterable[str]) -> None:
    """Refuse a node that reads a series from its end in a loop, which goes on from the start."""
    for name in names:
        if nodes[name].from_end:
            raise GraphError(
                f"{name} reads a series from its end and cannot be in a feedback loop "
                f"({', '.join(names)}), which goes on from the start; lead the feedback past it"
            )


def _check_ports(node: Node, name: str, wired: Mapping[str, Any]) -> None:
    """Refuse a node that hears nothing at a port for which its step has no default."""
    for port in node.asks:
        if port not in wired:
            raise GraphError(
                f"{name}: nothing is wired to the port {port}, and {type(node).__name__}.step has "
                f'no default for it; write Input(name="{port}") >> {name}["{port}"], or '
                f"{port}=None in the step"
            )


def _check_rule(rule: Rule, node: Node, name: str, wired: Mapping[str, Any]) -> None:
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


def _is_external(node: Any) -> bool:
    return bool(getattr(node, "external", False))


def _arrivals(ports: Mapping[str, tuple[Read, ...]]) -> str:
    def show(read: Read) -> str:
        late = f" {read.delay} step{'s' * (read.delay > 1)} ago" if read.delay else ""
        return f"{read.source}{'`s teacher' if read.taught else ''}{late}"

    text = "; ".join(f"{port}: {', '.join(map(show, group))}" for port, group in ports.items())
    return f"reads {text}" if text else "reads data or nothing"
