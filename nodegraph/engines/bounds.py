"""Whether outputs are still numbers that can be worked with."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DivergenceError

__all__ = ["LARGEST", "check_bounds"]

LARGEST = {8: 1e30, 4: 1e18}  # by bytes of a number: what is larger has left all bounds


def check_bounds(name: str, ys: Array, last: Array, clock: int, given: Iterable[Array]) -> None:
    """Refuse outputs that are not finite, or beyond 1e30 (1e18 in float32), where sums are lost.

    Parameters
    ----------
    name : str
        Of the node.
    ys : ndarray, shape (n_steps, n_out)
    last : ndarray, shape (n_out,)
        The output of the step before them.
    clock : int
        Number of the first step.
    given : iterable of ndarray
        Data from outside; numbers larger than 1 among them raise the bound as many times.

    Raises
    ------
    DivergenceError
        With the first step that is beyond it.
    """
    most = LARGEST[ys.itemsize]
    if not ys.size or (ys.max() < most and -most < ys.min()):  # NaN is neither; no thread of BLAS
        return
    largest = np.abs(ys).max(axis=1, initial=0.0)
    bound = most * max([1.0, *(float(np.nanmax(np.abs(a), initial=1.0)) for a in given)])
    within = largest.astype(float) < bound  # NaN is not
    if within.all():
        return
    row = int(np.argmin(within))
    before = np.abs(ys[row - 1] if row else last)
    size = float(before.max(initial=0.0)) or 1.0
    norm = size * float(np.linalg.norm(before / size))  # does not overflow on the way
    beyond = f", or as good as that: {largest[row]:.3g}" if np.isfinite(largest[row]) else ""
    raise DivergenceError(
        f"{name}: output is no longer finite at step {clock + row}{beyond} (norm one step before: "
        f"{norm:.3g}); lower spectral_radius, scalings or learning rates, or use a bounded "
        "activation"
    )
