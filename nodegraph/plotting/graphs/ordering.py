"""Which column each box stands in, and who stands above whom: layers with few crossings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean

import networkx as nx
import numpy as np

from nodegraph.plotting.graphs.labels import Wire

__all__ = ["Item", "Stack", "flow", "stack"]

SWEEPS = 8


@dataclass(eq=False, slots=True)
class Item:
    """One thing in a column: a box, a bend of a long wire, or a frame's empty place.

    Parameters
    ----------
    layer : int
        Column, counted from the left.
    node : str or None
        Name of the node, for a box.
    wire : int or None
        Index of the wire, for a bend.
    group : str or None
        The composite it stands in.
    host : Item or None
        The box that a backward wire leaves or enters here; the bend keeps close to it.
    rank : float
        Place within the layer, from the top.
    """

    layer: int
    node: str | None = None
    wire: int | None = None
    group: str | None = None
    host: Item | None = None
    rank: float = 0.0
    near: list[Item] = field(default_factory=list)

    @property
    def placeholder(self) -> bool:
        """Whether nothing is drawn here: it keeps a frame's place in a column."""
        return self.node is None and self.wire is None


@dataclass(frozen=True)
class Stack:
    """The layers from left to right, each from top to bottom, and the way of each wire."""

    layers: list[list[Item]]
    paths: list[list[Item]]
    backward: set[int]


def stack(net: nx.MultiDiGraph[str], wires: Sequence[Wire]) -> Stack:
    """Put boxes and bends into layers and order them for few crossings.

    Layered drawing: cycles are cut, boxes stand one column after their last predecessor, long
    wires get a bend in every column they pass, and barycentre sweeps order each column.
    Composites keep one vertical order over all columns, so their frames never overlap.

    References
    ----------
    Sugiyama, Tagawa, Toda (1981). Methods for visual understanding of hierarchical system
    structures. IEEE Trans. SMC 11(2), 109-125.
    """
    backward = _backward(net, wires)
    column = _columns(net, wires, backward)
    boxes = {n: Item(column[n], node=n, group=net.nodes[n].get("group")) for n in net}
    paths = [_path(boxes, wire, i, i in backward) for i, wire in enumerate(wires)]
    layers: list[list[Item]] = [[] for _ in range(1 + max(column.values(), default=-1))]
    for item in _unique(boxes.values(), paths):
        layers[item.layer].append(item)
    _hold_places(layers)
    _link(paths)
    return Stack(_order(layers), paths, backward)


def flow(net: nx.MultiDiGraph[str], wires: Sequence[Wire]) -> list[str]:
    """Return the nodes from the inputs to the outputs, as the columns of the picture have them."""
    column = _columns(net, wires, _backward(net, wires))
    return sorted(net, key=column.__getitem__)


def _backward(net: nx.MultiDiGraph[str], wires: Sequence[Wire]) -> set[int]:
    """Return the wires to be drawn from right to left: one or more in every cycle."""
    ring = {n: i for i, part in enumerate(nx.strongly_connected_components(net)) for n in part}
    inside = [i for i, wire in enumerate(wires) if ring[wire.source] == ring[wire.target]]
    inside.sort(key=lambda i: (wires[i].delay, wires[i].port == "feedback", i))
    forward: nx.DiGraph[str] = nx.DiGraph()
    forward.add_nodes_from(net)
    return {i for i in inside if not _keeps_order(forward, wires[i])}


def _keeps_order(forward: nx.DiGraph[str], wire: Wire) -> bool:
    if wire.source == wire.target or nx.has_path(forward, wire.target, wire.source):
        return False
    forward.add_edge(wire.source, wire.target)
    return True


def _columns(
    net: nx.MultiDiGraph[str], wires: Sequence[Wire], backward: set[int]
) -> dict[str, int]:
    forward: nx.DiGraph[str] = nx.DiGraph()
    forward.add_nodes_from(net)
    forward.add_edges_from((w.source, w.target) for i, w in enumerate(wires) if i not in backward)
    column = {n: k for k, names in enumerate(nx.topological_generations(forward)) for n in names}
    for name in column:
        if forward.succ[name] and not forward.pred[name] and not net.nodes[name].get("input"):
            column[name] = min(column[s] for s in forward.succ[name]) - 1
    return column


