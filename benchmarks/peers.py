"""The same reservoirs and readouts in ReservoirPy, with the same weights; its data."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodes import Reservoir, Ridge

try:
    import reservoirpy.nodes as peer  # type: ignore[import-untyped]
    from reservoirpy.datasets import santafe_laser  # type: ignore[import-untyped]
except ImportError:
    raise SystemExit("reservoirpy is not installed; write pip install '.[bench]'") from None

__all__ = ["peer", "peer_readout", "peer_reservoir", "santa_fe_laser"]


def peer_reservoir(node: Reservoir, params: Any) -> Any:
    """Return ReservoirPy's reservoir with the weights of ours; what is fed back is an input."""
    fed_back = params.W_fb.shape[1]
    W_in = np.hstack([params.W_in, params.W_fb]) if fed_back else params.W_in
    return peer.Reservoir(
        W=params.W, Win=np.ascontiguousarray(W_in), bias=params.bias, lr=node.leak_rate
    )


def peer_readout(node: Ridge, params: Any = None) -> Any:
    """Return ReservoirPy's ridge readout, with learned weights if `params` are given."""
    if params is None:
        return peer.Ridge(ridge=node.ridge)
    return peer.Ridge(ridge=node.ridge, Wout=params.W_out.T.copy(), bias=params.bias.copy())


def santa_fe_laser() -> Array:
    """Return the intensity of a laser, (10093, 1), as ReservoirPy holds it."""
    series: Array = santafe_laser().astype(float)
    return series
