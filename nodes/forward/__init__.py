"""The kinds of units of `nodes.ForwardUnit`, one in each file."""

from nodes.forward.attention import AttentionUnit
from nodes.forward.dendritic import DendriticUnit
from nodes.forward.forecast import ForecastUnit
from nodes.forward.forward_forward import ForwardForwardUnit
from nodes.forward.predictive_coding import PredictiveCodingUnit

__all__ = [
    "AttentionUnit",
    "DendriticUnit",
    "ForecastUnit",
    "ForwardForwardUnit",
    "PredictiveCodingUnit",
]
