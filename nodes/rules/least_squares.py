"""Least squares with a ridge penalty: offline, supervised."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, NonNegativeFloat

from nodegraph import Array, Learned, Lesson, Node, Rule, Seen
from nodegraph.arrays import copy_tree
from nodegraph.errors import DataError
from nodes.rules.solvers import Solution, solve
from nodes.rules.statistics import BLOCK, Centred, Statistics

__all__ = ["LeastSquares", "Strength"]

FOLDS = 5
GRID = tuple(10.0**k for k in range(-10, 3))
Strength = (
    NonNegativeFloat | Annotated[tuple[NonNegativeFloat, ...], Field(min_length=1)] | Literal["cv"]
)


class LeastSquares(Rule):
    """Choose W_out, bias to minimise ``sum |W_out x + bias - t|^2 + ridge |W_out|^2`` [1]_.

    Only sufficient statistics are kept, so memory does not grow with the series. They are added up
    in blocks of 256 rows counted from the start, so that chunks of time never show.

    Parameters
    ----------
    ridge : float, list of float or "cv"
        Strength of the penalty. Of several ("cv": 1e-10 to 100) the one is taken that predicts
        best the blocks that were left out, a fifth at a time; it takes no further pass.
    fit_bias : bool
        Whether there is a bias; it is not penalised.

    References
    ----------
    .. [1] A. Hoerl, R. Kennard, Technometrics 12 (1970) 55-67.
    """

    class Memory(NamedTuple):
        """Rows that do not fill a block yet, the number of blocks, and statistics by fold."""

        xs: Array  # (< 256, n_in)
        ts: Array  # (< 256, n_out)
        blocks: int
        folds: tuple[Statistics, ...]

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W_out", "bias")

    ridge: Strength = 1e-6
    fit_bias: bool = True

    @property
    def strengths(self) -> tuple[float, ...]:
        """The ridge strengths to choose from."""
        if isinstance(self.ridge, tuple):
            return self.ridge
        return GRID if isinstance(self.ridge, str) else (self.ridge,)

    def begin(self, params: Any) -> Memory:
        """Return the statistics of no rows."""
        n_out, n_in = params.W_out.shape
        count = FOLDS if len(self.strengths) > 1 else 1
        folds = tuple(Statistics.empty(n_in, n_out) for _ in range(count))
        return self.Memory(np.zeros((0, n_in)), np.zeros((0, n_out)), 0, folds)

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return `params` as they are, and the memory with the rows of `seen`."""
        xs, ts = np.atleast_2d(seen.x), np.atleast_2d(seen.target)
        return params, self._add(copy_tree(memory), xs, ts)

    def learn(self, node: Node, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Gather the rows of a chunk, in place."""
        xs = lesson.inputs["x"]
        if lesson.target is not None and lesson.rows.any():
            memory = self._add(memory, xs[lesson.rows], lesson.target[lesson.rows])
        state, ys = node.run(params, state, xs)
        return Learned(params, state, memory, ys)

    def _add(self, memory: Memory, xs: Array, ts: Array) -> Memory:
        """Return the memory with more rows; its arrays are changed in place."""
        xs = np.concatenate([memory.xs, xs])
        ts = np.concatenate([memory.ts, ts])
        folds, blocks, start = list(memory.folds), memory.blocks, 0
        while start + BLOCK <= len(xs):
            rows, fold = slice(start, start + BLOCK), blocks % len(folds)
            folds[fold] = folds[fold].add(xs[rows], ts[rows])
            blocks, start = blocks + 1, start + BLOCK
        return self.Memory(xs[start:].copy(), ts[start:].copy(), blocks, tuple(folds))

    def merge(self, one: Memory, other: Memory) -> Memory:
        """Return the memory of both: statistics are added, left-over rows go on as a block."""
        one, other = self._closed(one), self._closed(other)
        shift = one.blocks % len(one.folds)
        turned = other.folds[-shift:] + other.folds[:-shift] if shift else other.folds
        folds = tuple(a.plus(b) for a, b in zip(one.folds, turned, strict=True))
        return self.Memory(one.xs, one.ts, one.blocks + other.blocks, folds)

    def _closed(self, memory: Memory) -> Memory:
        """Return the memory with its left-over rows added as a short block."""
        if not len(memory.xs):
            return memory
        fold = memory.blocks % len(memory.folds)
        folds = list(memory.folds)
        folds[fold] = copy_tree(folds[fold]).add(memory.xs, memory.ts)
        return self.Memory(memory.xs[:0], memory.ts[:0], memory.blocks + 1, tuple(folds))

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params with the weights solved for."""
        return self.conclude(params, memory)[0]

    def conclude(self, params: Any, memory: Memory) -> tuple[Any, dict[str, Any]]:
        """Return the params, and rows, ridge, solver, condition number and training error.

        Raises
        ------
        DataError
            If there was no row to learn from, or sums are no longer finite.
        """
        folds = [fold for fold in self._closed(memory).folds if fold.n]
        if not folds:
            raise DataError("there are no rows to learn from: warmup or NaN in targets left none")
        ridge, errors = self._choice(folds)
        whole = self._statistics(folds)
        found = solve(whole, ridge).warn()
        dtype = params.W_out.dtype
        W_out = np.ascontiguousarray(found.W, dtype)
        params = params._replace(W_out=W_out, bias=found.b.astype(dtype))
        return params, {**_facts(whole, found, ridge), **errors}

    def _statistics(self, folds: list[Statistics]) -> Centred:
        total = folds[0]
        for fold in folds[1:]:
            total = total.plus(fold)
        centred = total.centred()
        if not all(np.isfinite(part).all() for part in centred):
            raise DataError("the sums over inputs and targets overflow: scale the data down")
        return centred if self.fit_bias else centred.about_zero()

    def _choice(self, folds: list[Statistics]) -> tuple[float, dict[str, Any]]:
        """Return the strength that predicts best what was left out, and the errors of all."""
        if len(self.strengths) == 1 or len(folds) == 1:
            return self.strengths[0], {}
        errors = np.zeros(len(self.strengths))
        for left_out in folds:
            rest = self._statistics([fold for fold in folds if fold is not left_out])
            held = left_out.centred()
            for i, ridge in enumerate(self.strengths):
                found = solve(rest, ridge)
                errors[i] += held.squared_error(found.W, found.b)
        rmse = np.sqrt(errors / sum(fold.n for fold in folds))
        table = {f"{r:g}": float(e) for r, e in zip(self.strengths, rmse, strict=True)}
        return self.strengths[int(np.argmin(rmse))], {"left_out_rmse": table}


def _facts(whole: Centred, found: Solution, ridge: float) -> dict[str, Any]:
    return {
        "rows": whole.n,
        "ridge": ridge,
        "solver": found.solver,
        "condition": found.condition,
        "train_rmse": float(np.sqrt(whole.squared_error(found.W, found.b) / whole.n)),
    }
