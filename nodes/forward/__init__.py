"""The kinds of units of `nodes.ForwardUnit`, one in each file, and itself, who knows them then."""

from nodes.forward.attention import AttentionUnit
from nodes.forward.dendritic import DendriticUnit
from nodes.forward.forecast import ForecastUnit
from nodes.forward.forward_forward import ForwardForwardUnit
from nodes.forward.predictive_coding import PredictiveCodingUnit
from nodes.forward_unit import ForwardUnit

__all__ = [
    "AttentionUnit",
    "DendriticUnit",
    "ForecastUnit",
    "ForwardForwardUnit",
    "ForwardUnit",
    "PredictiveCodingUnit",
]
