"""Directions that go along with a whole graph, step by step, as one compiled program."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling.arrays import symbol
from nodegraph.compiling.ir import Trace
from nodegraph.compiling.layout import symbolic
from nodegraph.compiling.machine_code import is_enabled
from nodegraph.compiling.program import Frame, Program
from nodegraph.dynamics.trajectories import GraphTrajectory, Trajectory
from nodegraph.maths import dot

__all__ = ["lengths_compiled", "orthonormal", "rounding"]

MOST = 8  # directions: each is made orthogonal to all before it, all of it written down
LEAST = 1e-290  # lengths below which a direction is lost


def lengths_compiled(way: Trajectory, Q: Array, steps: int) -> Array | None:
    """Return ``|R_ii|`` of ``Q R = DF Q`` after each of `steps` steps, (steps, k).

    None if it has to be found step by step: a node does not say how it moves, there are more than
    eight directions, one of them vanishes, or the way leaves all bounds. `way` stays where it is.

    Parameters
    ----------
    way : Trajectory
    Q : ndarray, shape (n, k)
        Orthonormal directions to begin with.
    steps : int
    """
    if not isinstance(way, GraphTrajectory) or not (way.whole.has_tangents and is_enabled()):
        return None
    if Q.shape[1] > min(MOST, way.size):
        return None
    widths = {name: rows.shape[1] for name, rows in way.data.items()}
    params, state = tuple(way.whole.params.values()), (way.whole.start, Q)
    try:
        program = Program(_Writer(way, params, Q.shape[1], widths), {"y": 0, "x": 1}, Q.dtype)
    except Exception:  # what cannot be traced goes through Python
        return None
    arrays = {**program.lay(params, ("p",)), **_copies(program.lay(state, ("s",)))}
    frame, lengths = Frame(program, arrays, state), np.empty((steps, Q.shape[1]))
    frame.put(state)
    given = [np.asarray(rows[:steps], float) for rows in way.data.values()]
    rows = {"x": np.ascontiguousarray(np.hstack(given))} if given else {}
    frame.run({"y": lengths, **rows}, steps)
    sound = np.isfinite(lengths).all() and lengths.min(initial=1.0) > LEAST
    return lengths if sound else None


class _Writer:
    """Writes a step of a graph, and what it does to directions, down."""

    def __init__(self, way: GraphTrajectory, params: Any, k: int, widths: dict[str, int]):
        self.way, self.params, self.k, self.widths = way, params, k, widths

    def __call__(self, trace: Trace) -> dict[Any, Any]:
        """Return the outputs by path."""
        n, whole = self.way.size, self.way.whole
        own = dict(zip(whole.params, symbolic(trace, self.params, ("p",)), strict=True))
        z: Any = symbol(trace, ("s", 0), (n,), float)
        Q: Any = symbol(trace, ("s", 1), (n, self.k), float)
        row: dict[str, Any] = {}
        if self.widths:
            x = symbol(trace, "x", (sum(self.widths.values()),), float)
            stops = np.cumsum(list(self.widths.values()))
            for (name, width), stop in zip(self.widths.items(), stops, strict=True):
                row[name] = x[int(stop) - width : int(stop)]
        later, moved, _ = whole.push(z, Q, row, 0, own)
        Q, lengths = orthonormal(moved, self.k)
        return {"y": lengths, ("s", 0): later, ("s", 1): Q}


def rounding(n: int) -> float:
    """Return below which share of the longest column of n numbers a rest is none but rounding."""
    return 4 * n * float(np.finfo(float).eps)


def orthonormal(V: Array, k: int) -> tuple[Any, Any]:
    """Return Q of the QR factorisation of `V`, (n, k), and the diagonal of R, 0 for rounding.

    By Gram and Schmidt, twice [1]_, in words that compile.

    References
    ----------
    .. [1] L. Giraud, J. Langou, M. Rozloznik, J. van den Eshof, Numerische Mathematik 101 (2005)
       87-100.
    """
    found: list[Any] = []
    lengths = []
    longest = np.sqrt(np.stack([dot(V[:, j], V[:, j]) for j in range(k)]).max())
    for j in range(k):
        v = V[:, j]
        for q in 2 * found:
            v = v - dot(q, v) * q
        length = np.sqrt(dot(v, v))
        length = np.where(length > rounding(V.shape[0]) * longest, length, 0.0)
        lengths.append(length)
        found.append(v / np.where(length > 0, length, 1.0))
    return np.stack(found, axis=1), np.stack(lengths)


def _copies(arrays: dict[Any, Array]) -> dict[Any, Array]:
    return {path: array.copy() for path, array in arrays.items()}
