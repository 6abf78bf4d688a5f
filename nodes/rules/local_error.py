"""Hidden units that serve a linear head of their own: offline, supervised, several passes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeInt, PositiveFloat

from nodegraph import Array, Seen
from nodegraph.arrays import copy_tree
from nodegraph.errors import DataError
from nodegraph.fields import Fraction
from nodes.parts.hidden_units import HiddenUnits
from nodes.parts.own_head import OwnHead
from nodes.parts.whitened_head import require_rows
from nodes.ridge_regression.blas import PANEL, bounded_threads
from nodes.ridge_regression.rows import BLOCK, LARGE, Pile
from nodes.ridge_regression.statistics import Statistics

__all__ = ["Feedback", "LocalError"]

Feedback = Literal["head", "random"]

TURN = (np.sqrt(5) - 1) / 2  # by which the choice of each round is moved on from that of the last


class LocalError(OwnHead):
    """Let hidden units learn from the error of a linear head of their own layer, unit by unit [1]_.

    With p the input, whitened, ``h = f(W p + bias)``, and a head of inputs and units that is solved
    for in closed form, ``r = t - V [p, h] - offset`` is what it lacks. Then each unit moves along
    its input times that error, seen through its own column u of V, and keeps its length::

        g = sum_t p_t (u . r_t) f'(h_t),   w += rate (1 - i / rounds) |w| g / |g|,   i = 0, 1 ...

    Nothing passes between units but the residual of the head, and nothing leaves the layer. A
    round goes through the data twice, for the head and for the slopes; before the first one mean
    and covariance are taken, and after the last one the head is solved for from all rows. There is
    no optimiser, and nothing is remembered but sums that can be merged, in float32 models with more
    than 512 features as in `nodes.rules.LeastSquares`. More data, as `update` gives them, teach the
    head alone.

    Parameters
    ----------
    rounds : int
        How often the units move; 0 leaves them as they were drawn.
    share : float in (0, 1]
        Share of the independent series, dealt out evenly, that a round looks at, each round at
        others beside the first; of a single series, of its blocks of 256 rows.
    rate : float
        Length of the first step, as a share of that of the weights.
    feedback : {"head", "random"}
        Whether u is the head's weight, or drawn once [2]_.
    ridge, epsilon, activation
        See `nodes.parts.own_head.OwnHead`.

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
        at: HiddenUnits
        sums: Statistics  # of inputs, or of features and target
        slope: Array  # (units, n_in), sum of u . r f'(h) x'

    modifies: ClassVar[tuple[str, ...]] = ("W_in", "bias", "gain", "V", "offset", "centre")
    counts: ClassVar[str] = "rounds"

    rounds: NonNegativeInt = 8
    share: Fraction = 0.4
    rate: PositiveFloat = 1.0
    feedback: Feedback = "head"

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
        at = HiddenUnits.drawn(params)
        wide = sum(at.W.shape) > PANEL
        return self.Memory(0, Pile(block=LARGE if wide else BLOCK), 0, at, *_nothing(0, at))

    def without_rows(self, memory: Memory) -> Memory:
        """Return the memory of the same pass before its first row."""
        sums, slope = _nothing(memory.turn, memory.at)
        return memory._replace(pile=Pile(block=memory.pile.block), seen=0, sums=sums, slope=slope)

    def added(self, memory: Memory, seen: Seen) -> Memory:
        """Return the memory with the rows of `seen`, in place."""
        xs, ts = np.atleast_2d(seen.x), np.atleast_2d(seen.target)
        if 0 < memory.turn < self.last and self.share < 1:
            memory, number = _numbered(memory, len(xs), seen.number)
            taken = self._takes(number, (memory.turn - 1) // 2)
            xs, ts = xs[taken], ts[taken]
        return self._counted(memory._replace(pile=memory.pile.add(xs, ts, copied=False)))

    def _takes(self, number: Any, turn: int) -> Any:
        """Tell whether a round looks at series, or blocks of a single one, of these numbers.

        The first is among them each time, so that a short one is not passed over.
        """
        start = turn * TURN
        dealt = np.ceil((number + 1) * self.share + start) > np.ceil(number * self.share + start)
        return dealt | (number == 0)

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
        if memory.turn % 2:
            return sums.add(at.features(xs, self.activation), ts)
        memory.slope[:] += at.slope(xs, ts, self.activation)
        return sums._replace(n=sums.n + len(xs))

    def closed(self, memory: Memory) -> Memory:
        """Return a copy with the left-over rows in its sums, as a short block."""
        own = copy_tree(memory)
        return self._counted(own._replace(pile=own.pile.closed()))

    def merge(self, one: Memory, other: Memory) -> Memory:
        """Return the memory of both: sums are added, left-over rows go on as a block."""
        a, b = self.closed(one), self.closed(other)
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
        done = self.closed(memory)
        if 0 < done.turn and not done.sums.n:
            raise DataError(
                "there are rows to learn from, but none in the series that a round looks at; "
                "write share=1"
            )
        require_rows(done.sums)
        return self.without_rows(done._replace(turn=done.turn + 1, at=self._next(done))), True

    def _next(self, memory: Memory) -> HiddenUnits:
        """Return the units, or their head, as a pass leaves them."""
        at, turn = memory.at, memory.turn
        if turn == 0:
            return at.whitened(memory.sums, self.epsilon)
        if turn % 2:
            return at.with_head(self.head(memory))
        return at.moved(memory.slope, self.rate * (1 - (turn // 2 - 1) / self.rounds))

    def whitened_by(self, memory: Memory) -> tuple[Array, Array]:
        """Return the mean of the inputs, and the matrix that whitens them."""
        at = memory.at
        return at.mean.astype(float) + at.rest, at.M

    def of_raw_inputs(self, memory: Memory, mean: Array) -> dict[str, Array]:
        """Return the units' weights, as they are of inputs that still have this mean."""
        at = memory.at
        return {"W_in": at.W_x, "bias": at.bias - at.W_x.astype(float) @ mean}


def _nothing(turn: int, at: HiddenUnits) -> tuple[Statistics, Array]:
    """Return the sums of a pass before its first row."""
    (units, n_in), n_target = at.W.shape, len(at.head.offset)
    if turn == 0:
        return Statistics.empty(n_in, 0), np.zeros((units, 0))
    if turn % 2:
        n = n_in + units
        return Statistics.empty(n, n_target, single=n > PANEL), np.zeros((units, 0))
    return Statistics.empty(0, 0), np.zeros((units, n_in))


def _numbered(memory: Any, rows: int, series: int | None) -> tuple[Any, Array]:
    """Return the number of the series that each row is of; of a single one, that of its block."""
    if series is not None:
        return memory, np.full(rows, series)
    number = (memory.seen + np.arange(rows)) // BLOCK
    return memory._replace(seen=memory.seen + rows), number
