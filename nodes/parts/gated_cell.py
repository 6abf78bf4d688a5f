"""What cells share whose weights are stacked by gate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt, PrivateAttr, model_validator

from nodegraph.arrays import Array, is_sparse
from nodegraph.errors import FieldError
from nodegraph.fields import Matrix, Vector
from nodes.parts.cell import LearningCell
from nodes.parts.weights import orthogonal
from nodes.wirings import AnyWiring, Signs

__all__ = ["GatedCell", "as_dense", "wired"]


class GatedCell(LearningCell, ABC):
    """A cell whose weights are stacked by gate, n rows for each.

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if W or a wiring is given.
    wiring : Wiring, optional
        Who hears whom, in all gates, see `nodes.wirings`. Weights are drawn there alone: sizes are
        those of normal numbers with deviation `input_scaling`, or `recurrent_scaling`, over the
        root of how many a unit hears; signs are those of the wiring. Learning adds no synapse.
    input_scaling, recurrent_scaling, bias_scaling : float, at least 0
        W_in is normal with deviation ``input_scaling / sqrt(n_in)``; in W each gate has an
        orthogonal matrix times `recurrent_scaling`; bias is normal with deviation `bias_scaling`.
    W_in, W, bias : array, optional
        Weights used as they stand. W may be a networkx graph of n nodes, or a sparse array (n, n):
        each gate then has these weights, ``W[i, j]`` being that of the edge from j to i. Where a
        sparse array or a graph has no weight, learning makes none.
    """

    _synapses: dict[int, Signs] = PrivateAttr(default_factory=dict)  # by the number of inputs

    units: PositiveInt | None = None
    wiring: AnyWiring | None = None
    input_scaling: NonNegativeFloat = 1.0
    recurrent_scaling: NonNegativeFloat = 1.0
    bias_scaling: NonNegativeFloat = 0.0
    W_in: Matrix | None = None
    W: Matrix | None = None
    bias: Vector | None = None

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the params that can learn."""
        return ("W_in", "W", "bias")

    @property
    @abstractmethod
    def gates(self) -> tuple[str, ...]:
        """The gates in the order of their rows."""

    @property
    def width(self) -> int:
        """The number of units: ``units``, or what the wiring or W tells."""
        if self.units is not None:
            return self.units
        if self.wiring is not None:
            return self.wiring.neurons
        return 0 if self.W is None else int(self.W.shape[1])

    @model_validator(mode="after")
    def _sizes_agree(self) -> GatedCell:
        n = self.width
        if not n:
            raise ValueError("units is missing: write units=100, or give W")
        if self.wiring is not None and self.wiring.neurons != n:
            raise ValueError(f"wiring: it has {self.wiring.neurons} neurons, not {n}")
        self.require_gates("W", (n,), ValueError)
        self.require_gates("bias", (), ValueError)
        return self

    def require_gates(
        self, name: str, columns: tuple[int, ...], error: type[Exception] = FieldError
    ) -> Any:
        """Return the array called `name` if it is given; raise `error` if its shape is wrong."""
        array = getattr(self, name)
        if array is None:
            return None
        if name == "W" and is_sparse(array) and array.shape == (self.width, self.width):
            array = np.tile(as_dense(array), (len(self.gates), 1))
        expected = len(self.gates) * self.width, *columns
        if array.shape != expected:
            rows = f", {self.width} rows for each of {', '.join(self.gates)}, in this order"
            several = rows * (len(self.gates) > 1)
            raise error(f"{name}: expected shape {expected}{several}; got {array.shape}")
        return as_dense(array)

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        scaled = {"W_in": "input_scaling", "W": "recurrent_scaling", "bias": "bias_scaling"}
        reasons = super().idle()
        if self.W is not None and self.W_in is not None and (self.rule is None or self.frozen):
            reasons["wiring"] = "W and W_in are given, and do not learn"
        return reasons | {
            field: f"{name} is given, and used as it stands"
            for name, field in scaled.items()
            if getattr(self, name) is not None
        }

    def structure(self) -> Signs | None:
        """Return 1 where the cell itself lets a synapse be, sources in rows; None for anywhere."""
        return None

    def synapses(self, n_in: int) -> Signs | None:
        """Return where there are synapses, with their signs if it is wired; None for anywhere."""
        if self.wiring is None:
            return self.structure()
        if n_in not in self._synapses:
            self._synapses[n_in] = self.wiring.signs(n_in, among=self.structure())
        return self._synapses[n_in]

    def links(self, params: Any) -> dict[str, Array]:
        """Return where there are weights, of params that do not have all."""
        n_in, links = params.W_in.shape[1], {}
        if (there := self.synapses(n_in)) is not None:
            for name, part in (("W", there.recurrent), ("W_in", there.sensory)):
                links[name] = np.tile(np.abs(part).T, (len(self.gates), 1))
        for name, columns in (("W", self.width), ("W_in", n_in)):
            if is_sparse(getattr(self, name)):
                links[name] = np.where(self.require_gates(name, (columns,)) == 0, 0.0, 1.0)
        return links

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the weights will hold."""
        n, rows = self.width, len(self.gates) * self.width
        return {"W": rows * n, "W_in": rows * n_in}

    def draw_weights(self, rng: np.random.Generator, n_in: int) -> tuple[Array, Array, Array]:
        """Return ``(W_in, W, bias)``, drawn or given."""
        n, k = self.width, len(self.gates)
        of_W_in, of_W, of_bias = rng.spawn(3)
        W_in = self.require_gates("W_in", (n_in,))
        if W_in is None and self.wiring is not None:
            W_in = self._wired(of_W_in, "sensory", n_in, self.input_scaling)
        elif W_in is None:
            spread = self.input_scaling / np.sqrt(max(n_in, 1))
            W_in = spread * of_W_in.standard_normal((k * n, n_in))
        W = self.require_gates("W", (n,))
        if W is None and self.wiring is not None:
            W = self._wired(of_W, "recurrent", n_in, self.recurrent_scaling)
        elif W is None:
            W = self.recurrent_scaling * np.concatenate([orthogonal(of_W, n, n) for _ in range(k)])
        bias = self.require_gates("bias", ())
        if bias is None:
            bias = self.bias_scaling * of_bias.standard_normal(k * n)
        return W_in, W, bias

    def _wired(self, rng: np.random.Generator, part: str, n_in: int, scaling: float) -> Array:
        """Return weights at the synapses alone, with their signs."""
        signs: Array = getattr(self.synapses(n_in), part)
        return wired(rng, signs, len(self.gates), scaling)


def wired(rng: np.random.Generator, signs: Array, gates: int, scaling: float) -> Array:
    """Return weights of some gates at synapses alone, with their signs, whose rows are sources."""
    there = np.tile(signs.T, (gates, 1))
    heard = np.abs(there).sum(axis=1, keepdims=True)
    weights: Array = scaling * np.abs(rng.standard_normal(there.shape)) * there
    weights /= np.sqrt(np.maximum(heard, 1))
    return weights


def as_dense(W: Any) -> Array:
    """Return a copy of W without sparseness."""
    dense: Array = W.toarray() if is_sparse(W) else np.array(W)
    return dense
