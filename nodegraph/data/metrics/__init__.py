"""How good a prediction is, and how long a memory."""

from nodegraph.data.metrics.accuracy import accuracy
from nodegraph.data.metrics.capacity import capacity
from nodegraph.data.metrics.deviation import mae, mse, nrmse, r2, rmse
from nodegraph.data.metrics.deviation_at_end import nrmse_at_end
from nodegraph.data.metrics.memory import MemoryCapacity, memory_capacity
from nodegraph.data.metrics.prediction_time import valid_prediction_time
from nodegraph.data.metrics.probability import coverage, crps, interval_score
from nodegraph.data.metrics.scoring import names, score
from nodegraph.data.metrics.spectral import spectral_radius

__all__ = [
    "MemoryCapacity",
    "accuracy",
    "capacity",
    "coverage",
    "crps",
    "interval_score",
    "mae",
    "memory_capacity",
    "mse",
    "names",
    "nrmse",
    "nrmse_at_end",
    "r2",
    "rmse",
    "score",
    "spectral_radius",
    "valid_prediction_time",
]
