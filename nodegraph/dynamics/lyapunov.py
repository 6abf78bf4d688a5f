"""Lyapunov exponents: how fast what lies close together parts, or comes together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg.lapack import dgeqrf, dorgqr

from nodegraph.arrays import Array
from nodegraph.data.datasets.equations import System
from nodegraph.data.ranges import real, vector, whole
from nodegraph.dynamics.spectrum_program import lengths_compiled, rounding
from nodegraph.dynamics.trajectories import Trajectory, trajectory
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.model import Model

__all__ = ["Lyapunov", "kaplan_yorke", "lyapunov_exponents"]

SHOWN = 5  # exponents


class Lyapunov(NamedTuple):
    """A Lyapunov spectrum.

    Parameters
    ----------
    exponents : ndarray, shape (k,)
        In descending order, in 1 / time; -inf for directions of which a step leaves no more than
        rounding, as of what a delay keeps and nobody reads, or of a state that is told by others.
    dimension : float
        Of Kaplan and Yorke, of these exponents.
    times : ndarray, shape (n,)
    course : ndarray, shape (n, k)
        The exponents as they were after each of `times`, to see how well they have settled.
    """

    exponents: Array
    dimension: float
    times: Array
    course: Array

    def __repr__(self) -> str:
        first = ", ".join(f"{exponent:.4g}" for exponent in self.exponents[:SHOWN])
        rest = ", ..." if len(self.exponents) > SHOWN else ""
        return (
            f"Lyapunov(exponents=[{first}{rest}], dimension={self.dimension:.4g}, "
            f"over {self.times[-1]:.6g} of time)"
        )


@known_arguments
def lyapunov_exponents(
    system: Model | System,
    k: int | None = None,
    *,
    steps: int | None = None,
    x: Any = None,
    prompt: Any = None,
    loop: Mapping[str, str] | None = None,
    dt: float | None = None,
    warmup: int = 100,
    every: int = 1,
) -> Lyapunov:
    """Return the Lyapunov exponents of a graph that is driven, that runs by itself, or of a flow.

    ``V[t] = DF(z[t-1], u[t]) Q``, ``Q R = V[t]`` (QR), and
    ``lambda_i = mean_t log |R_ii| / dt``; F is the step of the whole graph, delays and all
    reservoirs included. Driven, the exponents are those of the states under one and the same input
    (conditional ones: below zero is the echo state property); by itself, the model's output is its
    input, as in `Model.generate`.

    Parameters
    ----------
    system : Model or System
        A model, which stays where it stands, or what `nodegraph.datasets.system` gave.
    k : int, optional
        How many exponents; else all.
    steps : int, optional
        How many steps the mean is over. With `x` that is the number of its rows, less `warmup`.
    x : array_like (T, d), or dict by node name, optional
        What drives the model; without it the loop is closed.
    prompt, loop : optional
        As in `Model.generate`, where the loop is closed.
    dt : float, optional
        Time of a step; 1 without it, and for a `System` that of its own.
    warmup : int
        Steps before, in which the directions turn to where they belong.
    every : int
        Steps from one QR to the next, while which directions may not fall together.

    Returns
    -------
    Lyapunov
        With fields `exponents`, `dimension`, `times` and `course`.

    Raises
    ------
    GraphError
        If a node's step is not smooth.
    DataError
        If an argument has no effect or is out of range, or nothing is remembered.

    References
    ----------
    G. Benettin, L. Galgani, A. Giorgilli, J.-M. Strelcyn, Meccanica 15 (1980) 9-30.

    Examples
    --------
    >>> import nodegraph as ng
    >>> henon = ng.datasets.system("henon")
    >>> ng.dynamics.lyapunov_exponents(henon, steps=3000).exponents.round(1)
    array([ 0.4, -1.6])
    """
    where = "lyapunov_exponents"
    every, warmup = whole(f"{where}.every", every), whole(f"{where}.warmup", warmup, least=0)
    way = trajectory(where, system, x=x, prompt=prompt, loop=loop)
    way.require_state(where)
    count = _count(where, way, steps, warmup)
    width = way.size if k is None else whole(f"{where}.k", k)
    if width > way.size:
        raise DataError(
            f"{where}.k: there are {way.size} exponents, so write at most that (got {width})"
        )
    time = way.dt if dt is None else real(f"{where}.dt", dt, above=0.0)
    logs = _logs(way, width, count, warmup, every)
    times = time * np.minimum(every * np.arange(1, len(logs) + 1), count)
    course = np.cumsum(logs, axis=0) / times[:, None]
    exponents = np.sort(course[-1])[::-1]
    return Lyapunov(exponents, kaplan_yorke(exponents), times, course)


def _count(where: str, way: Trajectory, steps: int | None, warmup: int) -> int:
    if way.rows is None:
        return 10_000 if steps is None else whole(f"{where}.steps", steps)
    if steps is not None:
        raise DataError(
            f"{where}: x has {way.rows} rows, so leave steps out; write x[:n] for fewer"
        )
    if way.rows <= warmup:
        raise DataError(f"{where}: x has {way.rows} rows, warmup takes {warmup} of them")
    return way.rows - warmup


def _logs(way: Trajectory, k: int, steps: int, warmup: int, every: int) -> Array:
    """Return ``log |R_ii|`` of each QR behind the warmup."""
    Q, _, _ = _qr(np.random.default_rng(0).standard_normal((way.size, k)))
    known = lengths_compiled(way, Q, warmup + steps)
    if known is not None:
        firsts = np.arange(0, steps, every)
        added: Array = np.add.reduceat(np.log(known[warmup:]), firsts, axis=0)
        return added
    left = np.arange(k)
    for _ in range(warmup):
        Q, _, kept = _qr(way.push(Q))
        left = left[kept]
    found = np.zeros((len(range(0, steps, every)), k))
    for i, first in enumerate(range(0, steps, every)):
        for _ in range(min(every, steps - first)):
            Q = way.push(Q)
        Q, lengths, kept = _qr(Q)
        if every > 1 and len(kept) < len(left):
            raise DataError(
                f"lyapunov_exponents.every: directions fall together within {every} steps, or "
                "vanish; write every=1"
            )
        left = left[kept]
        found[i, left] = lengths
    with np.errstate(divide="ignore"):
        logs: Array = np.log(found)
    return logs


def _qr(V: Array) -> tuple[Array, Array, Array]:
    """Return Q of the QR factorisation of `V`, ``|R_ii|``, and which columns these are of.

    Columns that are told by those before, but for rounding, are left out: what LAPACK puts in their
    place is no direction of the system. (Numpy's QR takes longer than a step.)
    """
    kept, least = np.arange(V.shape[1]), rounding(len(V)) * np.abs(V).max(initial=0.0)
    while kept.size:
        factored, tau, _, _ = dgeqrf(V)
        lengths = np.abs(factored.diagonal())
        if lengths.min() > least:
            return dorgqr(factored, tau)[0], lengths, kept
        first = int(np.argmax(lengths <= least))
        V, kept = np.delete(V, first, axis=1), np.delete(kept, first)
    return V, np.zeros(0), kept


@known_arguments
def kaplan_yorke(exponents: Any) -> float:
    """Return the Kaplan-Yorke dimension of a Lyapunov spectrum.

    ``D = j + (lambda_1 + ... + lambda_j) / |lambda_{j+1}|``, j being the most exponents whose sum
    is not below 0; j if there are no more exponents.

    Parameters
    ----------
    exponents : array_like, shape (k,)
        In any order; those that are infinite do not count.

    Raises
    ------
    DataError
        If one is NaN.

    References
    ----------
    J. L. Kaplan, J. A. Yorke, in Functional Differential Equations and Approximation of Fixed
    Points, Lecture Notes in Mathematics 730 (1979) 204-227.

    Examples
    --------
    >>> round(kaplan_yorke([0.906, 0.0, -14.572]), 3)
    2.062
    """
    finite = np.asarray(exponents, float)
    if np.isnan(finite).any():
        place = int(np.argmax(np.isnan(finite)))
        raise DataError(f"kaplan_yorke: exponent {place} is NaN; leave it out if it is not known")
    ordered = (
        np.sort(vector("kaplan_yorke", finite[np.isfinite(finite)]))[::-1]
        if (np.isfinite(finite).any())
        else np.zeros(0)
    )
    sums = np.cumsum(ordered)
    j = int(np.sum(np.logical_and.accumulate(sums >= 0)))
    if j in (0, len(ordered)):
        return float(j)
    return float(j + sums[j - 1] / -ordered[j])
