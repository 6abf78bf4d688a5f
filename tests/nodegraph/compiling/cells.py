"""Strangers' cells with gates, time constants and memory, and the delta rule."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

import nodegraph as ng
from nodegraph import Array
from nodegraph.maths import (
    cond,
    dot,
    matvec,
    norm,
    outer,
    power,
    repeat,
    sigmoid,
    softmax,
    softplus,
    tanh,
    total,
    vecmat,
)


class GRU(ng.Node):
    """Gated recurrent units [1]_: ``h = (1 - z) h + z tanh(W (r h) + W_in x + bias)``.

    Parameters
    ----------
    units : int
    scaling : float, at least 0
        Spread of the weights, over the root of the number of their columns.

    References
    ----------
    .. [1] K. Cho et al., EMNLP (2014) 1724-1734.
    """

    class Params(NamedTuple):
        """Weights of the gates z and r, and of the candidate."""

        gates: Array  # (2 n, n)
        W: Array  # (n, n)
        W_in: Array  # (3 n, n_in)
        bias: Array  # (3 n,)

    class State(NamedTuple):
        """What is given out, (n,)."""

        h: Array

    units: PositiveInt
    scaling: NonNegativeFloat = 1.0

    def init(self, rng, n_in, n_out):
        draw = lambda n, m: self.scaling / np.sqrt(max(m, 1)) * rng.standard_normal((n, m))  # noqa: E731
        n = n_out
        return self.Params(draw(2 * n, n), draw(n, n), draw(3 * n, n_in), np.zeros(3 * n))

    def start(self, n_out):
        return self.State(np.zeros(n_out))

    def step(self, params, state, x):
        n, drive = self.units, matvec(params.W_in, x) + params.bias
        gates = sigmoid(matvec(params.gates, state.h) + drive[: 2 * n])
        z, r = gates[:n], gates[n:]
        new = tanh(matvec(params.W, r * state.h) + drive[2 * n :])
        h = (1 - z) * state.h + z * new
        return self.State(h), h.copy()


class LSTM(ng.Node):
    """Cells that keep what their gates let in [1]_; it gives out ``h[t]``.

    With ``[i, f, g, o] = W h[t-1] + W_in x[t] + bias``::

        c[t] = sigmoid(f) c[t-1] + sigmoid(i) tanh(g),   h[t] = sigmoid(o) tanh(c[t])

    With peepholes [2]_ i and f also hear ``peep c[t-1]``, and o hears ``peep c[t]``.

    Parameters
    ----------
    units : int
        Number of cells n.
    peephole : bool
        Whether gates look into the cells.
    scaling : float, at least 0
        Spread of weights, over the root of the number of their columns.
    forget_bias : float
        Bias of f.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber, Neural Computation 9 (1997) 1735-1780.
    .. [2] F. A. Gers, J. Schmidhuber, IJCNN (2000) 189-194.
    """

    class Params(NamedTuple):
        """The weights of i, f, g and o, one below the other."""

        W: Array  # (4 n, n)
        W_in: Array  # (4 n, n_in)
        bias: Array  # (4 n,)
        peep: Array  # (3, n), of i, f and o

    class State(NamedTuple):
        """What is given out, and what is kept."""

        h: Array  # (n,)
        c: Array  # (n,)

    units: PositiveInt
    peephole: bool = False
    scaling: NonNegativeFloat = 1.0
    forget_bias: float = 1.0

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights."""
        n, spread = n_out, self.scaling * rng.standard_normal((4 * n_out, n_out + n_in))
        bias = np.zeros(4 * n)
        bias[n : 2 * n] = self.forget_bias
        peep = 0.1 * rng.standard_normal((3, n)) * self.peephole
        return self.Params(
            spread[:, :n] / np.sqrt(n), spread[:, n:] / np.sqrt(max(n_in, 1)), bias, peep
        )

    def start(self, n_out: int) -> State:
        """Return zeros."""
        return self.State(np.zeros(n_out), np.zeros(n_out))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, h)`` one step later."""
        drive = matvec(params.W, state.h) + matvec(params.W_in, x) + params.bias
        i, f, g, o = drive.reshape(4, -1)
        if self.peephole:
            i, f = i + params.peep[0] * state.c, f + params.peep[1] * state.c
        c = sigmoid(f) * state.c + sigmoid(i) * tanh(g)
        if self.peephole:
            o = o + params.peep[2] * c
        h = sigmoid(o) * tanh(c)
        return self.State(h, c), h.copy()


class LTC(ng.Node):
    """Neurons whose time constants depend on what they hear [1]_, by a semi-implicit solver.

    A synapse from j to i conducts ``s_ij = w_ij sigmoid(sharp_ij (v_j - mid_ij))`` towards its
    reversal potential; each of `unfolds` parts of a step is ::

        v_i = (k v_i + leak_i rest_i + sum_j s_ij erev_ij) / (k + leak_i + sum_j s_ij)

    with ``k = capacity unfolds``; synapses from inputs add to both sums. It gives out v.

    Parameters
    ----------
    units : int
        Number of neurons n.
    unfolds : int
        Parts of a step.
    capacity : float
        Of a membrane, in steps.

    References
    ----------
    .. [1] R. Hasani et al., AAAI Conference on Artificial Intelligence 35 (2021) 7657-7666.
    """

    class Synapses(NamedTuple):
        """From m sources to n neurons, (n, m) each."""

        w: Array
        sharp: Array
        mid: Array
        erev: Array

    class Params(NamedTuple):
        """Synapses from neurons and from inputs, and membranes, (n,)."""

        own: LTC.Synapses
        sensory: LTC.Synapses
        leak: Array
        rest: Array

    class State(NamedTuple):
        """The potentials, (n,)."""

        v: Array

    units: PositiveInt
    unfolds: PositiveInt = 6
    capacity: PositiveFloat = 0.5

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return what is drawn once."""

        def synapses(m: int) -> LTC.Synapses:
            shape = n_out, m
            erev = rng.choice([-1.0, 1.0], shape)
            return self.Synapses(
                rng.uniform(0.01, 1, shape),
                rng.uniform(3, 8, shape),
                rng.uniform(0.3, 0.8, shape),
                erev,
            )

        return self.Params(
            synapses(n_out),
            synapses(n_in),
            rng.uniform(0.01, 1, n_out),
            rng.uniform(-0.2, 0.2, n_out),
        )

    def start(self, n_out: int) -> State:
        """Return zeros."""
        return self.State(np.zeros(n_out))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, v)`` one step later."""
        own, leak, v, k = params.own, params.leak, state.v, self.capacity * self.unfolds
        open_ = _conducts(params.sensory, x)
        pull = leak * params.rest + total(open_ * params.sensory.erev, axis=1)
        hold = k + leak + total(open_, axis=1)

        def part(v: Array) -> Array:
            open_ = _conducts(own, v)
            return (k * v + pull + total(open_ * own.erev, axis=1)) / (hold + total(open_, axis=1))

        v = repeat(self.unfolds, part, v)
        return self.State(v), v.copy()


def _conducts(s: LTC.Synapses, v: Array) -> Array:
    """Return how far each synapse is open."""
    return s.w * sigmoid(s.sharp * (v - s.mid))


class NTM(ng.Node):
    """A memory with a head that writes and a head that reads, as in Neural Turing Machines [1]_.

    Both heads are led by a fixed random map of the input and of what was read last. It gives out
    what is read.

    Parameters
    ----------
    rows, units : int
        Number of places, and numbers in each: what is read.
    scaling : float, at least 0
        Spread of the map, over the root of the number of its columns.

    References
    ----------
    .. [1] A. Graves, G. Wayne, I. Danihelka, Neural Turing Machines, arXiv:1410.5401 (2014).
    """

    class Params(NamedTuple):
        """The map to what leads the heads."""

        W: Array  # (2 (units + 6) + 2 units, n_in + units)
        bias: Array

    class State(NamedTuple):
        """The memory, where heads are, and what was read."""

        M: Array  # (rows, units)
        writing: Array  # (rows,)
        reading: Array  # (rows,)
        read: Array  # (units,)

    units: PositiveInt
    rows: PositiveInt = 32
    scaling: NonNegativeFloat = 1.0

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return what is drawn once."""
        shape = 2 * (n_out + 6) + 2 * n_out, n_in + n_out
        return self.Params(
            self.scaling / np.sqrt(shape[1]) * rng.standard_normal(shape), np.zeros(shape[0])
        )

    def start(self, n_out: int) -> State:
        """Return a memory that is nearly empty, with heads at the first place."""
        first = np.zeros(self.rows)
        first[0] = 1
        return self.State(np.full((self.rows, n_out), 1e-6), first, first.copy(), np.zeros(n_out))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, read)`` one step later."""
        n = self.units
        said = matvec(params.W, np.concatenate([x, state.read])) + params.bias
        erase, add = sigmoid(said[:n]), tanh(said[n : 2 * n])
        writing = _addressed(state.M, state.writing, said[2 * n : 3 * n + 6])
        M = state.M * (1 - outer(writing, erase)) + outer(writing, add)
        reading = _addressed(M, state.reading, said[3 * n + 6 :])
        read = vecmat(reading, M)
        return self.State(M, writing, reading, read), read.copy()


def _addressed(M: Array, before: Array, said: Array) -> Array:
    """Return where a head looks: by content, by where it was, by a shift, sharpened."""
    key, (strength, gate, sharp), shift = tanh(said[:-6]), said[-6:-3], softmax(said[-3:])
    likeness = matvec(M, key) / (norm(M, axis=1) * norm(key) + 1e-8)
    content, gate = softmax(softplus(strength) * likeness), sigmoid(gate)
    where = gate * content + (1 - gate) * before
    moved = shift[0] * np.roll(where, 1) + shift[1] * where + shift[2] * np.roll(where, -1)
    sharpened = power(moved, 1 + softplus(sharp))
    return sharpened / (total(sharpened) + 1e-16)


class Delta(ng.Rule):
    """Step against the mean error of some rows: ``W_out += rate sum(e x') / sum(1 + |x|^2)``.

    Parameters
    ----------
    rate : float
        Below 2.
    batch : int
        Rows of an update.
    """

    class Memory(NamedTuple):
        """Sums over the rows so far, in double precision."""

        pull: Array  # (n_out, n_in)
        power: Array  # ()
        rows: Array  # () int

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W_out",)

    rate: PositiveFloat = 0.5
    batch: PositiveInt = 8

    def begin(self, params):
        return self.Memory(np.zeros(params.W_out.shape), np.zeros(()), np.zeros((), int))

    def update(self, params, memory, seen):
        pull = memory.pull + outer(seen.target - seen.y, seen.x)
        gathered = self.Memory(pull, memory.power + 1 + dot(seen.x, seen.x), memory.rows + 1)
        return cond(gathered.rows >= self.batch, self.moved, params, gathered)

    def moved(self, params: Any, memory: Memory):
        change = (self.rate / memory.power * memory.pull).astype(params.W_out.dtype)
        W_out = params.W_out + change
        return params._replace(W_out=W_out), self.Memory(*(0 * part for part in memory))
