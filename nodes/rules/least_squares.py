"""Least squares with a ridge penalty: offline, supervised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field, NonNegativeFloat

from nodegraph import Array, Lesson, Rule, Seen
from nodegraph.arrays import copy_tree
from nodegraph.errors import DataError, FieldError, IllConditionedWarning, warn
from nodegraph.graph.protocols import Room
from nodegraph.host.memory_budget import available_bytes
from nodes.parts.sample_weights import PORT, WeighsRows, row_weights
from nodes.ridge_regression.blas import PANEL, bounded_threads
from nodes.ridge_regression.conjugate_gradient import ConjugateGradient
from nodes.ridge_regression.gathered import (
    Gathered,
    believed,
    is_lost,
    is_rounded,
    joined,
    outweighs,
)
from nodes.ridge_regression.rows import BLOCK, ChosenRows, chosen_rows
from nodes.ridge_regression.rows import LARGE as WIDE
from nodes.ridge_regression.solvers import Solution, mean_rmse
from nodes.ridge_regression.statistics import Statistics
from nodes.ridge_regression.strength import chosen_strengths, warn_of_weight
from nodes.ridge_regression.triangle import Triangle

__all__ = ["LeastSquares", "Solver", "Strength"]

FOLDS = 5
SOLVING = 2  # more matrices like the Gram matrix: about means, and factorised
ROUNDED = (
    "the inputs of more rows are so nearly dependent that sums in float32 have lost digits that "
    "the ridge does not cover; fit on all data in one call, or write solver='direct'"
)
LARGE = 2000  # inputs up to which nobody asks whether their Gram matrix fits in memory
Solver = Literal["auto", "direct", "iterative", "qr"]
GRID = tuple(10.0**k for k in range(-10, 3))
FAR = tuple(10.0**k for k in range(-26, 3, 2))  # without a Gram matrix


def _plain(value: Any) -> Any:
    """Return an array as what a field takes in its place."""
    if not isinstance(value, np.ndarray) or value.ndim > 1:
        return value
    return tuple(value.tolist()) if value.ndim else value.item()


Strength = Annotated[
    NonNegativeFloat | Annotated[tuple[NonNegativeFloat, ...], Field(min_length=1)] | Literal["cv"],
    BeforeValidator(_plain),
]


class LeastSquares(WeighsRows, Rule):
    """Choose W_out, bias to minimise ``sum |W_out x + bias - t|^2 + ridge |W_out|^2`` [1]_.

    Only sufficient statistics are kept, so memory does not grow with the series. They are added up
    in blocks of 256 rows (2048 of more than 512 inputs) counted from the start, so that chunks of
    time never show. In a float32 model with more than 512 inputs and one strength, products of a
    block are summed in float32, in half the time, and blocks in float64: with a diagonal brought to
    ones, that adds an error with a norm of some ``2e-7 sqrt(n_in / blocks)`` to the Gram matrix.
    Where neither the ridge nor the data leave eigenvalues of twice as much, rows are read again and
    summed in float64; rows that can be read only once are so from the start. As long as
    there are fewer rows than inputs the rows themselves are kept, and the problem is solved in its
    dual form. Where something is wired to the port ``weight``, the square of each row is multiplied
    by what arrives there, and rows are summed up from the first one on.

    Parameters
    ----------
    ridge : float, list of float or "cv"
        Strength of the penalty. Of several ("cv": 1e-10 to 100, with "qr" 1e-26 to 100) the one
        is taken that predicts best what was left out, a fifth at a time; it takes no further
        pass. Of one series those are blocks of 256 rows (2048 of more than 512 inputs), every
        fifth of them, the first cut in five: where what rows have in common lasts longer than
        that, what is left out is not new, and the strength comes out too small. Of independent
        series whole ones are left out, dealt in turn class by class, whatever order they came
        in. Where "cv" ends at an end of its
        strengths, and others beyond it predict better, a `DataWarning` says so; as it does where
        a strength of one's own outweighs tiny inputs.
    fit_bias : bool
        Whether there is a bias; it is not penalised.
    solver : {"auto", "direct", "iterative", "qr"}
        Whether to sum up the Gram matrix of the inputs, or to solve by conjugate gradients, which
        go through the data once for each step but need no more room than a few rows. "qr" keeps
        the triangular factor of the rows instead, in the room of a Gram matrix and at some three
        times the cost [2]_: a Gram matrix squares the condition number, so that strengths below
        some 1e-16 of its largest eigenvalue are lost in rounding; a triangle knows them down to
        1e-32. "auto" takes the Gram matrix if it fits in memory; where it is singular to working
        precision it looks at rows that can be read again by "qr", and keeps what is found so if
        errors to be expected on other rows are half as large. "direct" sums in float64, once.

    References
    ----------
    .. [1] A. Hoerl, R. Kennard, Technometrics 12 (1970) 55-67.
    .. [2] J. Demmel, L. Grigori, M. Hoemmen, J. Langou, SIAM J. Sci. Comput. 34 (2012) A206-A239.
    """

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W_out", "bias")

    ridge: Strength = 1e-6
    fit_bias: bool = True
    solver: Solver = "auto"

    @property
    def deals(self) -> bool:
        """Whether independent series are left out in turn, to choose among strengths."""
        return len(self.strengths) > 1

    @property
    def strengths(self) -> tuple[float, ...]:
        """The ridge strengths to choose from."""
        if isinstance(self.ridge, tuple):
            return self.ridge
        if isinstance(self.ridge, str):
            return FAR if self.solver == "qr" else GRID
        return (self.ridge,)

    def choices(self) -> list[LeastSquares]:
        """Return the rule with each of its strengths alone."""
        return [self.model_copy(update={"ridge": ridge}) for ridge in self.strengths]

    def iterates(self, params: Any) -> bool:
        """Tell whether to solve by conjugate gradients."""
        if self.solver != "auto":
            return self.solver == "iterative"
        n_in = params.W_out.shape[1]
        return n_in > LARGE and not _fits(n_in, FOLDS if len(self.strengths) > 1 else 1)

    def room(self, n_in: int, n_out: int, n_rows: int, itemsize: int) -> Room:
        """Return the room for sums, or for the rows while they are few, and for solving."""
        n, square, cross = min(n_in, n_rows), 8 * n_in * n_in, 8 * n_in * n_out
        work = len(self.strengths) * n**3 / 3 + 4.0 * n * n * n_out
        if n_rows < n_in:
            rows = itemsize * n_rows * (n_in + n_out)
            work += n * n_in * (n + 4.0 * n_out)  # products of rows, weights, errors
            return Room(rows, 0, 0, 8 * n * (3 * n + 2 * n_in), 0.0, work)
        wide = itemsize == 4 and n_in > PANEL and not self.deals
        full = WIDE if wide else BLOCK
        block = min(n_rows, full) * (n_in + n_out) * (4 if wide else 8)
        sums = (FOLDS if self.deals else 1) * (square + cross)
        copies = max(SOLVING * square + 4 * cross, 3 * block)
        added = 2 * block * (n_rows >= full)
        row = n_in * (n_in + 2.0 * n_out) * (0.5 if wide else 1.0)
        return Room(sums, block, added, copies, row, work)

    def merges(self, params: Any) -> bool:
        """Tell whether series can be learned from apart: sums can be added, iterations cannot."""
        return not self.iterates(params)

    def begin(self, params: Any) -> Gathered | ConjugateGradient:
        """Return the statistics of no rows, or iterations before the first pass."""
        n_out, n_in = params.W_out.shape
        if self.iterates(params):
            if len(self.strengths) > 1:
                raise FieldError(
                    "ridge: several strengths need the Gram matrix of the inputs, which solver="
                    f"{self.solver!r} does without for {n_in} inputs; give one strength"
                )
            return ConjugateGradient.begin(n_in, n_out, self.strengths[0], self.fit_bias)
        kind = Triangle if self.solver == "qr" else Statistics
        return Gathered.nothing(kind.empty(n_in, n_out), FOLDS if self.deals else 1)

    def memories(self, params: Any) -> Iterator[Any]:
        """Yield the empty memories of one pass after the other, the coarsest first."""
        n_out, n_in = params.W_out.shape
        coarse = n_in > PANEL and params.W_out.dtype == np.float32 and not self.deals
        again = self.solver == "auto" and not self.iterates(params)
        if again and coarse:
            yield Gathered.nothing(Statistics.empty(n_in, n_out, single=True), 1)
        yield self.begin(params)
        if again:
            yield Gathered.nothing(Triangle.empty(n_in, n_out), FOLDS if self.deals else 1)

    def is_unsure(self, memory: Any) -> bool:
        """Tell whether sums have lost too many digits, and another look may find them."""
        if self.solver != "auto" or not isinstance(memory, Gathered):
            return False
        ridge = min(self.strengths)
        rounded = is_rounded(memory, ridge, self.fit_bias)
        return rounded or is_lost(memory, ridge, self.fit_bias)

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return `params` as they are, and the memory with the rows of `seen`."""
        xs, ts = np.atleast_2d(seen.x), np.atleast_2d(seen.target)
        own = memory if isinstance(memory, ConjugateGradient) else copy_tree(memory)
        weights = seen.ports.get(PORT)
        return params, self._add(own, xs, ts, seen.number, weights)

    def gather(self, params: Any, memory: Any, lesson: Lesson, ys: Array) -> tuple[Any, Any]:
        """Gather the rows of a chunk, in place."""
        if lesson.target is None:
            return params, memory
        xs, ts = (chosen_rows(lesson.rows, array) for array in (lesson.inputs["x"], lesson.target))
        given = lesson.inputs.get(PORT)
        weights = None if given is None else np.asarray(chosen_rows(lesson.rows, given))
        return params, self._add(memory, xs, ts, lesson.number, weights)

    def _add(
        self,
        memory: Any,
        xs: Array | ChosenRows,
        ts: Array | ChosenRows,
        number: int | None,
        weights: Array | None,
    ) -> Any:
        """Return the memory with more rows; its arrays are changed in place."""
        counts = None if weights is None else row_weights({PORT: weights}, len(xs))
        if not isinstance(memory, ConjugateGradient):
            return memory.add(xs, ts, number if self.deals else None, counts)
        if counts is not None:
            raise FieldError(
                "conjugate gradients count all rows alike; weights need solver='direct' or 'qr'"
            )
        return memory.add(np.asarray(xs), np.asarray(ts))

    def merge(self, one: Gathered, other: Gathered) -> Gathered:
        """Return the memory of both: statistics are added, left-over rows go on as a block."""
        return one.plus(other)

    def absorb(self, one: Gathered, other: Gathered) -> Gathered:
        """Return the memory of both, in place of the first one."""
        return one.absorb(other)

    def seamless(self, memory: Any) -> Any:
        """Return the memory with rows that wait in one piece each."""
        return memory.seamless()

    def after_pass(self, memory: Any) -> tuple[Any, bool]:
        """Return the memory after a pass; iterations may need another one."""
        return memory.after_pass() if isinstance(memory, ConjugateGradient) else (memory, False)

    @property
    def team(self) -> Any:
        """Readouts with the same options share their sums over inputs."""
        return self.strengths, self.fit_bias, self.solver

    def join(self, params: Sequence[Any]) -> Any:
        """Return the weights of several readouts below each other."""
        parts = zip(*params, strict=True)
        return type(params[0])(*(np.concatenate(part) for part in parts))

    def split(self, memory: Gathered, widths: Sequence[int]) -> list[Gathered]:
        """Return the memory of each readout; sums over inputs stay shared."""
        if isinstance(memory, ConjugateGradient):
            return [memory] * len(widths)
        return [memory.of(columns) for columns in _columns(widths)]

    def finish(self, params: Any, memory: Gathered) -> Any:
        """Return the params with the weights solved for."""
        return self.conclude_team([params], memory)[0][0]

    def conclude_team(
        self, params: Sequence[Any], memory: Gathered
    ) -> list[tuple[Any, dict[str, Any]]]:
        """Return the params, and rows, ridge, solver, condition number and training error of each.

        Each matrix is factorised once for all.

        Raises
        ------
        DataError
            If there was no row to learn from, or sums are no longer finite.
        """
        columns = _columns([len(one.W_out) for one in params])
        if isinstance(memory, ConjugateGradient):
            W, b, facts = memory.solution()
            return [
                (_with_weights(one, W[own], b[own]), dict(facts))
                for one, own in zip(params, columns, strict=True)
            ]
        with bounded_threads():
            folds = memory.data()
            whole = joined(folds)
            if not whole.finite():
                raise DataError("the sums over inputs and targets overflow: scale the data down")
            chosen = self._chosen(folds, columns)
            wanted = dict.fromkeys(ridge for ridge, _ in chosen)
            solutions = {ridge: self._solved(whole, ridge) for ridge in wanted}
            for ridge in wanted if self.ridge != "cv" else ():
                if outweighs(ridge, whole.mean_square_sum(), whole.n):
                    warn_of_weight(whole, ridge, self.fit_bias)
            errors = {r: whole.squared_error(each.W, each.b) for r, (each, _) in solutions.items()}
            if is_rounded(memory, min(wanted), self.fit_bias):
                warn(ROUNDED, IllConditionedWarning)
        concluded = []
        for one, own, (ridge, more) in zip(params, columns, chosen, strict=True):
            each, why = solutions[ridge]
            rmse = mean_rmse(errors[ridge][own], whole.n)
            facts = {"solver": each.solver, "condition": each.condition, "train_rmse": rmse, **why}
            facts |= {"sums": "float32"} if getattr(whole, "single", False) else {}
            learned = _with_weights(one, each.W[own], each.b[own])
            concluded.append((learned, {"rows": whole.n, "ridge": ridge, **facts, **more}))
        return concluded

    def _chosen(
        self, folds: Sequence[Any], columns: Sequence[slice]
    ) -> list[tuple[float, dict[str, Any]]]:
        """Return the strength for each readout, and what others left out."""
        if not self.deals:
            return [(self.strengths[0], {})] * len(columns)
        how = self.strengths, self.fit_bias, self.ridge == "cv"
        return chosen_strengths(folds, columns, *how)

    def _solved(self, data: Any, ridge: float) -> tuple[Solution, dict[str, str]]:
        """Return the solution, and why it was found in another way than by Cholesky."""
        if self.solver == "auto":
            solution, why = believed(data, ridge, self.fit_bias)
        else:
            solution, why = data.solve(ridge, self.fit_bias), {}
        return solution.warn(), why


@cache
def _fits(n_in: int, folds: int) -> bool:
    """Tell whether the Gram matrices of `folds` and two more for solving fit in memory."""
    return 8 * n_in**2 * (folds + 2) <= available_bytes()


def _with_weights(params: Any, W: Array, b: Array) -> Any:
    dtype = params.W_out.dtype
    return params._replace(W_out=np.ascontiguousarray(W, dtype), bias=b.astype(dtype))


def _columns(widths: Sequence[int]) -> list[slice]:
    return [slice(*cut) for cut in pairwise(accumulate(widths, initial=0))]
