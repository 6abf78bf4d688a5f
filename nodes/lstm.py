"""A cell that keeps what its gates let in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, FiniteFloat, model_validator

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.fields import Matrix
from nodegraph.maths import matvec, sigmoid, tanh
from nodes.parts.gated_cell import GatedCell, as_dense

__all__ = ["LSTM"]


class LSTM(GatedCell):
    """Long short-term memory [1]_: units whose gates say what enters, stays and is shown.

    With ``a = W_in x[t] + W h[t-1] + bias``, rows stacked in the order i, f, g, o::

        i = sigmoid(a_i),  f = sigmoid(a_f),  g = tanh(a_g),  o = sigmoid(a_o)
        c[t] = f c[t-1] + i g,   h[t] = o tanh(c[t])

    In the variant "peephole" [2]_ the gates see the memory: ``p_i c[t-1]`` is added to a_i,
    ``p_f c[t-1]`` to a_f, and ``p_o c[t]`` to a_o. In "coupled" what is forgotten makes room,
    ``c[t] = f c[t-1] + (1 - f) g``; there is no gate i, so that rows are stacked f, g, o and c
    stays within the hull of g.

    "standard" is that of torch.nn.LSTM with its two biases added.

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if W or a wiring is given.
    variant : {"standard", "peephole", "coupled"}
        Which of the equations above.
    forget_bias : float
        What is added to the biases of f that are drawn, so that a cell remembers at first.
    longest : float above 2, optional
        In place of `forget_bias`: units are to remember from 1 to so many steps at first, biases of
        f being ``log u`` with u even from 1 to ``longest - 1``, and those of i ``-log u`` ("chrono
        initialization" [3]_).
    wiring : Wiring, optional
        Who hears whom, in all gates, as in `nodes.wirings`; W_in and W are drawn there, and stay 0
        elsewhere.
    input_scaling, recurrent_scaling, bias_scaling : float, at least 0
        W_in is normal with deviation ``input_scaling / sqrt(n_in)``; in W each gate has an
        orthogonal matrix times `recurrent_scaling`; bias is normal with deviation `bias_scaling`.
    emits : {"h", "c", "prediction", "error"} or a tuple of them
        What is given out, side by side in this order, whatever the order they are named in.
    rule : rule of a cell, or None
        How it learns to foresee its input: `nodes.rules.EProp`, `RFLO`, `TBPTT`; or
        `nodes.rules.BPTT`.
    frozen : bool
        Whether only the head learns.
    W_in, W, bias : array, optional
        Weights of shape (4n, n_in), (4n, n) and (4n,), used as they stand. For "coupled" the rows
        of i are left out of them; with or without these rows they are taken. W may be a networkx
        graph of n nodes, or a sparse array (n, n): each gate then has its weights.
    peephole : array (3, n), optional
        p_i, p_f and p_o, used as they stand; else normal with deviation 0.1.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber, Neural Computation 9 (1997) 1735-1780.
    .. [2] F. A. Gers, J. Schmidhuber, IJCNN (2000).
    .. [3] C. Tallec, Y. Ollivier, ICLR (2018).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> counter = LSTM(W_in=[[9.0], [0], [9.0], [0]], W=np.zeros((4, 1)), bias=[-6.0, 9, 0, 9])
    >>> ng.Model(counter).run([[1.0], [0.0], [1.0]])[:, 0].round(2)
    array([0.74, 0.74, 0.96])
    """

    class Params(NamedTuple):
        """The weights, rows in the order of the gates."""

        W_in: Array  # (k n, n_in)
        W: Array  # (k n, n)
        bias: Array  # (k n,)
        peephole: Array  # (3, n), or (0, n)
        V: Array  # of the head, see `nodes.parts.cell.Head`
        offset: Array
        feedback: Array

    class State(NamedTuple):
        """What is shown, and the memory."""

        h: Array  # (n,)
        c: Array  # (n,)
        past: Any = ()  # the last steps, for rules that look back

    carried: ClassVar[tuple[str, ...]] = ("h", "c")
    unit_axis: ClassVar[Mapping[str, int]] = {"peephole": 1}
    shows: ClassVar[tuple[str, ...]] = ("h", "c")

    variant: Literal["standard", "peephole", "coupled"] = "standard"
    forget_bias: FiniteFloat = 1.0
    longest: Annotated[FiniteFloat, Field(gt=2)] | None = None
    peephole: Matrix | None = None

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates in the order of their rows."""
        return ("f", "g", "o") if self.variant == "coupled" else ("i", "f", "g", "o")

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the params that can learn."""
        return (*super().weights, *(("peephole",) if self.variant == "peephole" else ()))

    @model_validator(mode="after")
    def _peepholes_fit(self) -> LSTM:
        n = self.width
        if self.peephole is not None and self.peephole.shape != (3, n):
            raise ValueError(
                f"peephole: expected shape {(3, n)}, a row for each of i, f, o, in this order; "
                f"got {self.peephole.shape}"
            )
        return self

    def require_gates(
        self, name: str, columns: tuple[int, ...], error: type[Exception] = FieldError
    ) -> Any:
        """Return the array called `name` if it is given, without rows of i that are not needed."""
        array, n = getattr(self, name), self.width
        if self.variant == "coupled" and array is not None and array.shape == (4 * n, *columns):
            return as_dense(array)[n:]
        return super().require_gates(name, columns, error)

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        reasons = super().idle()
        if self.bias is not None:
            reasons |= dict.fromkeys(("forget_bias", "longest"), "bias is given, as it stands")
        elif self.longest is not None:
            reasons["forget_bias"] = "longest says what is added to the biases of f"
        if self.variant != "peephole":
            reasons["peephole"] = f"variant is {self.variant}, not peephole"
        return reasons

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, drawn or given."""
        of_weights, of_peephole, of_head, of_spans = rng.spawn(4)
        n = self.width
        W_in, W, bias = self.draw_weights(of_weights, n_in)
        if self.bias is None:
            self._remember(bias, of_spans)
        peephole = np.zeros((0, n))
        if self.variant == "peephole":
            drawn = 0.1 * of_peephole.standard_normal((3, n))
            peephole = drawn if self.peephole is None else np.array(self.peephole)
        return self.Params(W_in, W, bias, peephole, *self.draw_head(of_head, n_in, n_out))

    def _remember(self, bias: Any, rng: np.random.Generator) -> None:
        """Add to biases what lets the cell remember at first."""
        gates = dict(zip(self.gates, bias.reshape(len(self.gates), -1), strict=True))
        if self.longest is None:
            gates["f"] += self.forget_bias
            return
        spans = np.log(rng.uniform(1, self.longest - 1, self.width))
        gates["f"] += spans
        if "i" in gates:
            gates["i"] -= spans

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: zeros."""
        state: LSTM.State = self.remembers(self.State(*np.zeros((2, self.width))), n_in)
        return state

    def moved(self, params: Params, state: State, x: Array) -> State:
        """Return the state one step later."""
        a = matvec(params.W, state.h) + matvec(params.W_in, x) + params.bias
        n, c = len(state.h), state.c
        if self.variant == "coupled":
            f, g, a_o = sigmoid(a[:n]), tanh(a[n : 2 * n]), a[2 * n :]
            c = f * c + (1 - f) * g
            return self.State(sigmoid(a_o) * tanh(c), c)
        a_i, a_f, g, a_o = a[:n], a[n : 2 * n], tanh(a[2 * n : 3 * n]), a[3 * n :]
        if self.variant == "standard":
            c = sigmoid(a_f) * c + sigmoid(a_i) * g
            return self.State(sigmoid(a_o) * tanh(c), c)
        p_i, p_f, p_o = params.peephole[0], params.peephole[1], params.peephole[2]
        c = sigmoid(a_f + p_f * c) * c + sigmoid(a_i + p_i * c) * g
        return self.State(sigmoid(a_o + p_o * c) * tanh(c), c)
