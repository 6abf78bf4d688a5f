"""A layer whose hidden units learn from a linear head of its own."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat

from nodegraph.arrays import Array
from nodegraph.fields import Fraction
from nodegraph.maths import activate, matvec
from nodes.parts.taught_units import TaughtUnits
from nodes.rules.local_error import Feedback, LocalError

__all__ = ["TaughtLayer"]


class TaughtLayer(TaughtUnits):
    """Hidden units that learn from the target of their own layer, and from nothing else [1]_.

    ``h = f(W_in x + bias)`` and a linear head ``z = V [x, h] + offset`` of its own, which foretells
    the target. `fit` solves for the head in closed form and moves each unit along its whitened
    input times what the head lacks, by turns; see `nodes.rules.LocalError`. No error of another
    node reaches it, and none of its own leaves it. It gives out ``gain h``, each unit at the
    spread 1 that it had while it learned; before it has learned it gives out 0.

    In float32 x is taken about its mean first, as `Scaler` has it, so that a mean of many spreads
    costs no digits.

    The target may have any width; a target given without a name teaches it as well as the readout
    behind it.

    Parameters
    ----------
    units : int
        Number of hidden units.
    activation : {"relu", "tanh", "sigmoid"}
        f.
    rounds : int
        How often the units move; learning goes through the data ``2 rounds + 2`` times.
    share : float in (0, 1]
        Share of the series, or of the blocks of a single one, that a round looks at, each round at
        others beside the first; the head is solved for from all of them. Which series hangs on what
        is in them, to the last bit (not on their order): numbers in another precision choose
        others.
    rate : float
        Length of the first step, as a share of that of a unit's weights.
    ridge : float
        Strength of the penalty on the head, as a share of each feature's sum of squares.
    epsilon : float
        Share of the largest variance that is added to each before whitening.
    bias_scaling : float, at least 0
        Standard deviation of the biases, which stay as they are drawn, beside weights of about
        length 1 of whitened inputs.
    feedback : {"head", "random"}
        Whether a unit hears the error through the head's own weights, or through random ones.
    frozen : bool
        Whether units stay as they were drawn, to be compared with: whitening and head are learned.
    emits : {"units", "prediction"} or several
        What is given out, in this order.

    References
    ----------
    .. [1] H. Mostafa, V. Ramesh, G. Cauwenberghs, Front. Neurosci. 12 (2018) 608.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> x = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
    >>> y = np.abs(x[:, :1] - x[:, 1:])
    >>> layer = TaughtLayer(units=6, emits="prediction")
    >>> error = ng.Model(layer, seed=1).fit(x, y).run(x) - y
    >>> bool(np.sqrt(np.mean(error**2)) < 0.1)
    True
    """

    class Params(NamedTuple):
        """The weights; W_in of whitened inputs until they have learned."""

        W_in: Array  # (units, n_in)
        bias: Array  # (units,)
        gain: Array  # (units,)
        V: Array  # (n_target, n_in + units)
        offset: Array  # (n_target,)
        B: Array  # (n_target, units), random feedback; (0, 0) without
        centre: Array | float = 0.0  # (n_in,), what is taken off x first; 0 in float64

    moves: ClassVar[tuple[str, ...]] = ("rounds", "share", "rate", "feedback")

    rounds: NonNegativeInt = 8
    share: Fraction = 0.4
    rate: PositiveFloat = 1.0
    bias_scaling: NonNegativeFloat = 0.3
    feedback: Feedback = "head"

    @property
    def rule(self) -> LocalError:
        """The rule that it learns by."""
        return self.taught_by(LocalError)

    @property
    def shown(self) -> int:
        """The number of signals that the head hears beside the inputs."""
        return self.units

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the weights and the sums of the head will hold."""
        return {"W_in": self.units * n_in, "sums": 2 * (n_in + self.units) ** 2}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, target: int = 0) -> Params:
        """Return units as they are drawn, and a head that says nothing."""
        self.require_input(n_in)
        of_W, of_bias, of_B = rng.spawn(3)
        feedback = (target, self.units) if self.feedback == "random" else (0, 0)
        return self.Params(
            W_in=of_W.standard_normal((self.units, n_in)) / np.sqrt(n_in),
            bias=self.bias_scaling * of_bias.standard_normal(self.units),
            gain=np.zeros(self.units),
            V=np.zeros((target, n_in + self.units)),
            offset=np.zeros(target),
            B=of_B.standard_normal(feedback),
            centre=np.zeros(n_in),
        )

    def step(self, params: Params, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, y)``, y being ``gain h``, z or both."""
        x = x - params.centre
        h = activate(self.activation, matvec(params.W_in, x) + params.bias)
        parts = [params.gain * h] if "units" in self.emits else []
        if "prediction" in self.emits:
            parts.append(matvec(params.V, np.concatenate([x, h])) + params.offset)
        return state, np.concatenate(parts)
