"""An echo state network in rclib (C++), with given weights."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from rclib import readouts, reservoirs
from rclib.model import ESN

from nodegraph.arrays import Array

__all__ = ["RclibPeer"]

_FORMAT = 1


class RclibPeer:
    """rclib's network. It draws weights itself; given ones go in through the form it saves.

    Parameters
    ----------
    W : sparse array (n, n)
    W_in : array (n, n_in)
    bias : array (n,)
    leak_rate, ridge : float
    """

    library = "rclib"

    def __init__(self, W: Any, W_in: Array, bias: Array, leak_rate: float, ridge: float):
        reservoir = reservoirs.RandomSparse(len(bias), 0.9, 0.01, leak_rate)
        self.esn = ESN()
        self.esn.add_reservoir(reservoir)
        self.esn.set_readout(readouts.Ridge(ridge, include_bias=False))
        state = self.esn.__getstate__()
        state["_cpp_model"] = _with_weights(state["_cpp_model"], W, W_in, bias)
        self.esn.__setstate__(state)

    def fit(self, x: Array, y: Array, warmup: int) -> Array:
        """Learn, and return the weights of the readout, (n_out, n)."""
        self.esn.fit(x, y, warmup)
        weights: Array = self.esn._cpp_model.getReadout().getWeights().T
        return weights

    def run(self, x: Array) -> Array:
        """Return the outputs from the zero state on."""
        outputs: Array = self.esn.predict(x)
        return outputs

    def generate(self, steps: int, prompt: Array) -> Array:
        """Return `steps` outputs, the first of them that to the end of `prompt`."""
        self.esn.reset_reservoirs()
        outputs: Array = self.esn.predict_generative(prompt, steps)
        return outputs


def _with_weights(saved: bytes, W: Any, W_in: Array, bias: Array) -> bytes:
    """Return a saved model with other weights and the zero state."""
    (version,) = struct.unpack_from("<I", saved, 8)
    if version != _FORMAT:
        raise ValueError(f"rclib saves models in format {version}; known is {_FORMAT}")
    kind = b"RandomSparseReservoir"
    start = saved.index(kind) + len(kind) + struct.calcsize("<iddddBI")
    end = saved.rindex(b"RidgeReadout") - struct.calcsize("<I")
    columns = W.T.tocsc()  # theirs is multiplied from the right
    columns.sort_indices()
    recurrent = (
        struct.pack("<qqq", *columns.shape, columns.nnz)
        + columns.indptr.astype("<i4").tobytes()
        + columns.indices.astype("<i4").tobytes()
        + columns.data.astype("<f8").tobytes()
    )
    state = _matrix(np.zeros((1, len(bias))))
    others = _matrix(bias[None, :]) + state + b"\x01" + _matrix(W_in.T)
    return saved[:start] + recurrent + others + saved[end:]


def _matrix(values: Array) -> bytes:
    return struct.pack("<qq", *values.shape) + values.astype("<f8").tobytes(order="F")
