"""The addressed memory of a neural Turing machine, without its controller."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import Field, PositiveInt, field_validator, model_validator

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.fields import Matrix
from nodegraph.maths import log, matvec, norm, outer, softmax, total, vecmat, where
from nodegraph.node import Limits, Node
from nodes.parts.emitted import Emitted, in_order

__all__ = ["NTMMemory"]


class NTMMemory(Node):
    """Slots that are read from and written to at addresses that may be moved [1]_.

    `x` is the key k; what else a controller says comes in at ports. With M and w of the step
    before, ``cos`` the cosine of an angle, and i a slot::

        c_i = softmax_i(beta cos(k, M_i))              by content
        g   = gate c + (1 - gate) w                    or as before
        h_i = sum_j shift_j g_(i - shifts_j) / sum_j shift_j      moved round the ring of slots
        w_i = h_i^gamma / sum_i h_i^gamma              sharpened
        read = M'w,   M_i = M_i (1 - w_i erase) + w_i add

    Slots are read before they are written to. It has no weights: what is wired to its ports drives
    it, a graph of nodes that learn or a programme: beta from 0 on, gate and erase from 0 to 1,
    gamma from 1 on, shares of shifts from 0 on, which need not sum to 1.

    Parameters
    ----------
    slots, width : int
        Shape of the memory.
    shifts : tuple of int
        How far each signal of the port `shift` moves the address.
    emits : tuple of {"read", "weights"}
        What is given out, side by side in this order, whatever the order given: what was read
        (width,), and w (slots,).
    memory : array (slots, width), optional
        What stands in the slots before the first step of every series; else zeros. All of w is then
        on slot 0.

    References
    ----------
    .. [1] A. Graves, G. Wayne, I. Danihelka, arXiv 1410.5401 (2014).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input
    >>> ports = {"beta": 1, "gate": 1, "shift": 3, "gamma": 1, "erase": 2, "add": 2}
    >>> tape = NTMMemory(slots=3, width=2, memory=[[1, 2], [3, 4], [5, 6]])
    >>> graph = Input(name="key") >> tape
    >>> for port in ports:
    ...     graph = graph & (Input(name=port) >> tape[port])
    >>> program = {port: np.zeros((3, n)) for port, n in ports.items()}
    >>> program |= {"shift": [[0, 0, 1]] * 3, "gamma": np.ones((3, 1)), "key": np.zeros((3, 2))}
    >>> ng.Model(graph).run(program)  # each step one slot further
    array([[3., 4.],
           [5., 6.],
           [1., 2.]])
    """

    class State(NamedTuple):
        """The slots, and the address."""

        M: Array  # (slots, width)
        w: Array  # (slots,)

    slots: PositiveInt = 128
    width: PositiveInt = 20
    shifts: tuple[int, ...] = Field((-1, 0, 1), min_length=1)
    emits: Emitted = ("read",)
    memory: Matrix | None = None

    _emits = in_order("read", "weights")

    @field_validator("shifts")
    @classmethod
    def _each_once(cls, shifts: tuple[int, ...]) -> tuple[int, ...]:
        if twice := [far for i, far in enumerate(shifts) if far in shifts[:i]]:
            raise ValueError(f"should have each shift once (got {twice[0]} twice)")
        return shifts

    limits: ClassVar[dict[str, Limits]] = {
        "beta": Limits(0, signals=1),
        "gate": Limits(0, 1, signals=1),
        "shift": Limits(0),
        "gamma": Limits(1, signals=1),
        "erase": Limits(0, 1),
    }

    @model_validator(mode="after")
    def _memory_fits(self) -> NTMMemory:
        shape = self.slots, self.width
        if self.memory is not None and self.memory.shape != shape:
            raise ValueError(f"memory should have shape {shape} (got {self.memory.shape})")
        return self

    @property
    def declared_size(self) -> int:
        """The number of signals given out."""
        widths = {"read": self.width, "weights": self.slots}
        return sum(widths[name] for name in self.emits)

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the memory will hold."""
        return {"M": self.slots * self.width}

    @property
    def remedy(self) -> str:
        """What to do if what it reads is no number."""
        return "at no step may all signals at the port shift be 0, for they are shares of their sum"

    def init(
        self,
        rng: np.random.Generator,
        n_in: int,
        n_out: int,
        beta: int = 0,
        gate: int = 0,
        shift: int = 0,
        gamma: int = 0,
        erase: int = 0,
        add: int = 0,
    ) -> tuple[()]:
        """Return no params; refuse ports of other widths."""
        arrives = {"x": n_in, "beta": beta, "gate": gate, "shift": shift, "gamma": gamma}
        arrives |= {"erase": erase, "add": add}
        takes = dict.fromkeys(arrives, 1) | dict.fromkeys(("x", "erase", "add"), self.width)
        takes["shift"] = len(self.shifts)
        for port, n in takes.items():
            if arrives[port] != n:
                where_to = "the node itself" if port == "x" else f"node[{port!r}]"
                raise FieldError(
                    f"the port {port} takes {n} signal{'s' * (n > 1)}, got {arrives[port]}; "
                    f"wire source >> {where_to}"
                )
        return ()

    def start(self, n_out: int) -> State:
        """Return the state before the first step: the memory as given, all weight on slot 0."""
        given = np.zeros((self.slots, self.width)) if self.memory is None else self.memory
        M = given.toarray() if hasattr(given, "toarray") else np.array(given, dtype=float)
        w = np.zeros(self.slots)
        w[0] = 1
        return self.State(M, w)

    def step(
        self,
        params: Any,
        state: State,
        x: Array,
        beta: Any = None,
        gate: Any = None,
        shift: Any = None,
        gamma: Any = None,
        erase: Any = None,
        add: Any = None,
    ) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        M, w = state
        lengths = norm(M, axis=1) * norm(x)
        angles = where(
            lengths == 0, 0 * lengths, matvec(M, x) / where(lengths == 0, lengths + 1, lengths)
        )
        g = gate[0] * softmax(beta[0] * angles) + (1 - gate[0]) * w
        h = sum(share * np.roll(g, far) for share, far in zip(shift, self.shifts, strict=True))
        w = softmax(gamma[0] * log(h / total(shift)))
        read = vecmat(w, M)
        M = M * (1 - outer(w, erase)) + outer(w, add)
        given_out = {"read": read, "weights": w}
        return self.State(M, w), np.concatenate([given_out[name] for name in self.emits])
