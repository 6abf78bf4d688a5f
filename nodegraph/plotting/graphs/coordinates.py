"""How high everything in the layers stands: short straight wires, nothing on top of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import numpy as np

from nodegraph.errors import GraphError
from nodegraph.plotting.graphs.ordering import Item, Stack

__all__ = ["FRAME_BOTTOM", "FRAME_TOP", "heights"]

FRAME_TOP, FRAME_BOTTOM = 30.0, 14.0
STRENGTH = (2.0, 1.0, 6.0)  # between boxes, box and bend, bends
HANGING, CENTRE, FRAME, UP = 3.0, 0.5, 0.1, 1e-3  # that of other pulls

Stop = Item | tuple[str, str]  # an item, or the top or bottom line of a frame
Below = tuple[int, int, float]  # the second stands at least so far below the first


class Pull(NamedTuple):
    """A sum of heights, each times its weight, that is wished to be so much."""

    weights: dict[int, float]
    strength: float
    wish: float = 0.0


def heights(stack: Stack, tall: Callable[[Item], float]) -> dict[Item, float]:
    """Return the vertical centre of every item, in pixels from the top.

    Of all heights that keep every distance they are those at which wires are shortest: the sum of
    their rises is least, each times its strength [1]_. So wires are straight where they can be,
    those between bends above all, and a box with several neighbours stands in their middle.

    Parameters
    ----------
    stack : Stack
        Layers, ordered from top to bottom.
    tall : callable
        Height of an item in pixels.

    References
    ----------
    .. [1] E. R. Gansner, E. Koutsofios, S. C. North, K.-P. Vo, IEEE Transactions on Software
       Engineering 19 (1993) 214-230, section 4.
    """
    items = [item for layer in stack.layers for item in layer]
    if not items:
        return {}
    number: dict[Stop, int] = {item: i for i, item in enumerate(items)}
    apart = _distances(stack.layers, tall, number)
    pulls = [*_along(stack, tall, number), *_middles(items, number), *_framed(number)]
    return dict(zip(items, _shortest(pulls, apart, len(number)), strict=False))


def _distances(
    layers: Sequence[Sequence[Item]], tall: Callable[[Item], float], number: dict[Stop, int]
) -> list[Below]:
    """Return who must stay how far below whom; a frame counts as a top and a bottom line."""
    return [
        (number.setdefault(a, len(number)), number.setdefault(b, len(number)), _gap(a, b, tall))
        for layer in layers
        for a, b in pairwise(_stops(layer))
    ]


def _stops(layer: Sequence[Item]) -> list[Stop]:
    stops: list[Stop] = []
    for group, members in groupby(layer, key=lambda item: item.group):
        inside: list[Stop] = [*members]
        stops += inside if group is None else [(group, "top"), *inside, (group, "bottom")]
    return stops


def _gap(a: Stop, b: Stop, tall: Callable[[Item], float]) -> float:
    halves = sum(tall(stop) / 2 for stop in (a, b) if isinstance(stop, Item))
    if isinstance(a, tuple) and a[1] == "top":
        return halves + FRAME_TOP
    if isinstance(b, tuple) and b[1] == "bottom":
        return halves + FRAME_BOTTOM
    bends = sum(isinstance(stop, Item) and stop.node is None for stop in (a, b))
    return halves + (20.0, 14.0, 8.0)[bends]


def _along(stack: Stack, tall: Callable[[Item], float], number: Mapping[Stop, int]) -> list[Pull]:
    """Return the pulls of wires on what they join, from column to column."""
    pulls = []
    for path in stack.paths:
        for a, b in pairwise(path):
            if a.layer != b.layer:
                strength = STRENGTH[(a.node is None) + (b.node is None)]
                pulls.append(Pull({number[a]: -1.0, number[b]: 1.0}, strength))
                continue
            bend, box = (a, b) if a.node is None else (b, a)  # that hangs below, to turn round it
            below = {number[bend]: 1.0, number[box]: -1.0}
            pulls.append(Pull(below, HANGING, (tall(a) + tall(b)) / 2 + 12))
    return pulls


def _middles(items: Sequence[Item], number: Mapping[Stop, int]) -> list[Pull]:
    """Return the pulls of several neighbours on a box, to the middle of those on each side."""
    beside = [
        (item, [other for other in item.near if (other.layer < item.layer) == before])
        for item in items
        if item.node is not None
        for before in (True, False)
    ]
    return [_mean(item, near, number, CENTRE) for item, near in beside if len(near) > 1]


def _framed(number: Mapping[Stop, int]) -> list[Pull]:
    """Return the pulls that keep frames small, and the empty places of a frame by what is in it."""
    pulls = [
        Pull({number[stop[0], "bottom"]: 1.0, i: -1.0}, FRAME)
        for stop, i in number.items()
        if isinstance(stop, tuple) and stop[1] == "top"
    ]
    inside: dict[str, list[Item]] = {}
    for stop in number:
        if isinstance(stop, Item) and stop.group is not None and not stop.placeholder:
            inside.setdefault(stop.group, []).append(stop)
    empty = [stop for stop in number if isinstance(stop, Item) and stop.placeholder]
    return pulls + [_mean(one, inside[str(one.group)], number, FRAME) for one in empty]


def _mean(item: Item, near: Sequence[Item], number: Mapping[Stop, int], strength: float) -> Pull:
    weights = {number[item]: 1.0}
    for other in near:
        weights[number[other]] = weights.get(number[other], 0.0) - 1 / len(near)
    return Pull(weights, strength * len(near))


def _shortest(pulls: Sequence[Pull], apart: Sequence[Below], n: int) -> list[float]:
    """Return n heights, at least 0, that keep every distance and follow all pulls best."""
    from scipy.optimize import linprog
    from scipy.sparse import block_array, eye_array

    sums, off = _matrix([pull.weights for pull in pulls], n), eye_array(len(pulls))
    order = _matrix([{a: 1.0, b: -1.0} for a, b, _ in apart], n)
    wishes = np.array([pull.wish for pull in pulls])
    above: Any = block_array([[sums, -off], [-sums, -off], [order, None]], format="csr")
    most = np.concatenate([wishes, -wishes, [-least for *_, least in apart]])
    costs = np.concatenate([np.full(n, UP), [pull.strength for pull in pulls]])
    found = linprog(costs, above, most)
    if found.x is None:
        raise GraphError(f"draw: no heights were found: {found.message}")
    return [float(y) for y in found.x[:n]]


def _matrix(rows: Sequence[Mapping[int, float]], n: int) -> Any:
    from scipy.sparse import csr_array

    entries = [(k, i, weight) for k, row in enumerate(rows) for i, weight in row.items()]
    at, to, weights = np.array(entries, float).reshape(-1, 3).T
    return csr_array((weights, (at.astype(int), to.astype(int))), shape=(len(rows), n))
