"""How settings are drawn."""

from __future__ import annotations

import numpy as np

__all__ = ["log_uniform"]


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number between the two, whose logarithm is drawn evenly."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
