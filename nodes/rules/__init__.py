"""Local learning rules, one in each file."""

from nodes.rules.anti_hebb import AntiHebb
from nodes.rules.attention import Attention
from nodes.rules.bcm import BCM
from nodes.rules.dendrite import Dendrite
from nodes.rules.estimation import Estimation
from nodes.rules.forecast import Forecast
from nodes.rules.hebb import Hebb
from nodes.rules.intrinsic_plasticity import IntrinsicPlasticity
from nodes.rules.least_mean_squares import LeastMeanSquares
from nodes.rules.least_squares import LeastSquares
from nodes.rules.memory_goodness import MemoryGoodness
from nodes.rules.oja import Oja
from nodes.rules.recursive_least_squares import RecursiveLeastSquares
from nodes.rules.scaling import Scaling
from nodes.rules.temporal_coding import TemporalCoding

__all__ = [
    "BCM",
    "AntiHebb",
    "Attention",
    "Dendrite",
    "Estimation",
    "Forecast",
    "Hebb",
    "IntrinsicPlasticity",
    "LeastMeanSquares",
    "LeastSquares",
    "MemoryGoodness",
    "Oja",
    "RecursiveLeastSquares",
    "Scaling",
    "TemporalCoding",
]
