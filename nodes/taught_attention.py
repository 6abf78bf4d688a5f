"""Causal attention heads and hidden units that learn from a linear head of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.maths import activate, matvec
from nodes.parts.linear_readout import laid_out, times_rows
from nodes.parts.looking_back import LookingBack
from nodes.parts.taught_units import TaughtUnits
from nodes.rules.local_descent import LocalDescent

__all__ = ["TaughtAttention"]

Times = Callable[[Array, Array], Array]
MATRICES = "W_q", "W_k", "W_v", "W_h", "V"


class TaughtAttention(TaughtUnits):
    """Heads look back [1]_ and units hear them; both serve a linear head of their own [2]_.

    With the input z `ahead` steps ago, and in each head its own share of the rows of q, k and v::

        q = W_q z + b_q,   k[j] = W_k x[t-j],   v[j] = W_v x[t-j] + b_v,   j = 0 .. span - 1
        c = sum_j softmax_j(q . k[j] / sqrt(keys)) v[j],   h = f(W_h [z, c] + b_h)

    and a linear map ``V [z, c, h] + offset`` of its own foretells the target. In float32 x is taken
    about its mean first, so that a mean of many spreads costs no digits. Each head and each
    unit hears the error of this map alone, by Adam; see `nodes.rules.LocalDescent`. No error of
    another node reaches it, and none of its own leaves it. It gives out c and h, each at the spread
    1 that it had while it learned; before it has learned it gives out 0.

    With `ahead` it answers late, and so has seen what follows: its target should come as late,
    by an edge ``truth >> delay(ahead) >> layer["target"]``.

    Parameters
    ----------
    heads : int
        Number of attention heads.
    keys : int
        Width of queries, keys and values of each.
    span : int
        How many steps they look back, the present one included.
    units : int
        Number of hidden units.
    ahead : int
        How many steps late it answers.
    activation : {"relu", "tanh", "sigmoid"}
        f.
    passes : int
        How often learning goes through the data by Adam; two more passes are for the linear heads.
    rate : float, above 0
        Size of the largest step of Adam.
    batch : int
        How many rows an update looks at, at least.
    window : int
        How many steps of a series are looked at together.
    decay : float, at least 0
        Pull of the weights towards 0: each update takes `decay` times its rate off them.
    ridge : float
        Strength of the penalty on the linear heads, as a share of each feature's sum of squares.
    epsilon : float
        Share of the largest variance that is added to each where those heads whiten the input.
    frozen : bool
        Whether heads and units stay as they were drawn, to be compared with.
    emits : {"units", "prediction"} or several
        What is given out, in this order: "units" are c of all heads and then h, (heads keys +
        units) columns, each times its `gain`, which gives it spread 1 over what was learned from;
        "prediction" is what the map V says of the target, as wide as that, in its units.

    References
    ----------
    .. [1] A. Vaswani et al., Adv. Neural Inf. Process. Syst. 30 (2017) 5998-6008.
    .. [2] H. Mostafa, V. Ramesh, G. Cauwenberghs, Front. Neurosci. 12 (2018) 608.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> x = np.random.default_rng(0).choice([-1.0, 1.0], (400, 2))
    >>> layer = TaughtAttention(heads=2, keys=3, span=4, units=5, batch=20, window=20)
    >>> ng.Model(layer, seed=1).fit(x, x[:, :1] * x[:, 1:]).run(x).shape
    (400, 11)
    """

    class Params(NamedTuple):
        """The weights; of inputs at mean 0 and spread 1 until they have learned."""

        W_q: Array  # (heads * keys, n_in)
        b_q: Array  # (heads * keys,)
        W_k: Array  # (heads * keys, n_in)
        W_v: Array  # (heads * keys, n_in)
        b_v: Array  # (heads * keys,)
        W_h: Array  # (units, n_in + heads * keys)
        b_h: Array  # (units,)
        gain: Array  # (heads * keys + units,)
        V: Array  # (n_target, n_in + heads * keys + units)
        offset: Array  # (n_target,)
        centre: Array | float = 0.0  # (n_in,), what is taken off x and z first; 0 in float64

    class State(NamedTuple):
        """What arrived in the last steps; step t is in place ``t % n`` of n."""

        inputs: Array  # (ahead + 1, n_in)
        keys: Array  # (heads, span, keys)
        values: Array  # (heads, span, keys)
        steps: Array  # () int

    moves: ClassVar[tuple[str, ...]] = ("passes", "rate", "batch", "decay")

    heads: PositiveInt
    keys: PositiveInt
    span: PositiveInt
    ahead: NonNegativeInt = 0
    passes: NonNegativeInt = 16
    rate: PositiveFloat = 1e-3
    batch: PositiveInt = 1000
    window: PositiveInt = 256
    decay: NonNegativeFloat = 0.01

    @property
    def rule(self) -> LocalDescent:
        """The rule that it learns by."""
        return self.taught_by(LocalDescent)

    @property
    def width(self) -> int:
        """The number of signals of all heads."""
        return self.heads * self.keys

    @property
    def shown(self) -> int:
        """The number of signals that the linear head hears beside the inputs."""
        return self.width + self.units

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers weights, what Adam keeps and the sums of the head will hold."""
        weights = 3 * self.width * n_in + self.units * (n_in + self.width)
        sums = 2 * (n_in + self.shown) ** 2
        return {"weights": 5 * weights, "sums": sums, "keys": 2 * self.span * self.width}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, target: int = 0) -> Params:
        """Return heads and units as they are drawn, and a head that says nothing."""
        self.require_input(n_in)
        shapes = {name: (self.width, n_in) for name in ("W_q", "W_k", "W_v")}
        shapes["W_h"] = self.units, n_in + self.width
        drawn = {
            name: own.standard_normal(shape) / np.sqrt(3 * shape[1])
            for own, (name, shape) in zip(rng.spawn(4), shapes.items(), strict=True)
        }
        return self.Params(
            **drawn,
            b_q=np.zeros(self.width),
            b_v=np.zeros(self.width),
            b_h=np.zeros(self.units),
            gain=np.zeros(self.shown),
            V=np.zeros((target, n_in + self.shown)),
            offset=np.zeros(target),
            centre=np.zeros(n_in),
        )

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: nothing was seen."""
        return self.State(np.zeros((self.ahead + 1, n_in)), *self.core.start(self.width))

    @cached_property
    def core(self) -> LookingBack:
        """What goes row by row where many rows are made at once."""
        return LookingBack(heads=self.heads, keys=self.keys, span=self.span)

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)``, y being c and h at their gain, the prediction, or both."""
        inputs, now, many = state.inputs.copy(), state.steps, self.ahead + 1
        inputs[now % many] = x
        z, x = inputs[(now + 1) % many] - params.centre, x - params.centre
        past, asked = self.core.State(*state[1:]), self._asked(params, z, x, matvec)
        past, c = self.core.step((), past, asked)
        return self.State(inputs, *past), self._told(params, z, c, matvec)

    def _asked(self, params: Params, z: Array, x: Array, times: Times) -> Array:
        """Return queries, keys and values, side by side."""
        q, k = times(params.W_q, z) + params.b_q, times(params.W_k, x)
        return np.concatenate([q, k, times(params.W_v, x) + params.b_v], axis=-1)

    def _told(self, params: Params, z: Array, c: Array, times: Times) -> Array:
        """Return what is given out."""
        heard = times(params.W_h, np.concatenate([z, c], axis=-1)) + params.b_h
        h = activate(self.activation, heard)
        parts = [params.gain * np.concatenate([c, h], axis=-1)] if "units" in self.emits else []
        if "prediction" in self.emits:
            told = times(params.V, np.concatenate([z, c, h], axis=-1))
            parts.append(told + params.offset)
        return np.concatenate(parts, axis=-1)

    def lay_out(self, params: Params) -> Params | None:
        """Return the params with matrices by columns, if `step` sums all of them so."""
        asked = [name for name in MATRICES if name != "V" or "prediction" in self.emits]
        laid = {name: laid_out(getattr(params, name)) for name in asked}
        by_columns = {name: W for name, W in laid.items() if W is not None}
        return params._replace(**by_columns) if len(by_columns) == len(laid) else None

    def sweep(
        self, laid: Params, state: State, xs: Array, run: Callable[[Any, Array], tuple[Any, Array]]
    ) -> tuple[State, Array]:
        """Return ``(state, ys)`` after all rows; see `nodegraph.graph.rows_at_once.Sweeps`."""
        now, many = int(state.steps), self.ahead + 1
        before = state.inputs[(now + 1 + np.arange(self.ahead)) % many]
        line = np.concatenate([before, xs])
        z, inputs = line[: len(xs)] - laid.centre, state.inputs.copy()
        inputs[(now + len(xs) - 1 - np.arange(many)) % many] = line[::-1][:many]
        past, c = run(
            self.core.State(*state[1:]), self._asked(laid, z, xs - laid.centre, times_rows)
        )
        return self.State(inputs, *past), self._told(laid, z, c, times_rows)
