"""Attention that serves a linear head of its own: offline, supervised, several passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from nodegraph import Array, Lesson, Seen
from nodegraph.arrays import copy_tree
from nodes.parts.causal_heads import Heads, Weights, features, gradients
from nodes.parts.descent import FADING, descended, moments
from nodes.parts.lone_learner import LoneLearner
from nodes.parts.series_windows import SeriesWindows, earlier
from nodes.parts.slopes import Slanted
from nodes.parts.whitened_head import Head, gains, head_of, moving, require_rows, whitening
from nodes.ridge_regression.blas_threads import bounded_threads
from nodes.ridge_regression.gram import product
from nodes.ridge_regression.statistics import Statistics
from nodes.ridge_regression.strength import mean_rmse

__all__ = ["LocalDescent"]

WARM = 0.1  # share of the updates in which the rate rises


class Scene(NamedTuple):
    """What the first pass tells of inputs and target."""

    rows: int  # that taught
    mean: Array  # (n_in,)
    spread: Array  # (n_in,)
    M: Array  # (n_in, n_in), see `nodes.parts.whitened_head.whitening`
    base: Head  # of the inputs alone
    size: float  # spread of the target


class LocalDescent(LoneLearner):
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
        Pull of the weights towards 0.
    ridge, epsilon : float
        As in `nodes.rules.LocalError`.
    heads, span, ahead : int
        Those of the node.
    activation : {"relu", "tanh", "sigmoid"}
        f of the hidden units.

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

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = (
        *("W_q", "b_q", "W_k", "W_v", "b_v", "W_h", "b_h"),
        *("gain", "V", "offset"),
    )
    deals: ClassVar[bool] = True  # so that series have numbers, which tell one from the next

    passes: NonNegativeInt = 16
    rate: PositiveFloat = 1e-3
    batch: PositiveInt = 1000
    window: PositiveInt = 256
    decay: NonNegativeFloat = 0.01
    ridge: PositiveFloat = 6e-3
    epsilon: PositiveFloat = 3e-3
    heads: PositiveInt = 1
    span: PositiveInt = 16
    ahead: NonNegativeInt = 0
    activation: Slanted = "relu"

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
        nothing = np.zeros(n_in, dtype)
        head = Head(np.zeros((len(u), n_in)), np.zeros(len(u)))
        scene = Scene(0, nothing, nothing + 1, np.zeros((n_in, n_in)), head, 1.0)
        windows = SeriesWindows.empty(nothing[None])
        sums = Statistics.empty(n_in, len(u))
        return self.Memory(0, 0, 0, np.ones(2), windows, at, slopes, scene, sums)

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return `params` as they are, and the memory with the rows of `seen`."""
        xs, ts = np.atleast_2d(seen.x), np.atleast_2d(seen.target)
        return params, self._added(copy_tree(memory), xs.copy(), ts.copy(), seen.number)

    def gather(self, params: Any, memory: Memory, lesson: Lesson, ys: Array) -> tuple[Any, Memory]:
        """Gather the rows of a chunk, in place."""
        xs, ts = lesson.inputs["x"], lesson.target
        if ts is None:
            return params, memory
        ts = np.where(lesson.rows[:, None], ts, ts.dtype.type(np.nan))
        return params, self._added(memory, xs.copy(), ts, lesson.number)

    def _added(self, memory: Memory, xs: Array, ts: Array, number: int | None) -> Memory:
        """Return the memory with rows more; windows that are whole are learned from."""
        series = -1 if number is None else number
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
        near, seen = (((part - scene.mean) / scene.spread).astype(x.dtype) for part in (query, x))
        if memory.turn > self.passes:
            y = features(memory.at, self.how, near, seen).y
            rows = np.concatenate([query - scene.mean, y], axis=1)
            return memory._replace(sums=memory.sums.add(rows[known], ts[known]))
        base = product(query - scene.mean, np.ascontiguousarray(scene.base.V.T.astype(x.dtype)))
        left = ((ts - base - scene.base.offset) / scene.size).astype(x.dtype)
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
        memory = self._ended(copy_tree(memory))
        if memory.turn > self.passes:
            return memory, False
        if memory.turn == 0:
            memory = self._looked(memory)
        elif memory.open:
            memory = self._moved(memory)
        if memory.turn == self.passes:
            n_in, n_out = len(memory.scene.mean), memory.at.U.shape[1]
            memory = memory._replace(sums=Statistics.empty(n_in + n_out, len(memory.at.u)))
        return memory._replace(turn=memory.turn + 1), True

    def _looked(self, memory: Memory) -> Memory:
        """Return the memory with what the first pass tells."""
        sums, dtype = memory.sums, memory.at.W_q.dtype
        require_rows(sums)
        M, moves = whitening(sums, self.epsilon, dtype), moving(sums, dtype)
        spread = np.where(moves, np.sqrt(sums.xx.diagonal() / sums.n), 1.0).astype(dtype)
        base = head_of(sums, M, self.ridge)
        base = base._replace(offset=base.offset + base.V @ sums.x)
        size = float(np.sqrt(sums.tt.mean() / sums.n)) or 1.0
        scene = Scene(int(sums.n), sums.x.astype(dtype), spread, M, base, size)
        return memory._replace(scene=scene)

    def conclude_team(
        self, params: Sequence[Any], memory: Memory
    ) -> list[tuple[Any, dict[str, Any]]]:
        """Return the params, and rows, passes and training error of the head.

        Raises
        ------
        DataError
            If there was no row to learn from, or sums are no longer finite.
        """
        (alone,) = params
        if memory.turn <= self.passes:  # an engine asks what it would be
            return [(alone, {})]
        done = self._ended(copy_tree(memory))
        sums, scene, at = done.sums, done.scene, done.at
        require_rows(sums)
        head, n_in = head_of(sums, scene.M, self.ridge), len(scene.mean)
        mean = scene.mean.astype(float)
        spread = np.sqrt(sums.xx.diagonal()[n_in:] / sums.n)
        learned = {
            **_of_raw_inputs(at, mean, scene.spread.astype(float)),
            "gain": gains(spread),
            "V": head.V,
            "offset": head.offset - head.V[:, :n_in] @ mean,
        }
        dtype = alone.W_q.dtype
        arrays = {name: np.ascontiguousarray(array, dtype) for name, array in learned.items()}
        error = mean_rmse(sums.squared_error(head.V, head.offset), int(sums.n))
        facts = {"rows": int(sums.n), "passes": self.passes, "train_rmse": error}
        return [(alone._replace(**arrays), facts)]


class _Pace(NamedTuple):
    """What `nodes.parts.descent.descended` asks of a rule."""

    rate: float
    decay: float


def _of_raw_inputs(at: Weights, mean: Array, spread: Array) -> dict[str, Array]:
    """Return the weights for inputs that are not brought to mean 0 and spread 1."""
    n_in, found = len(mean), {}
    for name, bias in (("W_q", "b_q"), ("W_k", ""), ("W_v", "b_v"), ("W_h", "b_h")):
        W = getattr(at, name).astype(float)
        W[:, :n_in] /= spread
        found[name] = W
        if bias:
            found[bias] = getattr(at, bias) - W[:, :n_in] @ mean
    return found
