"""A signal with noise on it, while the model learns."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import PositiveFloat

from nodegraph.arrays import Array
from nodegraph.node import Node

__all__ = ["Noise"]


class Noise(Node):
    """``y[t] = x[t] + noise`` while the model learns, or runs with ``noise=True``; else ``y = x``.

    It stands where the noise is to be: behind an input, ``Input() >> Noise(std=0.1) >> reservoir``;
    in a feedback, ``readout >> Noise(std=0.1) >> delay(1) >> reservoir["feedback"]``, where it is
    added to the teacher as the readout learns; or before a port ``target``. Noise makes a closed
    loop robust, as a ridge does [1]_. `Reservoir` has noise of its own within its activation.

    Parameters
    ----------
    std : float
        Standard deviation, in units of x.
    distribution : {"normal", "uniform"}
        What it is drawn from, with mean 0.

    References
    ----------
    .. [1] H. Jaeger, H. Haas, Science 304 (2004) 78-80.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> model = ng.Model(Noise(std=0.1), seed=1)
    >>> y = model.run(np.ones((1000, 1)), noise=True)
    >>> y.std().round(2), model.run([[1.0]])
    (np.float64(0.1), array([[1.]]))
    """

    std: PositiveFloat
    distribution: Literal["normal", "uniform"] = "normal"

    def step(
        self, params: Any, state: Any, x: Array, noise: Array | None = None
    ) -> tuple[Any, Array]:
        """Return ``(state, x + noise)``."""
        return state, x.copy() if noise is None else x + noise

    def tangent(
        self, params: Any, state: Any, inputs: Any, d_state: Any, d_inputs: Any
    ) -> tuple[Any, Array]:
        """Return ``(d_state, dx)``; see `nodegraph.graph.protocols.Differentiable`."""
        return d_state, d_inputs["x"].copy()

    def draw_noise(self, rng: np.random.Generator, n_steps: int, n_out: int) -> Array:
        """Return the noise of `n_steps` steps."""
        if self.distribution == "normal":
            return self.std * rng.standard_normal((n_steps, n_out))
        most = self.std * np.sqrt(3)
        return rng.uniform(-most, most, (n_steps, n_out))
