"""How good a prediction is, and how long a memory."""

from nodegraph.metrics.accuracy import accuracy
from nodegraph.metrics.deviation import mae, mse, nrmse, r2, rmse
from nodegraph.metrics.memory import MemoryCapacity, memory_capacity
from nodegraph.metrics.prediction_time import valid_prediction_time
from nodegraph.metrics.scoring import names, score
from nodegraph.spectral import spectral_radius

__all__ = [
    "MemoryCapacity",
    "accuracy",
    "mae",
    "memory_capacity",
    "mse",
    "names",
    "nrmse",
    "r2",
    "rmse",
    "score",
    "spectral_radius",
    "valid_prediction_time",
]
