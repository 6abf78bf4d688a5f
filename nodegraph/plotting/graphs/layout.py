"""Where boxes, wires and frames lie: from a graph to a picture in pixels, before any markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

import networkx as nx

from nodegraph.plotting.graphs.coordinates import FRAME_BOTTOM, FRAME_TOP, heights
from nodegraph.plotting.graphs.labels import Caption, Wire, captions, shorten, text_width, wires
from nodegraph.plotting.graphs.ordering import Item, Stack, stack

__all__ = ["Box", "Label", "Picture", "Point", "Rect", "Route", "layout"]

MARGIN = 22.0
STUB = 26.0
LABEL_HEIGHT = 16.0

Point = tuple[float, float]
Slots = dict[tuple[Item, int], dict[int, float]]


class Rect(NamedTuple):
    """Left, top, width and height in pixels."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Rect) -> bool:
        """Whether the two share more than a border."""
        beside = self.x >= other.x + other.width or other.x >= self.x + self.width
        above = self.y >= other.y + other.height or other.y >= self.y + self.height
        return not (beside or above)


class Box(NamedTuple):
    """One node: what it says and where it is."""

    caption: Caption
    rect: Rect


class Label(NamedTuple):
    """Words on a wire."""

    text: str
    rect: Rect


class Route(NamedTuple):
    """One wire as cubic Bezier pieces: start, then two controls and an end for each piece."""

    wire: Wire
    points: list[Point]
    backward: bool
    label: Label | None


class Picture(NamedTuple):
    """A whole graph, laid out; `entries` and `exits` are the arrows from and to the outside."""

    width: float
    height: float
    boxes: list[Box]
    routes: list[Route]
    frames: list[tuple[str, Rect]]
    entries: list[tuple[Point, Point]]
    exits: list[tuple[Point, Point]]


def layout(net: nx.MultiDiGraph[str]) -> Picture:
    """Lay a graph out from left to right.

    Wires bend in the gaps between columns only, where no box can be, and cross a column at the
    height of a bend that keeps its distance from every box: no wire runs through a box that it
    does not join. Wires that close a cycle run back below (or above) what they span.
    """
    return _Layout(captions(net), wires(net), net).picture()


