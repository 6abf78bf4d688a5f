"""A signal that another one lets through."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.node import Node

__all__ = ["Gate"]


class Gate(Node):
    """``y[t] = gate[t] x[t]``; `gate` is a port of one column, or of as many as x.

    Examples
    --------
    >>> import nodegraph as ng
    >>> from nodes import Input
    >>> x, g, gate = Input(name="x"), Input(name="g"), Gate()
    >>> graph = (x >> gate) & (g >> gate["gate"])
    >>> ng.Model(graph).run({"x": [[1.0, 2.0], [3.0, 4.0]], "g": [[0.5], [0.0]]})
    array([[0.5, 1. ],
           [0. , 0. ]])
    """

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, gate: int = 0) -> tuple[()]:
        """Return no params; refuse a gate of another width."""
        if gate not in (1, n_in):
            wanted = "1 column" if n_in == 1 else f"1 column or {n_in}"
            raise FieldError(
                f'the gate should have {wanted}, got {gate}; write source >> gate["gate"]'
                if gate
                else 'nothing is wired to the port gate; write source >> gate["gate"]'
            )
        return ()

    def step(
        self, params: Any, state: Any, x: Array, gate: Array | None = None
    ) -> tuple[Any, Array]:
        """Return ``(state, gate x)``."""
        return state, x.copy() if gate is None else gate * x
