"""Local learning rules, one in each file."""

from nodes.rules.estimation import Estimation
from nodes.rules.forecast import Forecast
from nodes.rules.least_mean_squares import LeastMeanSquares
from nodes.rules.least_squares import LeastSquares
from nodes.rules.recursive_least_squares import RecursiveLeastSquares
from nodes.rules.scaling import Scaling

__all__ = [
    "Estimation",
    "Forecast",
    "LeastMeanSquares",
    "LeastSquares",
    "RecursiveLeastSquares",
    "Scaling",
]
