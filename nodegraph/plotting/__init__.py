"""Plots of series, states and weights that take and return matplotlib Axes.

They show themselves in notebooks, and by ``plt.show()`` where pyplot was imported before; elsewhere
they belong to no window and need no display.
"""

from typing import NoReturn

from nodegraph.graph.strangers import refuse_name
from nodegraph.plotting.attractors import (
    divergence,
    histograms,
    lyapunov,
    power_spectra,
    return_map,
)
from nodegraph.plotting.classes import confusion
from nodegraph.plotting.dynamics import memory_capacity, phase_portrait
from nodegraph.plotting.learning import learning_curves
from nodegraph.plotting.memory import capacity, contraction, ranks, spectrum
from nodegraph.plotting.series import generation, prediction, states
from nodegraph.plotting.weights import eigenvalues, readout_weights

__all__ = [
    "capacity",
    "confusion",
    "contraction",
    "divergence",
    "eigenvalues",
    "generation",
    "histograms",
    "learning_curves",
    "lyapunov",
    "memory_capacity",
    "phase_portrait",
    "power_spectra",
    "prediction",
    "ranks",
    "readout_weights",
    "return_map",
    "spectrum",
    "states",
]


def __getattr__(name: str) -> NoReturn:
    refuse_name("nodegraph.plotting", name, __all__)
