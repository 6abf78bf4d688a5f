"""A reservoir of attention: random queries, keys and values over a past that fades."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from nodegraph.arrays import Array
from nodegraph.data.symptoms import is_still, raw_input
from nodegraph.errors import FieldError
from nodegraph.fields import Fraction
from nodegraph.maths import einsum, matvec, tanh
from nodegraph.node import Node
from nodes.parts.feature_maps import features, width

__all__ = ["RandomAttention"]


class RandomAttention(Node):
    """Heads that look up what is like the present in a past that fades; nothing of it learns.

    In each head, with random W_q, W_k and W_v and the features phi of `kernel`::

        q = W_q x,  k = W_k x,  v = tanh(W_v x + bias)
        S = (1 - leak_rate) S + v phi(k)',  z = (1 - leak_rate) z + phi(k)
        y = S phi(q) / z'phi(q)

    which is causal attention with ``(1 - leak_rate)^j phi(q) . phi(k[t-j])`` in place of
    ``exp(q . k[t-j])`` [1]_: y lies between the least and the greatest v there were. It stands
    where a `Reservoir` does, and has a state of ``units`` times features numbers.

    Parameters
    ----------
    units : int
        Number of outputs, those of all heads.
    heads : int
        Number of heads; a divisor of units.
    keys : int
        Length of the queries and keys of a head.
    kernel : {"elu", "based", "rebased", "hedgehog"}
        phi; see `nodes.parts.feature_maps.features`.
    leak_rate : float in (0, 1]
        How much of the past fades in a step.
    key_scaling : float
        W_q and W_k are normal with deviation ``key_scaling / sqrt(n_in)``: how sharply heads look.
    input_scaling, bias_scaling : float, at least 0
        W_v is normal with deviation ``input_scaling / sqrt(n_in)``, bias with `bias_scaling`.

    References
    ----------
    .. [1] A. Katharopoulos et al., Int. Conf. Machine Learning 37 (2020) 5156-5165.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> y = ng.Model(RandomAttention(units=8, heads=2), seed=1).run(np.ones((3, 1)))
    >>> bool(np.allclose(y[0], y[2]))  # all that there is to look up is the same
    True
    """

    class Params(NamedTuple):
        """The weights; those of features that have none are empty."""

        W_q: Array  # (heads, keys, n_in)
        W_k: Array  # (heads, keys, n_in)
        W_v: Array  # (units, n_in)
        bias: Array  # (units,)

    class State(NamedTuple):
        """What is stored by each head, and the sum of the features of its keys."""

        S: Array  # (heads, units / heads, features)
        z: Array  # (heads, features)

    units: PositiveInt
    heads: PositiveInt = 4
    keys: PositiveInt = 4
    kernel: Literal["elu", "based", "rebased", "hedgehog"] = "elu"
    leak_rate: Fraction = 0.1
    key_scaling: PositiveFloat = 1.0
    input_scaling: NonNegativeFloat = 1.0
    bias_scaling: NonNegativeFloat = 0.1

    @model_validator(mode="after")
    def _heads_share_the_units(self) -> RandomAttention:
        if self.units % self.heads:
            raise ValueError(
                f"units should be a multiple of heads, {self.heads} (got {self.units}); write "
                f"units={self.units - self.units % self.heads or self.heads}"
            )
        return self

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers weights and state will hold."""
        drawn = n_in * (2 * self.heads * self.keys + n_out)
        return {"W_v": drawn, "S": n_out * width(self.kernel, self.keys)}

    def doubts(self, x: Array, y: Array, params: Params) -> list[str]:
        """Return that the input is not of mean 0 and variance 1, or that nothing moves."""
        still = "nothing that it gives out moves" * is_still(x, y)
        return [words for words in (raw_input(x, faint=1e-3), still) if words]

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, drawn."""
        if n_in == 0:
            raise FieldError("RandomAttention looks up its input, but nothing is wired to it")
        of_q, of_k, of_v, of_bias = rng.spawn(4)
        shape, sharp = (self.heads, self.keys, n_in), self.key_scaling / np.sqrt(n_in)
        return self.Params(
            W_q=sharp * of_q.standard_normal(shape),
            W_k=sharp * of_k.standard_normal(shape),
            W_v=self.input_scaling / np.sqrt(n_in) * of_v.standard_normal((n_out, n_in)),
            bias=self.bias_scaling * of_bias.standard_normal(n_out),
        )

    def start(self, n_out: int) -> State:
        """Return the state before the first step: nothing is stored."""
        m = width(self.kernel, self.keys)
        stored = np.zeros((self.heads, n_out // self.heads, m))
        return self.State(stored, np.zeros((self.heads, m)))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        q, k = (
            features(self.kernel, None, einsum("hki,i->hk", W, x)) for W in (params.W_q, params.W_k)
        )
        v = tanh(matvec(params.W_v, x) + params.bias).reshape(self.heads, -1)
        kept = x.dtype.type(1 - self.leak_rate)
        S = kept * state.S + v[:, :, None] * k[:, None, :]
        z = kept * state.z + k
        y = einsum("hvf,hf->hv", S, q) / einsum("hf,hf->h", z, q)[:, None]
        return self.State(S, z), y.reshape(-1)
