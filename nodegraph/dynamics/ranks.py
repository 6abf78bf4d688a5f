"""How many inputs a graph tells apart, and how many that should be alike it does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import real, whole
from nodegraph.data.series import to_rows
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.model import Model
from nodegraph.model.standing import input_width

__all__ = ["Rank", "generalisation_rank", "kernel_rank"]


class Rank(NamedTuple):
    """The rank of the states that several inputs lead to.

    Parameters
    ----------
    rank : int
        Singular values above the tolerance.
    values : ndarray, shape (m,)
        Singular values, the largest first, as shares of it.
    """

    rank: int
    values: Array

    def __repr__(self) -> str:
        return f"Rank(rank={self.rank} of {len(self.values)}, least={self.values[-1]:.4g})"


@known_arguments
def kernel_rank(
    model: Model,
    streams: Any = None,
    *,
    steps: int = 50,
    outputs: Iterable[str] | None = None,
    tolerance: float = 1e-3,
    seed: int = 0,
) -> Rank:
    """Return how many of different inputs the states tell apart: the higher, the better.

    The rank of the states ``[s_1, ..., s_m]`` at the end of m inputs that have nothing in common,
    counted by singular values above `tolerance` times the largest.

    Parameters
    ----------
    model : Model
        With one input; it stays where it stands.
    streams : int or list of array (T, d), optional
        How many inputs are drawn, even in [-1, 1]: by default as many as there are states. Or the
        inputs themselves.
    steps : int
        How long those are that are drawn.
    outputs : iterable of str, optional
        The nodes whose outputs are the states; by default all with a state of their own.
    tolerance : float
        Singular values below this share of the largest count as 0.
    seed : int
        What the inputs are drawn from.

    References
    ----------
    R. Legenstein, W. Maass, Edge of chaos and prediction of computational performance for neural
    circuit models, Neural Networks 20 (2007) 323-334.

    Examples
    --------
    >>> import nodegraph as ng
    >>> from nodes import Input, Reservoir
    >>> model = ng.Model(Input(units=1) >> Reservoir(units=20, spectral_radius=0.9), seed=1)
    >>> ng.dynamics.kernel_rank(model).rank > ng.dynamics.generalisation_rank(model).rank
    True
    """
    return _rank("kernel_rank", model, streams, steps, None, outputs, tolerance, seed)


@known_arguments
def generalisation_rank(
    model: Model,
    streams: int | None = None,
    *,
    steps: int = 50,
    shared: int = 10,
    outputs: Iterable[str] | None = None,
    tolerance: float = 1e-3,
    seed: int = 0,
) -> Rank:
    """Return how many of inputs that end alike the states still tell apart: the lower, the better.

    As `kernel_rank`, of inputs whose last rows are the same.

    Parameters
    ----------
    model : Model
        With one input; it stays where it stands.
    streams : int, optional
        How many inputs; by default as many as there are states.
    steps : int
        How long they are.
    shared : int
        How many of the last rows are the same.
    outputs, tolerance, seed
        As in `kernel_rank`.

    Raises
    ------
    DataError
        If all rows are shared, or the model has several inputs or no states.
    """
    where = "generalisation_rank"
    if whole(f"{where}.shared", shared) >= whole(f"{where}.steps", steps):
        raise DataError(f"{where}.shared: should be below steps ({steps}), or all inputs are one")
    return _rank(where, model, streams, steps, shared, outputs, tolerance, seed)


def _rank(
    where: str, model: Model, streams: Any, steps: int, shared: int | None,
    outputs: Iterable[str] | None, tolerance: float, seed: int,
) -> Rank:  # fmt: skip
    tolerance = real(f"{where}.tolerance", tolerance, above=0.0)
    names = _with_state(model) if outputs is None else list(outputs)
    if not names:
        raise DataError(f"{where}: no node has a state; name nodes, outputs=[...]")
    if streams is None or isinstance(streams, int | np.integer):
        drawn = _drawn(where, model, names, streams, steps, shared, seed)
    else:
        drawn = [to_rows(each, f"{where}: streams") for each in streams]
    found = model.run(drawn, outputs=names)
    last = np.stack([np.concatenate([found[n][i][-1] for n in names]) for i in range(len(drawn))])
    values = np.linalg.svd(last.astype(float), compute_uv=False)
    shares = values / (values.max(initial=0.0) or 1.0)
    return Rank(int((shares > tolerance).sum()), shares)


def _with_state(model: Model) -> list[str]:
    """Return the nodes whose class has a state."""
    return [name for name, node in model.plan.nodes.items() if hasattr(node, "State")]


def _drawn(
    where: str, model: Model, names: list[str], streams: Any, steps: int, shared: int | None,
    seed: int,
) -> list[Array]:  # fmt: skip
    rng = np.random.default_rng(whole(f"{where}.seed", seed, least=0))
    if len(model.plan.inputs) != 1:
        raise DataError(f"{where}: inputs are {', '.join(model.plan.inputs)}; there should be one")
    (entry,) = model.plan.inputs
    width = input_width(model, entry)
    if width is None:
        raise DataError(f"{where}: how wide is {entry}? Write Input(units=1), or run the model")
    steps = whole(f"{where}.steps", steps)
    probe = model.run([np.zeros((1, width))], outputs=names)
    units = sum(probe[name][0].shape[1] for name in names)
    count = units if streams is None else whole(f"{where}.streams", streams)
    drawn = [rng.uniform(-1, 1, (steps, width)) for _ in range(count)]
    if shared is not None:
        for each in drawn:
            each[steps - shared :] = drawn[0][steps - shared :]
    return drawn
