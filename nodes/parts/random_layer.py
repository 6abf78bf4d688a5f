"""Weights that are drawn once or given, and stay: what all reservoirs share."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from nodegraph.arrays import Array, is_sparse
from nodegraph.errors import FieldError
from nodegraph.fields import Described, Fraction, Matrix, PerUnit, Start, Vector
from nodes.parts.layer_doubts import layer_doubts
from nodes.parts.topologies import TILE
from nodes.parts.weights import (
    DISTRIBUTIONS,
    WITH_CONNECTIVITY,
    Distribution,
    Topology,
    recurrent,
    require_cycle,
    scale_columns,
    scale_spectral_radius,
    signed,
)
from nodes.wirings import AnyWiring

__all__ = ["RandomLayer", "column_major", "require_shape"]

SCALED_BY = {
    "W": ("connectivity", "topology"),
    "W_in": ("input_scaling", "input_connectivity"),
    "W_fb": ("feedback_scaling", "feedback_connectivity"),
    "bias": ("bias_scaling",),
}  # what says how weights are drawn
DENSE = 0.3  # share of weights from which on a dense product is the faster one


class RandomLayer(Described):
    """Fields of a layer of units with random weights, and how these weights are made.

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if W or bias is given.
    spectral_radius : float, at least 0
        Largest absolute eigenvalue of W; one that is given is scaled to it if both are given.
    input_scaling : float or one for each input
        Factor of the input weights.
    bias_scaling : float, at least 0
        Factor of the biases.
    connectivity : float in (0, 1]
        Share of the units that each unit hears.
    input_connectivity : float in (0, 1]
        Share of the inputs that each unit hears, at least one.
    topology : str
        Where the recurrent weights are; see `nodes.parts.weights.recurrent`.
    input_distribution : {"uniform", "normal", "bernoulli"}
        What all other weights are drawn from: [-1, 1), N(0, 1) or {-1, 1}.
    start : "zeros", "random" or array (n,)
        The state before the first step of every series; random numbers are even in [-1, 1).
    W, W_in, bias : array, optional
        Weights (n, n), (n, n_in) and (n,), dense or sparse, used as they stand, but for W beside
        a `spectral_radius`. What says how they are drawn is then refused.
    wiring : Wiring, optional
        Who hears whom, and with which sign: weights are drawn normal, inputs by their
        distribution, at those places; see `nodes.wirings`.
    """

    units: PositiveInt | None = None
    spectral_radius: NonNegativeFloat = 0.9
    input_scaling: PerUnit = 1.0
    bias_scaling: NonNegativeFloat = 0.0
    connectivity: Fraction = 0.1
    input_connectivity: Fraction = 1.0
    topology: Topology = "normal"
    input_distribution: Distribution = "uniform"
    start_: Start = Field("zeros", alias="start")  # `Node.start` is the method
    W: Matrix | None = None
    W_in: Matrix | None = None
    bias: Vector | None = None
    wiring: AnyWiring | None = None

    @model_validator(mode="after")
    def _sizes_agree(self) -> RandomLayer:
        n = self.neurons
        if n is None:
            raise ValueError("units is missing: write units=100, or give W")
        for name, axes in (("W", 2), ("bias", 1)):
            require_shape(name, getattr(self, name), (n,) * axes, ValueError)
        if not isinstance(self.start_, str):
            require_shape("start", self.start_, (n,), ValueError)
        if self.wiring is not None and self.wiring.neurons != n:
            raise ValueError(f"wiring: it has {self.wiring.neurons} neurons, not {n}")
        if self.W is not None and "spectral_radius" in self.model_fields_set:
            require_cycle(self.W, self.spectral_radius)
        return self

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        reasons = {}
        if self.topology not in WITH_CONNECTIVITY:
            reasons["connectivity"] = f"topology is {self.topology}, which has none"
        elif self.topology == "block" and (self.neurons or TILE + 1) <= TILE:
            reasons["connectivity"] = f"{TILE} units or fewer are one block"
        if self.wiring is not None:
            places = ("connectivity", "topology", "input_connectivity")
            reasons |= dict.fromkeys(places, "wiring says who hears whom")
        if self.W is not None and self.W_in is not None:
            reasons["wiring"] = "W and W_in are given, and what is 0 there is no synapse"
        for name, fields in SCALED_BY.items():
            if getattr(self, name, None) is not None:
                reasons |= dict.fromkeys(fields, f"{name} is given, and used as it stands")
        if self.W_in is not None and (self.bias is not None or self.bias_scaling == 0):
            reasons["input_distribution"] = "W_in is given, and no bias is drawn"
        return reasons

    @property
    def declared_size(self) -> int | None:
        """The number of signals given out: that of the units."""
        return self.neurons

    @property
    def neurons(self) -> int | None:
        """The number of units: ``units``, or what the weights tell."""
        if self.units is not None:
            return self.units
        if self.wiring is not None:
            return self.wiring.neurons
        given = [a for a in (self.W, self.bias, self.W_in) if a is not None]
        return int(given[0].shape[0]) if given else None

    doubts = layer_doubts

    def require_per_unit(self, name: str) -> None:
        """Raise ValueError if the field `name` has neither one number nor one for each unit."""
        numbers, n = getattr(self, name), self.neurons
        if isinstance(numbers, tuple) and len(numbers) != n:
            raise ValueError(
                f"{name}: expected one number or {n}, one for each unit, got {len(numbers)}"
            )

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the weights will hold."""
        if self.W is not None:
            return {"W_in": n_out * n_in}
        dense = self.topology == "orthogonal" or self.connectivity == 1
        each = n_out if dense else 1 + int(1.5 * self.connectivity * n_out)  # values and places
        return {"W": n_out * each, "W_in": n_out * n_in}

    def begun(self, units: int, rng: np.random.Generator | None) -> Array:
        """Return the state before the first step: zeros, given or drawn."""
        if not isinstance(self.start_, str):
            return np.array(self.start_)
        if self.start_ == "zeros":
            return np.zeros(units)
        drawn: Array = (rng or np.random.default_rng(0)).uniform(-1.0, 1.0, units)
        return drawn

    def draw_recurrent(self, rng: np.random.Generator, units: int, n_in: int = 0) -> Any:
        """Return W, given or drawn with `spectral_radius`."""
        if self.W is not None:
            return column_major(self._given_recurrent())
        if self.wiring is not None:
            return signed(rng, self.wiring.signs(n_in).recurrent, self.spectral_radius)
        W = recurrent(rng, units, self.topology, self.connectivity, self.spectral_radius)
        return column_major(W.toarray() if is_sparse(W) and W.nnz > DENSE * units**2 else W)

    def _given_recurrent(self) -> Any:
        """Return W as it was given, scaled if a spectral radius was given beside it."""
        if "spectral_radius" not in self.model_fields_set:
            return self.W
        return scale_spectral_radius(self.W, self.spectral_radius)

    def draw_input(self, rng: np.random.Generator, units: int, n_in: int = 0) -> Any:
        """Return W_in, given or drawn."""
        W_in = self.draw_matrix(
            rng, "W_in", (units, n_in), self.input_connectivity, "input_scaling"
        )
        if self.wiring is None or self.W_in is not None:
            return W_in
        return column_major(np.abs(W_in) * self.wiring.signs(n_in).sensory.T)

    def draw_bias(self, rng: np.random.Generator, units: int) -> Array:
        """Return the biases, given or drawn."""
        if self.bias is not None:
            return np.array(self.bias)
        drawn: Array = DISTRIBUTIONS[self.input_distribution](rng, units, 1)[:, 0]
        return self.bias_scaling * drawn

    def draw_matrix(
        self,
        rng: np.random.Generator,
        name: str,
        shape: tuple[int, int],
        connectivity: float,
        scaling: str,
    ) -> Any:
        """Return the weights called `name`, given or drawn, column j times its scaling."""
        given, factors = getattr(self, name), getattr(self, scaling)
        if given is not None:
            require_shape(name, given, shape, FieldError)
            return column_major(given)
        if isinstance(factors, tuple) and len(factors) != shape[1]:
            raise FieldError(
                f"{scaling}: expected {shape[1]} numbers, one for each column of {name}, "
                f"got {len(factors)}"
            )
        if shape[1] == 0:
            return np.zeros(shape)
        draw = DISTRIBUTIONS[self.input_distribution]
        return column_major(scale_columns(draw(rng, *shape, connectivity), factors))


def column_major(W: Any) -> Any:
    """Return a copy of `W` whose transpose is contiguous, as compiled loops want it."""
    return W.copy() if is_sparse(W) else np.array(W, order="F")


def require_shape(name: str, array: Any, shape: tuple[int, ...], error: type[Exception]) -> None:
    """Raise `error` if there is an `array` and its shape is not `shape`."""
    if array is not None and array.shape != shape:
        raise error(f"{name}: expected shape {shape}, got {array.shape}")
