"""A cell that mixes what it was with what it would become."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import model_validator

from nodegraph.arrays import Array
from nodegraph.fields import Vector
from nodegraph.maths import matvec, sigmoid, tanh
from nodes.parts.gated_cell import GatedCell

__all__ = ["GRU"]


class GRU(GatedCell):
    """Gated recurrent units: each mixes its state with a candidate, so that none exceeds 1.

    Rows are stacked in the order r, z, n. With ``reset="before"`` [1]_::

        r, z = sigmoid(W_in x[t] + W h[t-1] + bias)
        n = tanh(W_in x[t] + W (r h[t-1]) + bias)
        h[t] = (1 - z) h[t-1] + z n

    With ``reset="after"``, as in torch.nn.GRU, r comes after the product, and z is what stays::

        r, z = sigmoid(W_in x[t] + bias + W h[t-1] + bias_hidden)
        n = tanh(W_in x[t] + bias + r (W h[t-1] + bias_hidden))
        h[t] = (1 - z) n + z h[t-1]

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if W or a wiring is given.
    reset : {"before", "after"}
        Whether r acts before the product with W or after it.
    wiring : Wiring, optional
        Who hears whom, in all gates, as in `nodes.wirings`; W_in and W are drawn there, and stay 0
        elsewhere.
    input_scaling, recurrent_scaling, bias_scaling : float, at least 0
        W_in is normal with deviation ``input_scaling / sqrt(n_in)``; in W each gate has an
        orthogonal matrix times `recurrent_scaling`; biases are normal with deviation
        `bias_scaling`.
    emits : {"h", "prediction", "error"} or a tuple of them
        What is given out, side by side in this order, whatever the order they are named in.
    rule : rule of a cell, or None
        How it learns to foresee its input: `nodes.rules.EProp`, `RFLO`, `TBPTT`; or
        `nodes.rules.BPTT`.
    frozen : bool
        Whether only the head learns.
    W_in, W, bias : array, optional
        Weights of shape (3n, n_in), (3n, n) and (3n,), used as they stand. W may be a networkx
        graph of n nodes, or a sparse array (n, n): each gate then has its weights.
    bias_hidden : array (3n,), optional
        The biases beside W h of ``reset="after"``, used as they stand; else drawn as bias is.

    References
    ----------
    .. [1] K. Cho et al., EMNLP (2014) 1724-1734.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> smooth = GRU(W_in=[[0.0], [0], [9]], W=np.zeros((3, 1)), bias=[0.0, 0, 0])
    >>> ng.Model(smooth).run([[1.0], [0.0], [-1.0]])[:, 0].round(3)
    array([ 0.5  ,  0.25 , -0.375])
    """

    class Params(NamedTuple):
        """The weights, rows in the order of the gates."""

        W_in: Array  # (3n, n_in)
        W: Array  # (3n, n)
        bias: Array  # (3n,)
        bias_hidden: Array  # (3n,), or (0,)
        V: Array  # of the head, see `nodes.parts.cell.Head`
        offset: Array
        feedback: Array

    class State(NamedTuple):
        """What is shown."""

        h: Array  # (n,)
        past: Any = ()  # the last steps, for rules that look back

    reset: Literal["before", "after"] = "before"
    bias_hidden: Vector | None = None

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates in the order of their rows."""
        return ("r", "z", "n")

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the params that can learn."""
        return (*super().weights, *(("bias_hidden",) if self.reset == "after" else ()))

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        reasons = super().idle()
        if self.reset == "before":
            reasons["bias_hidden"] = "reset is 'before', which has one bias"
        elif self.bias_hidden is None:
            reasons.pop("bias_scaling", None)
        return reasons

    @model_validator(mode="after")
    def _hidden_biases_fit(self) -> GRU:
        self.require_gates("bias_hidden", (), ValueError)
        return self

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, drawn or given."""
        of_weights, of_hidden, of_head = rng.spawn(3)
        W_in, W, bias = self.draw_weights(of_weights, n_in)
        hidden = self.require_gates("bias_hidden", ())
        if self.reset == "before":
            hidden = np.zeros(0)
        elif hidden is None:
            hidden = self.bias_scaling * of_hidden.standard_normal(len(bias))
        return self.Params(W_in, W, bias, hidden, *self.draw_head(of_head, n_in, n_out))

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: zeros."""
        state: GRU.State = self.remembers(self.State(np.zeros(self.width)), n_in)
        return state

    def moved(self, params: Params, state: State, x: Array) -> State:
        """Return the state one step later."""
        h, n = state.h, len(state.h)
        a = matvec(params.W_in, x) + params.bias
        if self.reset == "before":
            gates = sigmoid(a[: 2 * n] + matvec(params.W[: 2 * n], h))
            r, z = gates[:n], gates[n:]
            candidate = tanh(a[2 * n :] + matvec(params.W[2 * n :], r * h))
            return self.State((1 - z) * h + z * candidate)
        heard = matvec(params.W, h) + params.bias_hidden
        gates = sigmoid(a[: 2 * n] + heard[: 2 * n])
        r, z = gates[:n], gates[n:]
        candidate = tanh(a[2 * n :] + r * heard[2 * n :])
        return self.State((1 - z) * candidate + z * h)
