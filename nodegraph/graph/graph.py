"""What `>>`, `<<`, `&` and `delay` mean: building graphs, and nothing about running them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from os import PathLike
from typing import TYPE_CHECKING, Any, NoReturn

from nodegraph.errors import GraphError
from nodegraph.graph.ends import Edge, End, input_ends, output_ends
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.messages.phrases import shown
from nodegraph.graph.names import name_nodes
from nodegraph.graph.strangers import Inert

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Composable", "Delay", "Edge", "End", "Graph", "chain", "delay", "overlay"]


@dataclass(frozen=True)
class Delay:
    """A wire that holds a signal back by `steps`; made by `delay`."""

    steps: int

    def __rshift__(self, other: Any) -> Graph:
        graph = _graph(other)
        heads = tuple(e._replace(delay=e.delay + self.steps) for e in graph.heads)
        return graph._with_ends(heads, graph.tails)

    def __rrshift__(self, other: Any) -> Graph:
        return chain(other, self)

    __array_ufunc__ = None


@known_arguments
def delay(steps: int = 1) -> Delay:
    """Hold a signal back: ``readout >> delay(1) >> reservoir`` closes a feedback loop.

    Parameters
    ----------
    steps : int
        How many steps later the signal arrives, at least 1.

    Raises
    ------
    GraphError
        If `steps` is not a whole number of at least 1.
    """
    if isinstance(steps, bool) or not hasattr(steps, "__index__") or int(steps) < 1:
        raise GraphError(
            f"delay({steps!r}): expected a whole number of steps of at least 1; leave it out for 0"
        )
    return Delay(int(steps))


class Composable(Inert):
    """Anything that the operators combine: a node, a composite or a graph."""

    __array_ufunc__ = None  # so that numpy leaves `array >> node` to us

    def as_graph(self) -> Graph:
        """Return the graph that stands for this part."""
        end = (End(self),)
        return Graph(nodes=(self,), heads=end, tails=end)

    def __rshift__(self, other: Any) -> Graph:
        return chain(self, other)

    def __rrshift__(self, other: Any) -> Graph:
        return chain(other, self)

    def __lshift__(self, other: Any) -> Graph:
        return feed_back(self, other)

    def __rlshift__(self, other: Any) -> Graph:
        return feed_back(other, self)

    def __and__(self, other: Any) -> Graph:
        return overlay(self, other)

    def __rand__(self, other: Any) -> Graph:
        return overlay(other, self)

    def __add__(self, *_: Any) -> NoReturn:
        raise GraphError("nodes are joined by a >> b, and set side by side by [a, b] or a & b")

    __radd__ = __or__ = __ror__ = __mul__ = __rmul__ = __sub__ = __rsub__ = __matmul__ = __add__
    __truediv__ = __pow__ = __xor__ = __lt__ = __gt__ = __le__ = __ge__ = __add__
    __neg__ = __pos__ = __abs__ = __invert__ = __add__

    def __bool__(self) -> NoReturn:
        raise GraphError(
            "a graph is neither true nor false: write & to overlay two graphs, not `and`"
        )


@dataclass(frozen=True, eq=False)
class Graph(Composable):
    """Nodes and edges, with the ends that the next operator will join. Immutable.

    Parameters
    ----------
    nodes : tuple of Node
        In order of first appearance; a node is itself, never its equal.
    edges : tuple of Edge
        What arrives at a port is the concatenation of its edges in this order.
    heads, tails : tuple of End
        Where ``x >> graph`` arrives, and where ``graph >> x`` leaves.
    owners : tuple of (Node, tuple of Composite)
        The composites that a node came from, outermost first.
    """

    nodes: tuple[Any, ...] = ()
    edges: tuple[Edge, ...] = ()
    heads: tuple[End, ...] = ()
    tails: tuple[End, ...] = ()
    owners: tuple[tuple[Any, tuple[Any, ...]], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.nodes, tuple):
            raise GraphError(
                f"a graph is made of nodes by a >> b, not by Graph(...) (got {shown(self.nodes)})"
            )

    def as_graph(self) -> Graph:
        """Return the graph itself."""
        return self

    @cached_property
    def names(self) -> dict[Any, str]:
        """Name of each node: given, or made of its class; unique in the graph."""
        return name_nodes(self.nodes, dict(self.owners))

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input ends: nodes that nothing reaches but feedback of their own loop."""
        return tuple(self.names[end.node] for end in input_ends(self))

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Names of the output ends, such as the readouts."""
        return tuple(dict.fromkeys(self.names[end.node] for end in output_ends(self)))

    @cached_property
    def outputs_of_composites(self) -> dict[str, list[str]]:
        """Names of the nodes that are the output ends of each composite, by its name."""
        found: dict[str, list[str]] = {}
        for node, whole in self.owners:
            parts = self.names.get(node, "").split(".")
            for level, composite in enumerate(whole, 1):
                if any(end.node is node for end in composite.as_graph().tails):
                    found.setdefault(".".join(parts[:level]), []).append(self.names[node])
        return found

    def __getitem__(self, name: str) -> Any:
        """Return the node called `name`."""
        for node, given in self.names.items():
            if given == name:
                return node
        raise GraphError(f"no node is named {name!r}; there are {', '.join(self.names.values())}")

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """Return the graph for networkx.

        Nodes are names with attributes ``node, kind, units, rule, input, output, group``; edges
        have ``delay`` and ``port``.
        """
        from nodegraph.plotting.graphs.labels import to_networkx

        return to_networkx(self)

    def draw(self, path: str | PathLike[str] | None = None, title: str | None = None) -> str:
        """Return a picture of the graph, and write it to `path` if one is given.

        Parameters
        ----------
        path : path-like, optional
            Its suffix says what is drawn: ``.svg``, ``.mmd`` (Mermaid), ``.dot`` or ``.txt``.
        title : str, optional
            What stands above an SVG.

        Returns
        -------
        str
            SVG if there is no path.

        Raises
        ------
        GraphError
            If the suffix is another one.
        """
        from nodegraph.plotting.graphs.svg import draw

        return draw(self, path, title)

    def to_yaml(self, header: Mapping[str, Any] | None = None) -> str:
        """Return the graph as YAML, from which `nodegraph.read_yaml` makes the same graph.

        `header` is what else is to stand there: name, description, seed, task. A `SpecError` is
        raised if a node holds an array too large to be written out.
        """
        from nodegraph.files.yaml.writer import to_yaml

        return to_yaml(self, header)

    def _repr_html_(self) -> str:
        return self.draw()

    @cached_property
    def loops(self) -> dict[Any, int]:
        """Number of the feedback loop (strongly connected component) that each node is in."""
        import networkx as nx

        net: nx.DiGraph[Any] = nx.DiGraph()
        net.add_nodes_from(self.nodes)
        net.add_edges_from((edge.source, edge.target) for edge in self.edges)
        loops = enumerate(nx.strongly_connected_components(net))
        return {node: i for i, loop in loops for node in loop}

    def leaves_loop(self, edge: Edge) -> bool:
        """Tell whether `edge` leads out of the feedback loop that its source is in."""
        return self.loops[edge.source] != self.loops[edge.target]

    def _with_ends(self, heads: Iterable[End], tails: Iterable[End]) -> Graph:
        return Graph(self.nodes, self.edges, tuple(heads), tuple(tails), self.owners)

    def __repr__(self) -> str:
        edges = (
            f"{self.names[e.source]} >> "
            + (f"delay({e.delay}) >> " if e.delay else "")
            + self.names[e.target]
            + (f"[{e.port}]" if e.port != "x" else "")
            for e in self.edges
        )
        return f"Graph({', '.join(self.names.values())}; {', '.join(edges)})"


def overlay(*parts: Any) -> Graph:
    """Lay graphs over each other: a node in several is one node, and ends are found anew."""
    graphs = [_graph(part) for part in parts]
    joined = _joined(graphs)
    heads, tails = _unique(g.heads for g in graphs), _unique(g.tails for g in graphs)
    return joined._with_ends(input_ends(joined, heads), output_ends(joined, tails))


def chain(left: Any, right: Any) -> Graph:
    """Join every output end of `left` to every input end of `right`."""
    if isinstance(right, Delay):
        graph = _graph(left)
        tails = (end._replace(delay=end.delay + right.steps) for end in graph.tails)
        return graph._with_ends(graph.heads, tails)
    start, stop = _graph(left), _graph(right)
    if not stop.heads:
        raise _no_end(stop)
    if isinstance(right, list | tuple) and len(start.tails) > 1 and len(stop.heads) > 1:
        raise GraphError(
            f"{len(start.tails)} outputs >> a list of {len(stop.heads)}: it is not said which goes "
            "to which; write (a >> c) & (b >> d), or go through one node in between"
        )
    new = [
        Edge(a.node, b.node, a.delay + b.delay, b.port or "x")
        for a, b in product(start.tails, stop.heads)
    ]
    return _joined([start, stop], new)._with_ends(start.heads, stop.tails)


def _no_end(graph: Graph) -> GraphError:
    names = list(graph.names.values())
    return GraphError(
        f"what stands behind >> has no input end: an edge reaches each of {', '.join(names)}; "
        f"say which node is meant, as in (Input() >> {names[0]}) & (...)"
    )


def feed_back(left: Any, right: Any) -> Graph:
    """Lead the output ends of `right` back to the output ends of `left`, one step later.

    A delay written on the way, as in ``a << (b >> delay(3))``, stands in place of the one step.
    """
    start, source = _graph(left), _graph(right)
    new = [
        Edge(b.node, a.node, b.delay or 1, a.port or _feedback_port(a.node))
        for b, a in product(source.tails, start.tails)
    ]
    return _joined([start, source], new)._with_ends(start.heads, start.tails)


def _feedback_port(node: Any) -> str:
    return "feedback" if "feedback" in getattr(node, "ports", ()) else "x"


def _joined(graphs: Iterable[Graph], new: Iterable[Edge] = ()) -> Graph:
    graphs = list(graphs)
    nodes = _unique(graph.nodes for graph in graphs)
    edges = _unique([*(graph.edges for graph in graphs), tuple(new)])
    return Graph(nodes, edges, owners=_unique(graph.owners for graph in graphs))


def _graph(part: Any) -> Graph:
    if isinstance(part, Composable):
        return part.as_graph()
    if isinstance(part, list | tuple) and part:  # every end of every item stays an end
        graphs = [_graph(item) for item in part]
        heads, tails = _unique(g.heads for g in graphs), _unique(g.tails for g in graphs)
        return _joined(graphs)._with_ends(heads, tails)
    if isinstance(part, Delay):
        raise GraphError("a delay stands between two nodes: write a >> delay(3) >> b")
    if isinstance(part, type):
        raise GraphError(f"{part.__name__} is a class: write {part.__name__}(), fields in the ()")
    shown = type(part).__name__ if hasattr(part, "shape") else repr(part)[:60]
    raise GraphError(
        f"cannot join {shown} to a graph: expected a node, a graph or a list of them; "
        "data go into model.run(x)"
    )


def _unique(groups: Iterable[Iterable[Any]]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))


def _refuse_change(graph: Graph, name: str, value: Any = None) -> NoReturn:
    raise GraphError(
        f"graph.{name} is not to be assigned or deleted: a graph does not change; join nodes anew "
        "by a >> b, a << b and a & b"
    )


for _change in ("__setattr__", "__delattr__"):  # what a frozen dataclass says names no cure
    setattr(Graph, _change, _refuse_change)