@dataclass(frozen=True)
class _Layout:
    captions: dict[str, Caption]
    wires: list[Wire]
    net: nx.MultiDiGraph[str]

    def picture(self) -> Picture:
        frames = [(group, self._frame(items)) for group, items in self._groups.items()]
        bottom = max((self._y[i] + self._tall(i) / 2 for i in self._y), default=0.0)
        floor = max([bottom, *(r.y + r.height for _, r in frames)]) + MARGIN
        right = self._lefts[-1] + self._widths[-1] + self._gaps[-1] if self._widths else 0.0
        boxes = [Box(self.captions[n], self._rect(i)) for n, i in self._boxes.items()]
        width = max(right, 2 * MARGIN)
        ends = self._entries(), self._exits()
        return Picture(width, floor, boxes, self._routes(), frames, *ends)

    @cached_property
    def _stack(self) -> Stack:
        return stack(self.net, self.wires)

    @cached_property
    def _boxes(self) -> dict[str, Item]:
        found = {i.node: i for layer in self._stack.layers for i in layer if i.node is not None}
        return {name: found[name] for name in self.captions}

    @cached_property
    def _groups(self) -> dict[str, list[Item]]:
        groups: dict[str, list[Item]] = {}
        for item in (i for layer in self._stack.layers for i in layer if i.group is not None):
            groups.setdefault(str(item.group), []).append(item)
        return groups

    @cached_property
    def _labelled(self) -> dict[Item, str]:
        """The bend of each long wire that carries its words: the one in the middle."""
        bends = ((p[1:-1], w.label) for p, w in zip(self._stack.paths, self.wires, strict=True))
        return {b[len(b) // 2]: shorten(label) for b, label in bends if b and label}

    def _tall(self, item: Item) -> float:
        if item.node is not None:
            caption = self.captions[item.node]
            ports = max(self.net.in_degree(item.node), self.net.out_degree(item.node))
            return max(48.0 + 20.0 * bool(caption.badge), min(12.0 + 8.0 * ports, 140.0))
        worded = item.wire is not None and self.wires[item.wire].label
        return LABEL_HEIGHT + 2.0 if worded else 6.0 * (not item.placeholder)

    @cached_property
    def _y(self) -> dict[Item, float]:
        y = heights(self._stack, self._tall)
        tops = (y[i] - self._tall(i) / 2 - FRAME_TOP * (i.group is not None) for i in y)
        shift = MARGIN - min(tops, default=0.0)
        return {item: value + shift for item, value in y.items()}

    @cached_property
    def _widths(self) -> list[float]:
        return [max(map(self._wide, layer)) for layer in self._stack.layers]

    def _wide(self, item: Item) -> float:
        if item.node is None:
            return text_width(self._labelled.get(item, ""), 11) + 24
        caption = self.captions[item.node]
        name = text_width(shorten(caption.short_name), 14.5) + 20 * caption.loop
        badge = text_width(shorten(caption.badge), 10.5) + 14
        return max(96.0, 26 + max(name, text_width(shorten(caption.details, 48), 11.5), badge))

    @cached_property
    def _gaps(self) -> list[float]:
        """Free width before each column and after the last: for turns, frames and words."""
        words = [0.0] * (len(self._widths) + 1)
        rise = [0.0] * (len(self._widths) + 1)
        for path, wire in zip(self._stack.paths, self.wires, strict=True):
            if len(path) == 2:
                k = path[1].layer
                words[k] = max(words[k], text_width(wire.label, 11) + 24 * bool(wire.label))
            for a, b in ((a, b) for a, b in pairwise(path) if a.layer != b.layer):
                k = max(a.layer, b.layer)
                rise[k] = max(rise[k], abs(self._y[a] - self._y[b]))
        frames = self._frame_room()
        plain = [MARGIN + STUB, *(56.0 for _ in self._widths[1:]), MARGIN + STUB]
        extra = [f + w + min(0.15 * r, 90.0) for f, w, r in zip(frames, words, rise, strict=True)]
        return [p + e for p, e in zip(plain, extra, strict=False)]

    def _frame_room(self) -> list[float]:
        before, after = [0.0] * (len(self._widths) + 1), [0.0] * (len(self._widths) + 1)
        for items in self._groups.values():
            first, last = min(i.layer for i in items), max(i.layer for i in items) + 1
            before[first] = max(before[first], self._pad(items, first))
            after[last] = max(after[last], self._pad(items, last - 1))
        for item in (i for layer in self._stack.layers for i in layer if i.host is not None):
            for gaps, k in ((before, item.layer), (after, item.layer + 1)):
                gaps[k] = max(gaps[k], 22.0)
        return [b + a for b, a in zip(before, after, strict=True)]

    def _pad(self, items: Iterable[Item], layer: int) -> float:
        """Room between the boxes and the frame around them, wider where wires turn round."""
        turns = any(i.host is not None and i.layer == layer for i in items)
        return 44.0 if turns else 18.0

    @cached_property
    def _lefts(self) -> list[float]:
        steps = [g + w for g, w in zip(self._gaps[1:], self._widths, strict=False)]
        return list(accumulate(steps, initial=self._gaps[0] if self._gaps else 0.0))[:-1]

    def _rect(self, item: Item) -> Rect:
        tall = self._tall(item)
        left, width = self._lefts[item.layer], self._widths[item.layer]
        return Rect(left, self._y[item] - tall / 2, width, tall)

    def _frame(self, items: Sequence[Item]) -> Rect:
        solid = [i for i in items if not i.placeholder]
        first, last = min(i.layer for i in items), max(i.layer for i in items)
        left = self._lefts[first] - self._pad(items, first)
        right = self._lefts[last] + self._widths[last] + self._pad(items, last)
        top = min(self._y[i] - self._tall(i) / 2 for i in solid) - FRAME_TOP + 2
        bottom = max(self._y[i] + self._tall(i) / 2 for i in solid) + FRAME_BOTTOM - 2
        return Rect(left, top, right - left, bottom - top)

    @cached_property
    def _slots(self) -> Slots:
        """Where each wire leaves (side 1) or enters (side -1) its box; wire -1 is the outside."""
        ends: dict[tuple[Item, int], list[tuple[tuple[int, float], int]]] = {}
        for index, path in enumerate(self._stack.paths):
            for box, beside, side in ((path[0], path[1], 1), (path[-1], path[-2], -1)):
                ends.setdefault((box, side), []).append((self._place(box, beside), index))
        for box, side in self._open_ends():
            ends.setdefault((box, side), []).append(((0, self._y[box]), -1))
        slots = {(box, side): self._spread(box, found) for (box, side), found in ends.items()}
        self._level(slots)
        return slots

    def _spread(self, box: Item, ends: list[tuple[tuple[int, float], int]]) -> dict[int, float]:
        step = min(13.0, (self._tall(box) - 20) / max(len(ends) - 1, 1))
        top = self._y[box] - step * (len(ends) - 1) / 2
        return {index: top + step * place for place, (_, index) in enumerate(sorted(ends))}

    def _level(self, slots: Slots) -> None:
        """Shift ends a little where that makes a wire straight."""
        for index, path in enumerate(self._stack.paths):
            hops = ((path[0], 1, path[1], -1), (path[-1], -1, path[-2], 1))
            for box, side, beside, other in hops:
                mine, theirs = slots[box, side], slots.get((beside, other), {})
                y = theirs.get(index, self._y[beside])
                inside = abs(y - self._y[box]) < self._tall(box) / 2 - 10
                if box.layer != beside.layer and inside and _is_free(y, index, mine):
                    mine[index] = y

    def _open_ends(self) -> list[tuple[Item, int]]:
        inputs = [(i, -1) for n, i in self._boxes.items() if self.captions[n].input]
        return inputs + [(i, 1) for n, i in self._boxes.items() if self.captions[n].output]

    def _place(self, box: Item, beside: Item) -> tuple[int, float]:
        if box.layer != beside.layer:
            return 0, self._y[beside]
        return (1 if self._y[beside] > self._y[box] else -1), -self._y[beside]

    def _entries(self) -> list[tuple[Point, Point]]:
        tips = [self._end(box, side, -1) for box, side in self._open_ends() if side < 0]
        return [((x - STUB, y), (x, y)) for x, y in tips]

    def _exits(self) -> list[tuple[Point, Point]]:
        tips = [self._end(box, side, -1) for box, side in self._open_ends() if side > 0]
        return [((x, y), (x + STUB, y)) for x, y in tips]

    def _routes(self) -> list[Route]:
        taken: list[Rect] = []
        return [self._route(i, path, taken) for i, path in enumerate(self._stack.paths)]

    def _route(self, index: int, path: Sequence[Item], taken: list[Rect]) -> Route:
        back = index in self._stack.backward
        turn = -1.0 if back else 1.0
        points: list[Point] = [self._end(path[0], 1, index)]
        for a, b in pairwise(path):
            y = self._y[b] if b.node is None else self._slots[b, -1][index]
            if a.layer == b.layer:
                side = 1.0 if a.node is not None else -1.0
                points += self._turn(points[-1], y, side, b if side > 0 else a)
            else:
                points += _bow(points[-1], (self._side(b.layer, -turn), y))
            if b.node is None:
                points += _bow(points[-1], (self._side(b.layer, turn), y))
        return Route(self.wires[index], points, back, self._label(index, path, points, taken))

    def _end(self, box: Item, side: int, index: int) -> Point:
        return self._side(box.layer, side), self._slots[box, side][index]

    def _side(self, layer: int, side: float) -> float:
        return self._lefts[layer] + (self._widths[layer] if side > 0 else 0.0)

    def _turn(self, start: Point, y: float, side: float, bend: Item) -> list[Point]:
        """Turn round beside a box; wires with a longer way to go swing wider."""
        rivals = [i for i in self._stack.layers[bend.layer] if i.host is bend.host]
        inner = sum(abs(self._y[i] - self._y[_host(bend)]) < abs(y - start[1]) for i in rivals)
        swing = side * (34.0 + 9.0 * min(inner, 3))
        return [(start[0] + swing, start[1]), (start[0] + swing, y), (start[0], y)]

    def _label(
        self, index: int, path: Sequence[Item], points: Sequence[Point], taken: list[Rect]
    ) -> Label | None:
        text = shorten(self.wires[index].label)
        if not text:
            return None
        bend = next((i for i in path[1:-1] if i in self._labelled), None)
        rects = [_centred(text, p) for p in self._spots(points, bend)]
        free = (r for r in rects if not any(r.overlaps(other) for other in taken))
        rect = next(free, rects[0])
        taken.append(rect)
        return Label(text, rect)

    def _spots(self, points: Sequence[Point], bend: Item | None) -> list[Point]:
        if bend is not None:
            return [(self._lefts[bend.layer] + self._widths[bend.layer] / 2, self._y[bend])]
        return [bezier(points[:4], t) for t in (0.5, 0.4, 0.6, 0.3, 0.7, 0.25, 0.75)]


def bezier(piece: Sequence[Point], t: float) -> Point:
    """Return the point of a cubic Bezier piece at `t` in [0, 1]."""
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    xs, ys = (sum(w * p[k] for w, p in zip(weights, piece, strict=True)) for k in (0, 1))
    return xs, ys


def _is_free(y: float, index: int, slots: dict[int, float]) -> bool:
    """Whether one end may move to `y` without coming near another or changing places with it."""
    others = [slot for other, slot in slots.items() if other != index]
    return all(abs(y - o) > 9 and (y < o) == (slots[index] < o) for o in others)


def _host(bend: Item) -> Item:
    return bend.host or bend


def _bow(start: Point, end: Point) -> list[Point]:
    middle = (start[0] + end[0]) / 2
    return [(middle, start[1]), (middle, end[1]), end]


def _centred(text: str, middle: Point) -> Rect:
    width = text_width(text, 11) + 12
    return Rect(middle[0] - width / 2, middle[1] - LABEL_HEIGHT / 2, width, LABEL_HEIGHT)
