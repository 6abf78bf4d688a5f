"""The Jacobian of the step of a whole graph, and what its eigenvalues say of memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.metrics.spectral import spectral_radius
from nodegraph.data.ranges import whole
from nodegraph.dynamics.trajectories import GraphTrajectory, trajectory
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.model import Model

__all__ = ["EffectiveRadius", "Jacobian", "effective_spectral_radius", "jacobian"]


class Jacobian(NamedTuple):
    """How a step of a whole graph moves what the graph remembers.

    Parameters
    ----------
    matrix : ndarray, shape (n, n)
        ``d z[t] / d z[t-1]``.
    parts : dict of slice
        Where in z the state of a node stands, such as ``"reservoir.x"``, and outputs that are
        read later, such as ``"ridge[t-1]"``.
    """

    matrix: Array
    parts: dict[str, slice]


class EffectiveRadius(NamedTuple):
    """The spectral radius of the Jacobian where the input drives the states.

    Parameters
    ----------
    mean : float
    rows : ndarray, shape (n,)
        Which rows of the input were looked at.
    radii : ndarray, shape (n,)
    """

    mean: float
    rows: Array
    radii: Array

    def __repr__(self) -> str:
        return (
            f"EffectiveRadius(mean={self.mean:.4g}, from {self.radii.min():.4g} to "
            f"{self.radii.max():.4g} in {len(self.rows)} rows)"
        )


@known_arguments
def jacobian(
    model: Model, x: Any = None, *, prompt: Any = None, loop: Mapping[str, str] | None = None
) -> Jacobian:
    """Return the Jacobian of the next step of `model`, delays and all its nodes included.

    The model stays where it stands. Nodes that say how they move (`tangent`) are asked; else it is
    the complex step, or central differences where a step is not analytic.

    Parameters
    ----------
    model : Model
    x : array_like (T, d), or dict by node name, optional
        What drives it from where it stands; the Jacobian is that of the step of the last row.
        Without it the loop is closed, as in `Model.generate`.
    prompt, loop : optional
        As in `Model.generate`.

    Raises
    ------
    GraphError
        If the step of a node is not smooth.

    Examples
    --------
    >>> import nodegraph as ng
    >>> from nodes import Reservoir
    >>> model = ng.Model(Reservoir(W=[[0.5]], W_in=[[1.0]], activation="identity"))
    >>> ng.dynamics.jacobian(model, [[0.3]]).matrix
    array([[0.5]])
    """
    way = trajectory("jacobian", model, x=x, prompt=prompt, loop=loop)
    if not isinstance(way, GraphTrajectory):
        raise DataError("jacobian: expected a Model")
    way.skip(0 if way.rows is None else way.rows - 1)
    return Jacobian(way.push(np.eye(way.size)), way.parts)


@known_arguments
def effective_spectral_radius(
    model: Model, x: Any, *, warmup: int = 100, samples: int = 20
) -> EffectiveRadius:
    """Return how large the spectral radius really is while `x` drives the model.

    ``mean_t rho(d z[t] / d z[t-1])`` over some rows of `x`; inputs push units to where they are
    flat, so that it is below that of W.

    Parameters
    ----------
    model : Model
        It stays where it stands.
    x : array_like (T, d), or dict by node name
    warmup : int
        Rows that drive the states before.
    samples : int
        How many rows, evenly spread over the others.

    Raises
    ------
    DataError
        If `x` has no rows behind the warmup.
    GraphError
        If the output of a node jumps, so that there is no Jacobian.

    References
    ----------
    D. Verstraeten, B. Schrauwen, On the quantification of dynamics in reservoir computing, ICANN
    (2009) 985-994.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input, Reservoir
    >>> model = ng.Model(Input() >> Reservoir(units=50, spectral_radius=0.9), seed=1)
    >>> u = np.random.default_rng(0).uniform(-1, 1, (300, 1))
    >>> bool(ng.dynamics.effective_spectral_radius(model, u).mean < 0.9)
    True
    """
    where = "effective_spectral_radius"
    warmup, samples = whole(f"{where}.warmup", warmup, least=0), whole(f"{where}.samples", samples)
    if x is None:
        raise DataError(f"{where}: x is required, what drives the model")
    way = trajectory(where, model, x=x)
    way.require_state(where)
    if not isinstance(way, GraphTrajectory) or way.rows is None or way.rows <= warmup:
        raise DataError(f"{where}: x has {way.rows} rows, warmup takes {warmup} of them")
    rows = np.unique(np.linspace(warmup, way.rows - 1, samples).round().astype(int))
    radii, at = [], 0
    for row in rows:
        way.skip(int(row) - at)
        radii.append(spectral_radius(way.push(np.eye(way.size))))
        at = int(row) + 1
    return EffectiveRadius(float(np.mean(radii)), rows, np.array(radii))
