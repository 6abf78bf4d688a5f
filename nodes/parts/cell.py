"""What recurrent cells share: weights stacked by gate, what is given out, being told to wait."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt, field_validator, model_validator

from nodegraph.arrays import Array, is_sparse
from nodegraph.data.symptoms import is_still, raw_input
from nodegraph.errors import FieldError
from nodegraph.fields import Matrix, Vector
from nodegraph.node import Node
from nodes.parts.update_mask import update_mask
from nodes.parts.weights import orthogonal

__all__ = ["Cell", "GatedCell", "as_dense"]


class Cell(Node, ABC):
    """A recurrent cell: its equation is `moved`; it can be told not to update.

    Where something is wired to the port ``update`` and none of its signals is above 0, the state
    stays as it is, to the bit.

    Parameters
    ----------
    emits : tuple of str
        What is given out, side by side: arrays of the state by name, in their order there.
    """

    shows: ClassVar[tuple[str, ...]] = ("h",)  # what it can give out, each with a number per unit

    emits: tuple[str, ...] = ("h",)

    @property
    @abstractmethod
    def size_of_state(self) -> int:
        """The number of units."""

    @abstractmethod
    def moved(self, params: Any, state: Any, x: Array) -> Any:
        """Return the state one step later."""

    @field_validator("emits", mode="before")
    @classmethod
    def _in_order(cls, emits: Any) -> Any:
        names = (emits,) if isinstance(emits, str) else emits
        if isinstance(names, Iterable) and (chosen := {*names}) and chosen <= {*cls.shows}:
            return tuple(name for name in cls.shows if name in chosen)
        raise ValueError(f"should be one or more of {', '.join(cls.shows)} (got {emits!r})")

    @property
    def declared_size(self) -> int:
        """The number of signals given out."""
        return self.size_of_state * len(self.emits)

    def step(
        self, params: Any, state: Any, x: Array, update: Array | None = None
    ) -> tuple[Any, Array]:
        """Return ``(state, y)`` one step later."""
        after = self.moved(params, state, x)
        if update is not None:
            after = update_mask((update > 0).any(), after, state)
        return after, np.concatenate([getattr(after, name) for name in self.emits])

    def doubts(self, x: Array, y: Array, params: Any) -> list[str]:
        """Return that the input is not of mean 0 and variance 1, or that nothing moves."""
        still = "nothing that it gives out moves" * is_still(x, y)
        return [words for words in (raw_input(x, faint=1e-3), still) if words]


class GatedCell(Cell, ABC):
    """A cell whose weights are stacked by gate, n rows for each.

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if W is given.
    input_scaling, recurrent_scaling, bias_scaling : float, at least 0
        W_in is normal with deviation ``input_scaling / sqrt(n_in)``; in W each gate has an
        orthogonal matrix times `recurrent_scaling`; bias is normal with deviation `bias_scaling`.
    W_in, W, bias : array, optional
        Weights used as they stand.
    """

    units: PositiveInt | None = None
    input_scaling: NonNegativeFloat = 1.0
    recurrent_scaling: NonNegativeFloat = 1.0
    bias_scaling: NonNegativeFloat = 0.0
    W_in: Matrix | None = None
    W: Matrix | None = None
    bias: Vector | None = None

    @property
    @abstractmethod
    def gates(self) -> tuple[str, ...]:
        """The gates in the order of their rows."""

    @property
    def size_of_state(self) -> int:
        """The number of units: ``units``, or what W tells."""
        if self.units is not None:
            return self.units
        return 0 if self.W is None else int(self.W.shape[1])

    @model_validator(mode="after")
    def _sizes_agree(self) -> GatedCell:
        n = self.size_of_state
        if not n:
            raise ValueError("units is missing: write units=100, or give W")
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
        expected = len(self.gates) * self.size_of_state, *columns
        if array.shape != expected:
            rows = f"{self.size_of_state} rows for each of {', '.join(self.gates)}, in this order"
            raise error(f"{name}: expected shape {expected}, {rows}; got {array.shape}")
        return as_dense(array)

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        scaled = {"W_in": "input_scaling", "W": "recurrent_scaling", "bias": "bias_scaling"}
        return {
            field: f"{name} is given, and used as it stands"
            for name, field in scaled.items()
            if getattr(self, name) is not None
        }

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the weights will hold."""
        n, rows = self.size_of_state, len(self.gates) * self.size_of_state
        return {"W": rows * n, "W_in": rows * n_in}

    def draw_weights(self, rng: np.random.Generator, n_in: int) -> tuple[Array, Array, Array]:
        """Return ``(W_in, W, bias)``, drawn or given."""
        n, k = self.size_of_state, len(self.gates)
        of_W_in, of_W, of_bias = rng.spawn(3)
        W_in = self.require_gates("W_in", (n_in,))
        if W_in is None:
            spread = self.input_scaling / np.sqrt(max(n_in, 1))
            W_in = spread * of_W_in.standard_normal((k * n, n_in))
        W = self.require_gates("W", (n,))
        if W is None:
            W = self.recurrent_scaling * np.concatenate([orthogonal(of_W, n, n) for _ in range(k)])
        bias = self.require_gates("bias", ())
        if bias is None:
            bias = self.bias_scaling * of_bias.standard_normal(k * n)
        return W_in, W, bias


def as_dense(W: Any) -> Array:
    """Return a copy of W without sparseness."""
    dense: Array = W.toarray() if is_sparse(W) else np.array(W)
    return dense
