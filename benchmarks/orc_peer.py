"""An echo state network in Open Reservoir Computing (JAX), with given weights."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax.experimental import sparse
from orc.forecaster import ESNForecaster, train_RCForecaster

from nodegraph.arrays import Array

__all__ = ["OrcPeer"]


class OrcPeer:
    """The library's network. What it leaves to Python is put under `jit` too.

    Parameters
    ----------
    W : sparse array (n, n)
    W_in : array (n, n_in)
    bias : array (n,)
        The same for all units.
    leak_rate, ridge : float
    """

    library = "OpenReservoirComputing"

    def __init__(self, W: Any, W_in: Array, bias: Array, leak_rate: float, ridge: float):
        n, n_in = W_in.shape
        drawn = ESNForecaster(n_in, n, leak_rate, float(bias[0]), Wr_density=0.02)
        self.esn = eqx.tree_at(
            lambda esn: (esn.driver.wr, esn.embedding.win),
            drawn,
            (_in_coordinates(W), jax.numpy.asarray(W_in)[None]),
        )
        self.ridge = ridge

    def fit(self, x: Array, y: Array, warmup: int) -> Array:
        """Learn, and return the weights of the readout, (n_out, n)."""
        self.esn, _ = _fit(self.esn, x, y, spinup=warmup, beta=self.ridge)
        return np.asarray(self.esn.readout.wout)[0]

    def run(self, x: Array) -> Array:
        """Return the outputs from the zero state on."""
        return np.asarray(_run(self.esn, x))

    def generate(self, steps: int, prompt: Array) -> Array:
        """Return `steps` outputs, the first of them that to the end of `prompt`."""
        return np.asarray(self.esn.forecast_from_IC(steps, prompt))


_fit = eqx.filter_jit(train_RCForecaster)


@eqx.filter_jit
def _run(esn: Any, x: Array) -> Any:
    return esn.readout(esn.force(x, esn.driver.default_state()))


def _in_coordinates(W: Any) -> Any:
    """Return W in the form of the library: a stack of one matrix by coordinates."""
    entries = W.tocoo()
    places = np.stack([entries.row, entries.col], axis=1)
    return sparse.BCOO((entries.data[None], places[None]), shape=(1, *W.shape))
