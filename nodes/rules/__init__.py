"""Local learning rules, one in each file."""

from nodes.rules.anti_hebb import AntiHebb
from nodes.rules.bcm import BCM
from nodes.rules.eprop import EProp
from nodes.rules.estimation import Estimation
from nodes.rules.forecast import Forecast
from nodes.rules.forward_forward import ForwardForward
from nodes.rules.hebb import Hebb
from nodes.rules.info_nce import InfoNCE
from nodes.rules.intrinsic_plasticity import IntrinsicPlasticity
from nodes.rules.least_mean_squares import LeastMeanSquares
from nodes.rules.least_squares import LeastSquares
from nodes.rules.oja import Oja
from nodes.rules.predictive_coding import PredictiveCoding
from nodes.rules.recursive_least_squares import RecursiveLeastSquares
from nodes.rules.scaling import Scaling

__all__ = [
    "BCM",
    "AntiHebb",
    "EProp",
    "Estimation",
    "Forecast",
    "ForwardForward",
    "Hebb",
    "InfoNCE",
    "IntrinsicPlasticity",
    "LeastMeanSquares",
    "LeastSquares",
    "Oja",
    "PredictiveCoding",
    "RecursiveLeastSquares",
    "Scaling",
]
