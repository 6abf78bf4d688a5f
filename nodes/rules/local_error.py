"""Hidden units that serve a linear head of their own: offline, supervised, several passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeInt, PositiveFloat

from nodegraph import Array, Lesson, Seen
from nodegraph.arrays import copy_tree
from nodegraph.fields import Fraction
from nodegraph.graph.lessons import block_of
from nodes.parts.activations import ACTIVATIONS
from nodes.parts.lone_learner import LoneLearner
from nodes.parts.slopes import SLOPES, Slanted
from nodes.parts.whitened_head import Head, gains, head_of, require_rows, whitening
from nodes.ridge_regression.blas_threads import bounded_threads
from nodes.ridge_regression.dual_rows import BLOCK, Pile
from nodes.ridge_regression.gram import product
from nodes.ridge_regression.statistics import Statistics
from nodes.ridge_regression.strength import mean_rmse

__all__ = ["Feedback", "LocalError"]

Feedback = Literal["head", "random"]


class Units(NamedTuple):
    """Hidden units and their head in one pass: what all rows of it are looked at with."""

    W: Array  # (units, n_in), of the whitened input
    bias: Array  # (units,)
    B: Array  # (n_target, units), random feedback; (0, 0) without
    mean: Array  # (n_in,)
    M: Array  # (n_in, n_in), see `nodes.parts.whitened_head.whitening`
    W_x: Array  # (units, n_in), W M
    head: Head


class LocalError(LoneLearner):
    """Let hidden units learn from the error of a linear head of their own layer, unit by unit [1]_.

    With p the input, whitened, ``h = f(W p + bias)``, and a head of inputs and units that is solved
    for in closed form, ``r = t - V [p, h] - offset`` is what it lacks. Then each unit moves along
    its input times that error, seen through its own column u of V, and keeps its length::

        g = sum_t p_t (u . r_t) f'(h_t),   w += rate (1 - i / rounds) |w| g / |g|,   i = 0, 1 ...

    Nothing passes between units but the residual of the head, and nothing leaves the layer. A
    round goes through the data twice, for the head and for the slopes; before the first one mean
    and covariance are taken, and after the last one the head is solved for from all rows. There is
    no optimiser, and nothing is remembered but sums that can be merged. More data, as `update`
    gives them, teach the head alone.

    Parameters
    ----------
    rounds : int
        How often the units move; 0 leaves them as they were drawn.
    share : float in (0, 1]
        Share of the independent series, dealt out evenly, that rounds look at; of a single series,
        of its blocks of 256 rows.
    rate : float
        Length of the first step, as a share of that of the weights.
    ridge : float
        Strength of the penalty on the head, as a share of each feature's sum of squares.
    epsilon : float
        Share of the largest variance that is added to each before whitening.
    feedback : {"head", "random"}
        Whether u is the head's weight, or drawn once [2]_.
    activation : {"relu", "tanh", "sigmoid"}
        f.

    References
    ----------
    .. [1] H. Mostafa, V. Ramesh, G. Cauwenberghs, Front. Neurosci. 12 (2018) 608.
    .. [2] T. Lillicrap et al., Nat. Commun. 7 (2016) 13276.
    """

    class Memory(NamedTuple):
        """What one pass is looked at with, and what it has summed up."""

        turn: int  # passes that are over
        pile: Pile  # rows that wait for their block
        seen: int  # rows of a series that is not numbered
        at: Units
        sums: Statistics  # of inputs, or of features and target
        slope: Array  # (units, n_in), sum of u . r f'(h) x'

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W_in", "bias", "gain", "V", "offset")

    rounds: NonNegativeInt = 8
    share: Fraction = 0.4
    rate: PositiveFloat = 1.0
    ridge: PositiveFloat = 6e-3
    epsilon: PositiveFloat = 3e-3
    feedback: Feedback = "head"
    activation: Slanted = "relu"

    @property
    def deals(self) -> bool:
        """Whether independent series are left out of the rounds in turn."""
        return self.rounds > 0 and self.share < 1

    @property
    def last(self) -> int:
        """The number of the pass that solves for the head that is kept."""
        return 2 * self.rounds + 1

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first pass."""
        W = np.array(params.W_in)
        square = np.zeros((W.shape[1], W.shape[1]), W.dtype)
        head = Head(np.zeros_like(params.V), np.zeros_like(params.offset))
        given = np.array(params.bias), np.array(params.B)
        at = Units(W, *given, square[0].copy(), square, W.copy(), head)
        return self.Memory(0, Pile(), 0, at, *_nothing(0, at))

    def without_rows(self, memory: Memory) -> Memory:
        """Return the memory of the same pass before its first row."""
        return self.Memory(memory.turn, Pile(), 0, memory.at, *_nothing(memory.turn, memory.at))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return `params` as they are, and the memory with the rows of `seen`."""
        return params, self._added(copy_tree(memory), seen)

    def gather(self, params: Any, memory: Memory, lesson: Lesson, ys: Array) -> tuple[Any, Memory]:
        """Gather the rows of a chunk, in place."""
        if lesson.target is None:
            return params, memory
        return params, self._added(memory, block_of(lesson, ys))

    def _added(self, memory: Memory, seen: Seen) -> Memory:
        xs, ts = np.atleast_2d(seen.x), np.atleast_2d(seen.target)
        if 0 < memory.turn < self.last and self.share < 1:
            memory, number = _numbered(memory, len(xs), seen.number)
            taken = self._takes(number)
            xs, ts = xs[taken], ts[taken]
        return self._counted(memory._replace(pile=memory.pile.add(xs, ts, copied=False)))

    def _takes(self, number: Any) -> Any:
        """Tell whether rounds look at series, or blocks of a single one, of these numbers."""
        return np.ceil((number + 1) * self.share) > np.ceil(number * self.share)

    def _counted(self, memory: Memory) -> Memory:
        """Return the memory with all full blocks in its sums, in place."""
        sums = memory.sums
        with bounded_threads():
            for xs, ts in memory.pile.blocks:
                sums = self._summed(memory._replace(sums=sums), xs, ts)
        return memory._replace(pile=memory.pile.emptied(), sums=sums)

    def _summed(self, memory: Memory, xs: Array, ts: Array) -> Statistics:
        """Return the sums with a block of rows more; arrays are changed in place."""
        sums, at = memory.sums, memory.at
        if memory.turn == 0:
            return sums.add(xs, ts[:, :0])
        features, h = self._features(at, xs)
        if memory.turn % 2:
            return sums.add(features, ts)
        n_in = len(at.mean)
        residual = ts - at.head.offset - product(features, at.head.V.T)
        through = at.B if self.feedback == "random" else at.head.V[:, n_in:]
        d = product(residual, np.ascontiguousarray(through)) * SLOPES[self.activation](h)
        memory.slope[:] += product(np.ascontiguousarray(d.T), features[:, :n_in].copy())
        return sums._replace(n=sums.n + len(xs))

    def _features(self, at: Units, xs: Array) -> tuple[Array, Array]:
        """Return inputs about their mean with the units beside them, and the units."""
        x = np.ascontiguousarray(xs - at.mean)
        h = ACTIVATIONS[self.activation](product(x, at.W_x.T) + at.bias)
        return np.concatenate([x, h], axis=1), h

    def _closed(self, memory: Memory) -> Memory:
        """Return a copy with the left-over rows in its sums, as a short block."""
        own = copy_tree(memory)
        return self._counted(own._replace(pile=own.pile.closed()))

    def merge(self, one: Memory, other: Memory) -> Memory:
        """Return the memory of both: sums are added, left-over rows go on as a block."""
        a, b = self._closed(one), self._closed(other)
        sums, slope = a.sums.plus(b.sums), a.slope + b.slope
        return a._replace(seen=a.seen + b.seen, sums=sums, slope=slope)

    def seamless(self, memory: Memory) -> Memory:
        """Return the memory with rows that wait in one piece."""
        return memory._replace(pile=memory.pile.seamless())

    def merges(self, params: Any) -> bool:
        """Tell that series can be learned from apart: every pass is a sum."""
        return True

    def after_pass(self, memory: Memory) -> tuple[Memory, bool]:
        """Return the memory of the next pass; of the last one it stays, for more rows."""
        if memory.turn == self.last:
            return memory, False
        done = self._closed(memory)
        require_rows(done.sums)
        if done.turn == 0:
            at = self._whitened(done)
        elif done.turn % 2:
            at = done.at._replace(head=_cast(self._head(done), done.at.mean.dtype))
        else:
            at = self._moved(done)
        return self.without_rows(done._replace(turn=done.turn + 1, at=at)), True

    def _whitened(self, memory: Memory) -> Units:
        M = whitening(memory.sums, self.epsilon, memory.at.W.dtype)
        at = memory.at
        mean, M = memory.sums.x.astype(at.W.dtype), M.astype(at.W.dtype)
        return at._replace(mean=mean, M=M, W_x=_seen(at.W, M))

    def _head(self, memory: Memory) -> Head:
        return head_of(memory.sums, memory.at.M.astype(float), self.ridge)

    def _moved(self, memory: Memory) -> Units:
        """Return the units after their step along what they have summed up."""
        at, turn = memory.at, memory.turn // 2 - 1
        g, W = memory.slope @ at.M, at.W.astype(float)
        size, slope = _lengths(W), _lengths(g)
        rate = self.rate * (1 - turn / self.rounds)
        W += rate * size * g / np.where(slope > 0, slope, 1.0)
        W = (W * size / np.where(_lengths(W) > 0, _lengths(W), 1.0)).astype(at.W.dtype)
        return at._replace(W=W, W_x=_seen(W, at.M))

    def conclude_team(
        self, params: Sequence[Any], memory: Memory
    ) -> list[tuple[Any, dict[str, Any]]]:
        """Return the params, and rows, rounds and training error of the head.

        Raises
        ------
        DataError
            If there was no row to learn from, or sums are no longer finite.
        """
        (alone,) = params
        if memory.turn < self.last:  # an engine asks what it would be
            return [(alone, {})]
        done, at = self._closed(memory), memory.at
        require_rows(done.sums)
        head, n_in = self._head(done), len(at.mean)
        spread = np.sqrt(done.sums.xx.diagonal()[n_in:] / done.sums.n)
        mean = at.mean.astype(float)
        learned = {
            "W_in": at.W_x,
            "bias": at.bias - at.W_x.astype(float) @ mean,
            "gain": gains(spread),
            "V": head.V,
            "offset": head.offset - head.V[:, :n_in] @ mean,
        }
        dtype = alone.W_in.dtype
        arrays = {name: np.ascontiguousarray(array, dtype) for name, array in learned.items()}
        error = mean_rmse(done.sums.squared_error(head.V, head.offset), int(done.sums.n))
        facts = {"rows": int(done.sums.n), "rounds": self.rounds, "train_rmse": error}
        return [(alone._replace(**arrays), facts)]


def _nothing(turn: int, at: Units) -> tuple[Statistics, Array]:
    """Return the sums of a pass before its first row."""
    (units, n_in), n_target = at.W.shape, len(at.head.offset)
    if turn == 0:
        return Statistics.empty(n_in, 0), np.zeros((units, 0))
    if turn % 2:
        return Statistics.empty(n_in + units, n_target), np.zeros((units, 0))
    return Statistics.empty(0, 0), np.zeros((units, n_in))


def _numbered(memory: Any, rows: int, series: int | None) -> tuple[Any, Array]:
    """Return the number of the series that each row is of; of a single one, that of its block."""
    if series is not None:
        return memory, np.full(rows, series)
    number = (memory.seen + np.arange(rows)) // BLOCK
    return memory._replace(seen=memory.seen + rows), number


def _seen(W: Array, M: Array) -> Array:
    """Return the weights of the input that is not whitened."""
    return product(W, M)


def _lengths(rows: Array) -> Array:
    lengths: Array = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    return lengths


def _cast(head: Head, dtype: Any) -> Head:
    return Head(*(part.astype(dtype) for part in head))