def _path(boxes: dict[str, Item], wire: Wire, index: int, back: bool) -> list[Item]:
    source, target = boxes[wire.source], boxes[wire.target]
    group = source.group if source.group == target.group else None
    if not back:
        between = range(source.layer + 1, target.layer)
        return [source, *(Item(k, wire=index, group=group) for k in between), target]
    bends = [Item(k, wire=index, group=group) for k in range(source.layer, target.layer - 1, -1)]
    bends[0].host, bends[-1].host = source, target
    return [source, *bends, target]


def _unique(boxes: Iterable[Item], paths: Sequence[Sequence[Item]]) -> list[Item]:
    short_first = sorted(paths, key=len)
    return [*boxes, *(item for path in short_first for item in path[1:-1])]


def _hold_places(layers: list[list[Item]]) -> None:
    """Give every composite a place in each layer between its first and its last."""
    held: dict[str, set[int]] = defaultdict(set)
    for item in (item for layer in layers for item in layer if item.group is not None):
        held[str(item.group)].add(item.layer)
    for group, columns in held.items():
        for k in set(range(min(columns), max(columns))) - columns:
            layers[k].append(Item(k, group=group))


def _link(paths: Sequence[Sequence[Item]]) -> None:
    for path in paths:
        for a, b in pairwise(path):
            if a.layer != b.layer:
                a.near.append(b)
                b.near.append(a)


def _order(layers: list[list[Item]]) -> list[list[Item]]:
    for layer in layers:
        _renumber(layer)
    declared = dict.fromkeys(str(item.group) for layer in layers for item in layer)
    _sweep(layers, 0, {group: place for place, group in enumerate(declared)})
    best, fewest = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(SWEEPS * (fewest > 0)):
        _sweep(layers, -1 if sweep % 2 else 1, _group_ranks(layers))
        if (now := _crossings(layers)) < fewest:
            best, fewest = [list(layer) for layer in layers], now
    for layer in best:
        _renumber(layer)
    return best


def _sweep(layers: list[list[Item]], step: int, groups: Mapping[str, float]) -> None:
    """Sort the layers one after the other by what lies before (1) or after (-1), or as is (0)."""
    for k in range(len(layers))[:: step or 1]:
        layers[k] = _sorted(layers[k], k - step, groups)
        _renumber(layers[k])


def _renumber(layer: Sequence[Item]) -> None:
    for place, item in enumerate(layer):
        item.rank = place + 0.5 - len(layer) / 2


def _group_ranks(layers: Sequence[Sequence[Item]]) -> dict[str, float]:
    ranks: dict[str, list[float]] = defaultdict(list)
    for item in (item for layer in layers for item in layer if item.group is not None):
        ranks[str(item.group)] += [other.rank for other in item.near] or [item.rank]
    return {group: fmean(values) for group, values in ranks.items()}


def _sorted(layer: Sequence[Item], beside: int, groups: Mapping[str, float]) -> list[Item]:
    """Sort one layer by the mean place of its neighbours in the layer beside it."""
    keys = {item: _barycentre(item, beside) for item in layer}
    for item in layer:
        if item.host is not None:  # right below its box, or below the frame around that box
            inside = item.group == item.host.group
            keys[item] = (keys if inside else keys | _frames(layer, keys))[item.host] + 1e-3
    clusters: dict[object, list[Item]] = defaultdict(list)
    for item in sorted(layer, key=keys.__getitem__):
        clusters[item.group if item.group is not None else item].append(item)
    places = sorted(clusters, key=lambda c: fmean(keys[i] for i in clusters[c]))
    framed = iter(sorted((c for c in places if isinstance(c, str)), key=lambda c: (groups[c], c)))
    return [item for c in places for item in clusters[next(framed) if isinstance(c, str) else c]]


def _frames(layer: Sequence[Item], keys: dict[Item, float]) -> dict[Item, float]:
    members: dict[str | None, list[float]] = defaultdict(list)
    for item in layer:
        members[item.group].append(keys[item])
    return {i: fmean(members[i.group]) for i in layer if i.group is not None}


def _barycentre(item: Item, beside: int) -> float:
    ranks = [other.rank for other in item.near if other.layer == beside] or [item.rank]
    return sum(ranks) / len(ranks)


def _crossings(layers: Sequence[Sequence[Item]]) -> int:
    return sum(_crossings_after(layer) for layer in layers)


def _crossings_after(layer: Sequence[Item]) -> int:
    pairs = [(a.rank, b.rank) for a in layer for b in a.near if b.layer == a.layer + 1]
    left, right = np.array(pairs, float).reshape(-1, 2).T
    return int(np.sum((left[:, None] < left) & (right[:, None] > right)))
