"""Least squares that knows how far it is off: offline, supervised."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import BeforeValidator, Field

from nodegraph import Array, Lesson, Node, Seen
from nodegraph.errors import DataError, FieldError
from nodegraph.graph.rule import block_of
from nodes.parts.linear_readout import LinearReadout
from nodes.parts.lone_learner import LoneLearner
from nodes.ridge_regression.blas import bounded_threads
from nodes.ridge_regression.gathered import Gathered, joined
from nodes.ridge_regression.left_out import LeftOut, leverage, lost, principal_axes, symmetric
from nodes.ridge_regression.rows import BLOCK
from nodes.ridge_regression.strength import chosen_strengths
from nodes.rules.least_squares import LeastSquares, Solver, Strength

__all__ = ["IntervalLeastSquares", "IntervalParams", "Levels", "Source"]

PARTS = 10  # that the data have at least, of which one is left out at a time
Level = Annotated[float, Field(gt=0, lt=1)]


def _given(value: Any) -> Any:
    return tuple(value.tolist()) if isinstance(value, np.ndarray) else value


Levels = Annotated[tuple[Level, ...], Field(min_length=1), BeforeValidator(_given)]
Source = Literal["residuals", "posterior"]


class IntervalParams(NamedTuple):
    """Weights, and what tells intervals: ``y + offsets (base + |root' (x - centre)|^2)^power``."""

    W_out: Array  # (n_out, n_in)
    bias: Array  # (n_out,)
    offsets: Array  # (n_levels, n_out)
    base: Array  # ()
    power: Array  # (), 0 where the interval is as wide everywhere
    centre: Array  # (n_in,)
    root: Array  # (n_in, n_in)

    @classmethod
    def of(cls, weights: Any, levels: int) -> IntervalParams:
        """Return weights with intervals of no width."""
        n_out, n_in = weights.W_out.shape
        offsets, centre, root = np.zeros((levels, n_out)), np.zeros(n_in), np.zeros((n_in, n_in))
        one, none = np.ones(()), np.zeros(())
        return cls(weights.W_out, weights.bias, offsets, one, none, centre, root)

    def bounds(self, xs: Array, ys: Array) -> Array:
        """Return the interval of each row, (n_steps, n_out, n_levels)."""
        if not self.power:
            return np.asarray(ys[:, :, None] + self.offsets.T)
        scale = (self.base + leverage(xs, self.centre, self.root)) ** self.power
        return np.asarray(ys[:, :, None] + scale[:, None, None] * self.offsets.T)


class IntervalLeastSquares(LoneLearner):
    """Do as `LeastSquares`, and learn quantiles of what is still to be expected of the target.

    `residuals`: those of what was left out, blocks of up to 256 neighbouring rows in turn, which a
    second pass over the data finds: the jackknife [1]_, which asks for no distribution. Where they
    grow with the leverage ``1 / n + (x - mean)' (X'X + ridge I)^-1 (x - mean)`` of their rows,
    intervals do (`LeftOut.widening`): a forecast is further off away from what was seen.
    `posterior`: those of the normal distribution with variance
    ``s^2 (1 + 1 / n + (x - mean)' (X'X + ridge I)^-1 (x - mean))``, the posterior of ridge
    regression [2]_, wider far from what was seen; ``s^2`` is the sum of squared errors over n less
    the effective number of weights.

    Parameters
    ----------
    ridge, fit_bias, solver
        See `LeastSquares`; conjugate gradients know too little.
    levels : tuple of float in (0, 1)
        Which quantiles.
    by : {"residuals", "posterior"}
        Where they come from.

    References
    ----------
    .. [1] R. F. Barber, E. J. Candes, A. Ramdas, R. J. Tibshirani, Annals of Statistics 49 (2021)
       486-507.
    .. [2] C. M. Bishop, Pattern Recognition and Machine Learning (2006), section 3.3.
    """

    class Memory(NamedTuple):
        """What least squares has gathered, and residuals from the second pass on."""

        sums: Any  # Gathered
        second: LeftOut  # that of no fit before the second pass

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = IntervalParams._fields

    ridge: Strength = 1e-6
    fit_bias: bool = True
    solver: Solver = "auto"
    levels: Levels = (0.05, 0.95)
    by: Source = "residuals"

    @property
    def plain(self) -> LeastSquares:
        """The rule without intervals."""
        return LeastSquares(ridge=self.ridge, fit_bias=self.fit_bias, solver=self.solver)

    @property
    def deals(self) -> bool:
        """Whether independent series are left out in turn, to choose among strengths."""
        return self.plain.deals

    def choices(self) -> list[IntervalLeastSquares]:
        """Return the rule with each of its strengths alone.

        Raises
        ------
        DataError
            If residuals were found by one strength, and another might be taken.
        """
        strengths = self.plain.strengths
        if self.by == "residuals" and len(strengths) > 1:
            raise DataError(
                "intervals are residuals of one strength, so that no other can be chosen behind "
                "them: write intervals_by: posterior, or one ridge"
            )
        return [self.model_copy(update={"ridge": ridge}) for ridge in strengths]

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        if hasattr(node, "intervals"):
            return None
        return f"IntervalLeastSquares teaches a Ridge(intervals=...), not a {type(node).__name__}"

    def begin(self, params: Any) -> Memory:
        """Return the memory of no rows."""
        sums = self.plain.begin(params)
        if not isinstance(sums, Gathered):
            raise FieldError(
                "intervals: conjugate gradients keep too little for them; write solver='direct', "
                "solver='qr', or leave intervals out"
            )
        return self.Memory(sums, LeftOut.nothing())

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return `params` as they are, and the memory with the rows of `seen`."""
        if memory.second.begun:
            xs, ts = np.atleast_2d(seen.x), np.atleast_2d(seen.target)
            return params, memory._replace(second=memory.second.add(xs, ts))
        return params, memory._replace(sums=self.plain.update(params, memory.sums, seen)[1])

    def gather(self, params: Any, memory: Memory, lesson: Lesson, ys: Array) -> tuple[Any, Memory]:
        """Gather the rows of a chunk, in place."""
        if memory.second.begun:
            return self.update(params, memory, block_of(lesson, ys))
        sums = self.plain.gather(params, memory.sums, lesson, ys)[1]
        return params, memory._replace(sums=sums)

    def seamless(self, memory: Memory) -> Memory:
        """Return the memory with rows that wait in one piece each."""
        second = memory.second._replace(pile=memory.second.pile.seamless())
        return self.Memory(self.plain.seamless(memory.sums), second)

    def after_pass(self, memory: Memory) -> tuple[Memory, bool]:
        """Return the memory after a pass; residuals need a second one."""
        if self.by == "posterior":
            return memory, False
        if memory.second.begun:
            return memory._replace(second=memory.second.closed()), False
        return memory._replace(second=self._begun(memory.sums)), True

    def merges(self, params: Any) -> bool:
        """Tell whether series can be learned from apart: not where weights have to be there."""
        return self.by == "posterior"

    def merge(self, one: Memory, other: Memory) -> Memory:
        """Return the memory of both."""
        return self.Memory(one.sums.plus(other.sums), one.second)

    def conclude_team(
        self, params: Sequence[Any], memory: Memory
    ) -> list[tuple[Any, dict[str, Any]]]:
        """Return the params, and what is worth knowing of the readout.

        Raises
        ------
        DataError
            If there are not as many rows as intervals need.
        """
        (alone,) = params
        dtype = alone.W_out.dtype
        plain = LinearReadout.Params(alone.W_out, alone.bias)
        ((weights, facts),) = self.plain.conclude_team([plain], memory.sums)
        spread = self._spread(memory, weights, facts["ridge"])
        width = spread.pop("wide") * (spread["offsets"][-1] - spread["offsets"][0]).mean()
        more = {name: np.asarray(part).astype(dtype) for name, part in spread.items()}
        learned = alone._replace(W_out=weights.W_out, bias=weights.bias, **more)
        return [(learned, {**facts, "interval_width": float(width)})]

    def _spread(self, memory: Memory, weights: Any, ridge: float) -> dict[str, Any]:
        """Return offsets, how they widen away from the centre, and by how much in the mean."""
        if memory.second.begun:
            return self._of_residuals(memory.second)
        whole = joined(memory.sums.data())
        centre, root, base, freedom = _inverse(whole, ridge, self.fit_bias)
        squares = whole.squared_error(weights.W_out.astype(float), weights.bias.astype(float))
        sigma = np.sqrt(squares / max(whole.n - freedom, 1.0))
        offsets = np.outer([NormalDist().inv_cdf(level) for level in self.levels], sigma)
        if self.by == "residuals":  # and the data were gone through once
            return {"offsets": offsets, "wide": 1.0}
        about = {"centre": centre, "root": symmetric(root), "base": 1 + base, "power": 0.5}
        return {"offsets": offsets, "wide": np.sqrt(1 + base), **about}

    def _of_residuals(self, second: LeftOut) -> dict[str, Any]:
        """Return what residuals tell of intervals."""
        form = second.widening()
        wide = form(second.far)
        found = {"offsets": second.quantiles(self.levels, wide), "wide": float(wide.mean())}
        if not form.power:
            return found
        about = {"centre": second.centre, "root": second.spread_root()}
        return {**found, **about, "base": form.base + second.base, "power": form.power}

    def _begun(self, sums: Gathered) -> LeftOut:
        """Return the residuals of no rows, with the weights that one pass has found."""
        with bounded_threads():
            folds = sums.data()
            whole, n_out = joined(folds), len(sums.folds[0].t)
            if not whole.finite():
                raise DataError("the sums over inputs and targets overflow: scale the data down")
            plain = self.plain
            how = plain.strengths, plain.fit_bias
            ((ridge, _),) = chosen_strengths(folds, [slice(0, n_out)], *how)
            solution = whole.solve(ridge, self.fit_bias)
            centre, root, base, _ = _inverse(whole, ridge, self.fit_bias)
        block = int(np.clip(whole.n // PARTS, 1, BLOCK))
        return LeftOut.of(solution.W, solution.b, centre, root, base, block)


def _inverse(whole: Any, ridge: float, fit_bias: bool) -> tuple[Array, Array, float, float]:
    """Return centre, root and base of the leverage, and the effective number of weights."""
    centre, values, axes = principal_axes(whole, fit_bias)
    total = values + ridge
    kept = total > lost(whole) * values.max(initial=0.0)
    total = np.where(kept, total, 1.0)
    root = np.where(kept, axes / np.sqrt(total), 0.0)
    freedom = float(np.where(kept, values / total, 0.0).sum()) + fit_bias
    return centre, root, (1 / whole.n if fit_bias else 0.0), freedom
