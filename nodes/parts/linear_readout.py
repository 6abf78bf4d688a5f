"""What linear readouts share: weights, a bias, and a product, of many rows at once as well."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pydantic import PositiveInt, model_validator

from nodegraph import Array, Classes, Matrix, Node, Vector
from nodegraph.errors import FieldError
from nodegraph.host.numerics import numerics
from nodegraph.maths import matvec

__all__ = ["LinearReadout", "TaughtReadout", "laid_out", "times_rows"]

MANY = 32  # outputs that fill a register together
COLUMNS = 256  # outputs from which on `step` sums four columns at a time however many there are


def laid_out(W: Array) -> Array | None:
    """Return W by columns, or None where a step sums in another order than rows at once."""
    n_out, n_in = W.shape
    if numerics() == "fast":
        return W.T
    by_columns = n_out >= COLUMNS or (MANY <= n_out and n_in <= 4 * n_out)
    return np.ascontiguousarray(W.T) if by_columns else None


def times_rows(by_columns: Array, rows: Array, bias: Array | None = None) -> Array:
    """Return ``W x + bias`` for each row x, to the bits of a step; in the fast mode by BLAS.

    Parameters
    ----------
    by_columns : ndarray, shape (n_in, n_out)
        What `laid_out` returned of W.
    rows : ndarray, shape (n_steps, n_in)
    bias : ndarray, shape (n_out,), optional
    """
    if numerics() == "fast":
        ys: Array = rows @ by_columns
        if bias is not None:
            ys += bias
        return ys
    from nodes.kernels.affine import affine_by_columns

    return affine_by_columns(
        rows, by_columns, np.zeros(by_columns.shape[1], rows.dtype) if bias is None else bias
    )


class LinearReadout(Node):
    """``y = W_out x + bias``; what is learned, and how, is up to the rule.

    Parameters
    ----------
    units : int, optional
        Number of outputs; taken from the targets, or from W_out, if left out.
    fit_bias : bool
        Whether there is a bias.
    W_out : array (n_out, n_in), optional
        Weights to start from.
    bias : array (n_out,), optional
        Bias to start from.
    """

    class Params(NamedTuple):
        """The weights."""

        W_out: Array  # (n_out, n_in)
        bias: Array  # (n_out,)

    units: PositiveInt | None = None
    fit_bias: bool = True
    W_out: Matrix | None = None
    bias: Vector | None = None

    @model_validator(mode="after")
    def _sizes_agree(self) -> LinearReadout:
        sizes = {
            "units": self.units,
            "rows of W_out": None if self.W_out is None else self.W_out.shape[0],
            "entries of bias": None if self.bias is None else len(self.bias),
        }
        given = {what: n for what, n in sizes.items() if n is not None}
        if len(set(given.values())) > 1:
            shown = ", ".join(f"{n} {what}" for what, n in given.items())
            raise ValueError(f"the number of outputs is said in different ways: {shown}")
        if self.bias is not None and self.W_out is None:
            raise ValueError("bias is given without W_out; give both, or W_out alone")
        return self

    @property
    def declared_size(self) -> int | None:
        """The number of outputs: ``units``, or what W_out tells."""
        return self.units if self.W_out is None else int(self.W_out.shape[0])

    @property
    def ready(self) -> bool:
        """Whether weights were given, so that it may run before it has learned."""
        return self.W_out is not None

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights that were given, or zeros."""
        if n_in == 0:
            raise FieldError("it reads x, but nothing is wired there; write source >> it")
        bias = np.zeros(n_out) if self.bias is None else np.array(self.bias)
        if self.W_out is None:
            return self.Params(np.zeros((n_out, n_in)), bias)
        if self.W_out.shape != (n_out, n_in):
            raise FieldError(f"W_out: expected shape {(n_out, n_in)}, got {self.W_out.shape}")
        W_out = self.W_out if isinstance(self.W_out, np.ndarray) else self.W_out.toarray()
        return self.Params(np.array(W_out), bias)

    def lay_out(self, params: Params) -> Any:
        """Return W_out by columns and the bias, for BLAS or for rows in the order of `step`."""
        if type(self).step is not LinearReadout.step:
            return None
        by_columns = laid_out(params.W_out)
        return None if by_columns is None else (by_columns, params.bias)

    def at_once(self, laid: Any, xs: Array) -> Array:
        """Return ``xs W_out' + bias``."""
        by_columns, bias = laid
        return times_rows(by_columns, xs, bias)

    def silence(self, params: Params, n_steps: int) -> Array | None:
        """Return outputs of 0 while all weights are 0."""
        if type(self).step is not LinearReadout.step or params.W_out.any() or params.bias.any():
            return None
        return np.zeros((n_steps, len(params.bias)), params.bias.dtype)

    def step(self, params: Params, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, W_out x + bias)``."""
        return state, matvec(params.W_out, x) + params.bias

    def tangent(
        self, params: Params, state: Any, inputs: Any, d_state: Any, d_inputs: Any
    ) -> tuple[Any, Array]:
        """Return ``(d_state, W_out dx)``; see `nodegraph.graph.protocols.Differentiable`."""
        return d_state, params.W_out @ d_inputs["x"]


class TaughtReadout(LinearReadout):
    """A linear readout that learns quantities, or classes from their labels.

    Parameters
    ----------
    units, fit_bias, W_out, bias
        See `LinearReadout`.
    classes : sequence of str, int or bool, optional
        What the outputs stand for, sorted, as ``np.unique(labels)`` gives them: then labels are
        its targets, and `nodegraph.Model.classify` says labels.
    """

    classes: Classes = None

    @model_validator(mode="after")
    def _one_output_for_each_class(self) -> TaughtReadout:
        given = super().declared_size
        if self.classes is not None and given not in (None, len(self.classes)):
            raise ValueError(
                f"the number of outputs is said in different ways: {given} units, "
                f"{len(self.classes)} classes"
            )
        return self

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        reasons = super().idle()
        if self.W_out is None or self.rule is not None:
            return reasons
        own = set(type(self).model_fields) - set(TaughtReadout.model_fields)
        return dict.fromkeys(own, "W_out is given, and nothing is learned") | reasons

    @property
    def declared_size(self) -> int | None:
        """The number of outputs: that of classes, ``units``, or what W_out tells."""
        return super().declared_size if self.classes is None else len(self.classes)
