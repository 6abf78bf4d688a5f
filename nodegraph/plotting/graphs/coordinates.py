"""How high everything in the layers stands: short straight wires, nothing on top of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from graphlib import TopologicalSorter
from itertools import groupby, pairwise
from statistics import fmean

import numpy as np
import numpy.typing as npt

from nodegraph.plotting.graphs.ordering import Item, Stack

__all__ = ["FRAME_BOTTOM", "FRAME_TOP", "heights"]

FRAME_TOP, FRAME_BOTTOM = 30.0, 14.0
WORK = 16000  # items moved in all, which bounds the time of large graphs
STEP = 0.7
SETTLED = 0.05
NEAR = 16.0
STRENGTH = (2.0, 1.0, 6.0)  # between boxes, box and bend, bends

Stop = Item | tuple[str, str]  # an item, or the top or bottom line of a frame
Below = tuple[int, int, float]  # the second stands at least so far below the first
Floats = npt.NDArray[np.float64]
Spring = tuple[int, int, float, float]  # one end, other end, wished distance, strength
Neighbours = list[list[tuple[int, float]]]
Line = tuple[int, bool, set[int]]  # a line of a frame, whether it is the top, who is inside


def heights(stack: Stack, tall: Callable[[Item], float]) -> dict[Item, float]:
    """Return the vertical centre of every item, in pixels from the top.

    Each item is drawn to the mean height of its neighbours along wires (bends of one wire more
    strongly than boxes), then moved as little as possible to keep its distance: the mean of the
    solution that only pushes down and the one that only pushes up.

    Parameters
    ----------
    stack : Stack
        Layers, ordered from top to bottom.
    tall : callable
        Height of an item in pixels.
    """
    items = [item for layer in stack.layers for item in layer]
    if not items:
        return {}
    number: dict[Stop, int] = {item: i for i, item in enumerate(items)}
    apart = _distances(stack.layers, tall, number)
    ys = _relax(_springs(stack, tall, number), apart, len(items), _lines(number))
    _align(stack.paths, number, apart, ys)
    return {item: ys[i] for i, item in enumerate(items)}


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


def _lines(number: dict[Stop, int]) -> list[Line]:
    inside: dict[str | None, set[int]] = {}
    for stop, i in number.items():
        if isinstance(stop, Item) and not stop.placeholder:
            inside.setdefault(stop.group, set()).add(i)
    frames = [(stop, i) for stop, i in number.items() if isinstance(stop, tuple)]
    return [(i, end == "top", inside[group]) for (group, end), i in frames]


def _springs(stack: Stack, tall: Callable[[Item], float], number: dict[Stop, int]) -> list[Spring]:
    """Return (one end, other end, wished distance, strength) in both directions."""
    springs: list[Spring] = []
    for path in stack.paths:
        for a, b in pairwise(path):
            i, j = number[a], number[b]
            turn = a.layer == b.layer  # the bend hangs below the box it turns round
            hang = (tall(a) + tall(b)) / 2 + 12 if turn else 0.0
            hang = -hang if a.node is None else hang
            strength = 3.0 if turn else STRENGTH[(a.node is None) + (b.node is None)]
            springs += [(i, j, hang, strength), (j, i, -hang, strength)]
    return springs + _followers(number)


def _followers(number: dict[Stop, int]) -> list[Spring]:
    """Let the empty place of a frame follow what is inside the frame."""
    items = [(stop, i) for stop, i in number.items() if isinstance(stop, Item) and stop.group]
    return [
        (i, j, 0.0, 1.0)
        for empty, i in items
        if empty.placeholder
        for other, j in items
        if other.group == empty.group and not other.placeholder
    ]


def _relax(
    springs: Sequence[Spring], apart: Sequence[Below], n_items: int, lines: Sequence[Line]
) -> list[float]:
    table = np.array(springs, float).reshape(-1, 4)
    ends, others = table[:, 0].astype(int), table[:, 1].astype(int)
    wish, strength = table[:, 2], table[:, 3]
    n_all = n_items + len(lines)
    mass = np.asarray(np.bincount(ends, strength, n_all) + 1e-3, float)
    order, up, down = _passes(apart, n_all)
    y = _spread(order, up, down, [0.0] * n_all)
    for reach in 1.0 + 40.0 * np.linspace(1.0, 0.0, min(max(WORK // n_all, 30), 200)) ** 2:
        pull = np.bincount(ends, strength * (y[others] - wish - y[ends]), n_all) / mass
        step = STEP * _collide(pull, mass, _touching(y, apart))
        moved = (y + np.clip(step, -reach, reach)).tolist()
        before, y = y, _spread(order, up, down, _hug(moved, lines, up, down))
        if np.abs(y - before).max() < SETTLED:
            break
    return [float(value) for value in y]


def _touching(y: Floats, apart: Sequence[Below]) -> list[tuple[int, int]]:
    table = np.array(apart, float).reshape(-1, 3)
    pairs = table[:, :2].astype(int)
    close = y[pairs[:, 1]] - y[pairs[:, 0]] < table[:, 2] + 0.5
    return [(a, b) for a, b in pairs[close].tolist()]


def _collide(pull: Floats, mass: Floats, touching: Sequence[tuple[int, int]]) -> Floats:
    """Let things that touch and are pulled into each other move as one, as heavy as both."""
    block = list(range(len(pull)))
    members = [[i] for i in block]
    speed, weight = pull.tolist(), mass.tolist()
    pressed = True
    while pressed:
        pressed = False
        for a, b in touching:
            i, j = block[a], block[b]
            if i != j and speed[i] > speed[j] + 1e-9:
                i, j = (i, j) if len(members[i]) > len(members[j]) else (j, i)
                speed[i] = (weight[i] * speed[i] + weight[j] * speed[j]) / (weight[i] + weight[j])
                weight[i] += weight[j]
                members[i] += members[j]
                for k in members[j]:
                    block[k] = i
                pressed = True
    return np.array([speed[i] for i in block])


def _spread(
    order: Sequence[int], up: Neighbours, down: Neighbours, wished: Sequence[float]
) -> Floats:
    lower = np.array(_push(order, up, wished, max, 1.0))
    return (lower + _push(order[::-1], down, wished, min, -1.0)) / 2


def _hug(ys: list[float], lines: Sequence[Line], up: Neighbours, down: Neighbours) -> list[float]:
    """Wish every frame line as close to what is inside as it may be."""
    for line, top, inside in lines:
        if top:
            ys[line] = min(ys[i] - least for i, least in down[line] if i in inside)
        else:
            ys[line] = max(ys[i] + least for i, least in up[line] if i in inside)
    return ys


def _passes(apart: Sequence[Below], n_all: int) -> tuple[list[int], Neighbours, Neighbours]:
    up: Neighbours = [[] for _ in range(n_all)]
    down: Neighbours = [[] for _ in range(n_all)]
    sorter: TopologicalSorter[int] = TopologicalSorter({i: () for i in range(n_all)})
    for a, b, least in apart:
        sorter.add(b, a)
        up[b].append((a, least))
        down[a].append((b, least))
    return list(sorter.static_order()), up, down


def _push(
    order: Sequence[int],
    against: Neighbours,
    wished: Sequence[float],
    choose: Callable[..., float],
    sign: float,
) -> list[float]:
    y = list(wished)
    for i in order:
        for j, least in against[i]:
            y[i] = choose(y[i], y[j] + sign * least)
    return y


def _align(
    paths: Sequence[Sequence[Item]],
    number: dict[Stop, int],
    apart: Sequence[Below],
    ys: list[float],
) -> None:
    """Bring boxes that follow each other, and the bends of a wire, to one height."""
    for path in sorted(paths, key=len, reverse=True):
        bends = {number[item] for item in path if item.node is None}
        if len(bends) > 1:
            _move(bends, fmean(ys[i] for i in bends), apart, ys)
    moved: set[Item] = set()
    for a, b in sorted((p for p in paths if len(p) == 2), key=lambda p: p[0].layer):
        for box, level in ((b, ys[number[a]]), (a, ys[number[b]])):
            if box not in moved and abs(ys[number[box]] - level) < NEAR:
                _move({number[box]}, level, apart, ys)
                moved.add(box)


def _move(them: set[int], level: float, apart: Sequence[Below], ys: list[float]) -> None:
    """Move all to one level, or the nearest that keeps every distance, if there is one."""
    low = max((ys[a] + d for a, b, d in apart if b in them and a not in them), default=-np.inf)
    high = min((ys[b] - d for a, b, d in apart if a in them and b not in them), default=np.inf)
    if low <= high + 10 * SETTLED:
        for i in them:
            ys[i] = float(np.clip(level, low, max(low, high)))
