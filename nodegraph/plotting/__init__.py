"""Plots of series, states and weights that take and return matplotlib Axes.

They show themselves in notebooks, and by ``plt.show()`` where pyplot was imported before; elsewhere
they belong to no window and need no display.
"""

from typing import NoReturn

from nodegraph.graph.strangers import refuse_name
from nodegraph.plotting.classes import confusion
from nodegraph.plotting.dynamics import memory_capacity, phase_portrait
from nodegraph.plotting.learning import learning_curves
from nodegraph.plotting.series import generation, prediction, states
from nodegraph.plotting.weights import eigenvalues, readout_weights

__all__ = [
    "confusion",
    "eigenvalues",
    "generation",
    "learning_curves",
    "memory_capacity",
    "phase_portrait",
    "prediction",
    "readout_weights",
    "states",
]


def __getattr__(name: str) -> NoReturn:
    refuse_name("nodegraph.plotting", name, __all__)
