"""Attention that serves a linear head of its own: offline, supervised, several passes."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from nodegraph import Array, Lesson, Seen
from nodegraph.arrays import copy_tree
from nodegraph.errors import warn
from nodes.parts.causal_heads import Heads, Weights, features, gradients
from nodes.parts.descent import FADING, descended, moments
from nodes.parts.own_head import OwnHead
from nodes.parts.scene import Scene
from nodes.parts.series_windows import SeriesWindows, earlier
from nodes.ridge_regression.blas import bounded_threads
from nodes.ridge_regression.statistics import Statistics

__all__ = ["LocalDescent"]

WARM = 0.1  # share of the updates in which the rate rises
HARDLY = 0.05  # share of a weight that is next to nothing


class LocalDescent(OwnHead):
    """Let attention heads and hidden units learn what a ridge of their own leaves over [1]_.

    First a linear head of the inputs alone is solved for. What it leaves, r, is then told by
    ``U [c, h] + u`` from heads c and hidden units h of the node, and every weight goes down the
    slope of ``|r - U [c, h] - u|^2`` by Adam, see `nodes.parts.descent`. A head or a unit hears the
    error of this linear map alone: nothing passes from unit to unit, from hidden units back to
    heads, or to another node. In the end the head of inputs, heads and units is solved for.

    The slope is taken over windows of whole series, from their first step on, each with the `span`
    steps before it; weights move when windows of together `batch` rows have been seen. The rate
    rises for a tenth of the updates, and falls to 0 as a cosine. Series are learned from in turn.

    Parameters
    ----------
    passes : int
        How often it goes through the data by Adam; two more are for the heads. 0 leaves all as it
        was drawn.
    rate : float, above 0
        Size of the largest step.
    batch : int
        How many rows an update looks at, at least.
    window : int
        How many steps of a series are looked at together.
    decay : float, at least 0
        Pull of the weights towards 0: each update takes `decay` times its rate off them.
    heads, span, ahead : int
        Those of the node.
    ridge, epsilon, activation
        See `nodes.parts.own_head.OwnHead`.

    References
    ----------
    .. [1] H. Mostafa, V. Ramesh, G. Cauwenberghs, Front. Neurosci. 12 (2018) 608.
    """

    class Memory(NamedTuple):
        """Where learning stands."""

        turn: int  # passes that are over
        done: int  # rows that weights have moved by
        open: int  # rows whose slopes wait in the sums
        powers: Array  # (2,), see `nodes.parts.descent.descended`
        windows: SeriesWindows
        at: Weights
        slopes: Weights  # `nodes.parts.descent.moments` of each
        scene: Scene
        sums: Statistics  # of features and target

    modifies: ClassVar[tuple[str, ...]] = (
        *("W_q", "b_q", "W_k", "W_v", "b_v", "W_h", "b_h"),
        *("gain", "V", "offset", "centre"),
    )
    counts: ClassVar[str] = "passes"
    deals: ClassVar[bool] = True  # so that series have numbers, which tell one from the next
    looks_back: ClassVar[bool] = True  # at rows of the warm-up, and those without a target

    passes: NonNegativeInt = 16
    rate: PositiveFloat = 1e-3
    batch: PositiveInt = 1000
    window: PositiveInt = 256
    decay: NonNegativeFloat = 0.01
    heads: PositiveInt = 1
    span: PositiveInt = 16
    ahead: NonNegativeInt = 0

    @property
    def last(self) -> int:
        """The number of the pass that solves for the head that is kept."""
        return self.passes + 1

    @property
    def how(self) -> Heads:
        """How heads and units look at a window."""
        return Heads(self.heads, self.span, self.activation)

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first pass."""
        dtype, (width, n_in) = params.W_q.dtype, params.W_q.shape
        n_out = width + len(params.b_h)
        drawn = {name: np.array(getattr(params, name)) for name in Weights._fields[:-2]}
        U, u = np.zeros((len(params.offset), n_out), dtype), np.zeros(len(params.offset), dtype)
        at = Weights(**drawn, U=U, u=u)
        slopes = Weights(*(moments(w).astype(dtype) for w in at))
        scene = Scene.unknown(n_in, len(at.u), dtype)
        windows = SeriesWindows.empty(scene.mean[None])
        sums = Statistics.empty(n_in, len(at.u))
        return self.Memory(0, 0, 0, np.ones(2), windows, at, slopes, scene, sums)

    def gather(self, params: Any, memory: Memory, lesson: Lesson, ys: Array) -> tuple[Any, Memory]:
        """Gather the rows of a chunk, in place; those that teach nothing are looked back at."""
        x, ts = lesson.inputs["x"], lesson.target
        if ts is None:
            return params, memory
        ts = np.where(lesson.rows[:, None], ts, ts.dtype.type(np.nan))
        return params, self.added(memory, Seen(x, ys, target=ts, number=lesson.number))

    def added(self, memory: Memory, seen: Seen) -> Memory:
        """Return the memory with rows more; windows that are whole are learned from."""
        xs, ts = np.atleast_2d(seen.x).copy(), np.atleast_2d(seen.target).copy()
        series = -1 if seen.number is None else seen.number
        if series != memory.windows.number:
            memory = self._ended(memory, series)
        early = memory.windows.steps + np.arange(len(xs)) < self.ahead
        ts[early] = np.nan  # they are told of what was before the series
        memory = memory._replace(windows=memory.windows.add(xs, ts))
        while memory.windows.waiting >= self.window:
            memory = self._windowed(memory)
        return memory

    def _ended(self, memory: Memory, series: int = -1) -> Memory:
        """Return the memory after the end of a series, before another one."""
        if memory.windows.waiting:
            memory = self._windowed(memory)
        return memory._replace(windows=SeriesWindows.empty(memory.windows.before, series))

    def _windowed(self, memory: Memory) -> Memory:
        """Return the memory after the next window of the rows that wait."""
        windows, x, ts = memory.windows.cut(self.window, max(self.span - 1, self.ahead))
        memory = memory._replace(windows=windows)
        if not np.isfinite(ts).all(axis=1).any():
            return memory
        query = earlier(x, len(ts), self.ahead)
        with bounded_threads():
            return self._learned(memory, query, x, ts)

    def _learned(self, memory: Memory, query: Array, x: Array, ts: Array) -> Memory:
        known = np.isfinite(ts).all(axis=1)
        if memory.turn == 0:
            return memory._replace(sums=memory.sums.add(query[known], ts[known]))
        scene = memory.scene
        near, seen = scene.scaled(query), scene.scaled(x)
        if memory.turn == self.last:
            y = features(memory.at, self.how, near, seen).y
            rows = np.concatenate([scene.about(query), y], axis=1)
            return memory._replace(sums=memory.sums.add(rows[known], ts[known]))
        left = scene.left(query, ts)
        for total, slope in zip(
            memory.slopes, gradients(memory.at, self.how, near, seen, left), strict=True
        ):
            total[0] += slope
        memory = memory._replace(open=memory.open + int(known.sum()))
        return self._moved(memory) if memory.open >= self.batch else memory

    def _moved(self, memory: Memory) -> Memory:
        """Return the memory after an update."""
        powers, done = memory.powers * np.array(FADING), memory.done + memory.open
        pace = _Pace(self._rate(done / (self.passes * memory.scene.rows)), self.decay)
        pairs = [
            descended(w, sums, powers.astype(w.dtype), pace, memory.open)  # type: ignore[arg-type]
            for w, sums in zip(memory.at, memory.slopes, strict=True)
        ]
        at, slopes = (Weights(*part) for part in zip(*pairs, strict=True))
        return memory._replace(powers=powers, done=done, open=0, at=at, slopes=slopes)

    def _rate(self, share: float) -> float:
        """Return the rate when this share of all rows has been seen."""
        if share < WARM:
            return self.rate * share / WARM
        return float(self.rate * (1 + np.cos(np.pi * (share - WARM) / (1 - WARM))) / 2)

    def merges(self, params: Any) -> bool:
        """Tell that series are learned from in turn."""
        return False

    def after_pass(self, memory: Memory) -> tuple[Memory, bool]:
        """Return the memory of the next pass; of the last one it stays, for more rows."""
        memory = self.closed(memory)
        if memory.turn == self.last:
            return memory, False
        if memory.turn == 0:
            scene = Scene.of(memory.sums, self.epsilon, self.ridge, memory.at.W_q.dtype)
            memory = memory._replace(scene=scene)
        elif memory.open:
            memory = self._moved(memory)
        if memory.turn == self.passes:
            self._doubt(memory)
            n_in, n_out = len(memory.scene.mean), memory.at.U.shape[1]
            memory = memory._replace(sums=Statistics.empty(n_in + n_out, len(memory.at.u)))
        return memory._replace(turn=memory.turn + 1), True

    def _doubt(self, memory: Memory) -> None:
        """Warn where all updates together are next to nothing beside the weights."""
        updates = np.log(memory.powers[0]) / np.log(FADING[0])
        reach, size = self.rate * (updates - 1) / 2, float(np.sqrt(np.square(memory.at.W_q).mean()))
        if self.passes and reach < HARDLY * size:
            warn(
                f"LocalDescent: heads and units are hardly other than drawn: {updates:.0f} updates "
                f"move a weight by {reach:.1g} at most, beside {size:.1g}; lower batch "
                f"({self.batch}) and window ({self.window}), or raise passes ({self.passes}) or "
                f"rate ({self.rate:g})"
            )

    def closed(self, memory: Memory) -> Memory:
        """Return a copy in which the last window of a series is learned from, though short."""
        return self._ended(copy_tree(memory))

    def whitened_by(self, memory: Memory) -> tuple[Array, Array]:
        """Return the mean of the inputs, and the matrix that whitens them."""
        scene = memory.scene
        return scene.mean.astype(float) + scene.rest, scene.M

    def of_raw_inputs(self, memory: Memory, mean: Array) -> dict[str, Array]:
        """Return the weights for inputs that have this mean, and their own spread."""
        scene, found = memory.scene, {}
        spread, n_in = scene.spread.astype(float), len(scene.mean)
        for name, bias in (("W_q", "b_q"), ("W_k", ""), ("W_v", "b_v"), ("W_h", "b_h")):
            W = getattr(memory.at, name).astype(float)
            W[:, :n_in] /= spread
            found[name] = W
            if bias:
                found[bias] = getattr(memory.at, bias) - W[:, :n_in] @ mean
        return found


class _Pace(NamedTuple):
    """What `nodes.parts.descent.descended` asks of a rule."""

    rate: float
    decay: float
