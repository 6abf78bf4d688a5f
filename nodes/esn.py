"""The echo state network: a reservoir and a linear readout in one word."""

from __future__ import annotations

from typing import Any

from pydantic import PositiveInt, model_validator

from nodegraph.fields import Classes, Matrix, Vector
from nodegraph.graph import Graph
from nodegraph.node import Composite
from nodes.activation import Identity
from nodes.reservoir import FEEDBACK, Reservoir, ReservoirFields
from nodes.ridge import Ridge
from nodes.rules.least_squares import Strength

__all__ = ["ESN"]

READOUT = {  # fields of the readout, and what they are called in Ridge
    "outputs": "units",
    "ridge": "ridge",
    "fit_bias": "fit_bias",
    "W_out": "W_out",
    "readout_bias": "bias",
    "classes": "classes",
}


class ESN(ReservoirFields, Composite):
    """Echo state network [1]_: ``reservoir >> readout``, a `Reservoir` and a `Ridge`.

    In a graph its nodes are called ``esn.reservoir`` and ``esn.readout``, and ``esn.input`` where
    the readout sees the input too.

    Parameters
    ----------
    units, leak_rate, spectral_radius, input_scaling, bias_scaling, connectivity, \
input_connectivity, topology, input_distribution, activation, noise, start, W, W_in, bias, rule
        The reservoir; see `Reservoir`.
    feedback_scaling, feedback_connectivity, W_fb
        Weights of what is fed back to the reservoir; see `Reservoir`.
    ridge, fit_bias
        How the readout learns; see `Ridge`.
    outputs : int, optional
        Number of outputs; taken from the targets if left out.
    W_out, readout_bias : array, optional
        Weights (n_out, n) and (n_out,) of a readout that does not learn. With `input_to_readout`
        W_out is (n_out, n_in + n).
    input_to_readout : bool
        Whether the readout sees ``[u, x]`` instead of x.
    feedback : bool
        Whether the output is fed back to the reservoir, one step later.
    classes : sequence of str, int or bool, optional
        What the outputs stand for; see `Ridge`.

    References
    ----------
    .. [1] H. Jaeger, H. Haas, Science 304 (2004) 78-80.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> u = np.sin(np.arange(400) / 5)[:, None]
    >>> model = ng.Model(ESN(units=50), seed=1).fit(u[:-1], u[1:], warmup=50)
    >>> bool(np.abs(model.run(u[:-1])[100:] - u[101:]).max() < 1e-3)
    True
    """

    ridge: Strength = 1e-6
    fit_bias: bool = True
    outputs: PositiveInt | None = None
    W_out: Matrix | None = None
    readout_bias: Vector | None = None
    input_to_readout: bool = False
    feedback: bool = False
    classes: Classes = None

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        reasons = super().idle()
        if not self.feedback:
            given = [name for name in FEEDBACK if getattr(self, name) is not None]
            reasons |= dict.fromkeys(given, "feedback is False")
        return reasons

    @model_validator(mode="after")
    def _parts_are_right(self) -> ESN:
        self.as_graph()
        return self

    def expand(self) -> Graph:
        """Return the reservoir and the readout, wired."""
        reservoir, readout = self._reservoir(), self._readout()
        graph = reservoir >> readout
        if self.input_to_readout:
            start = Identity(name="input")
            graph = (start >> reservoir) & (start >> readout) & graph
        return graph & (reservoir << readout) if self.feedback else graph

    def _reservoir(self) -> Reservoir:
        fields: dict[str, Any] = {
            name: getattr(self, name)
            for name in ReservoirFields.model_fields
            if name in self.model_fields_set
        }
        return Reservoir(name="reservoir", **fields)

    def _readout(self) -> Ridge:
        fields: dict[str, Any] = {
            field: getattr(self, name)
            for name, field in READOUT.items()
            if name in self.model_fields_set
        }
        return Ridge(name="readout", **fields)
