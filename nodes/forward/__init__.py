"""The kinds of units of `nodes.ForwardUnit`, one in each file."""

from nodes.forward.forecast import ForecastUnit

__all__ = ["ForecastUnit"]
