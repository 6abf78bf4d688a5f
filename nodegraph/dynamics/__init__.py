"""What a graph does as a dynamical system: exponents, memory, ranks, attractors."""

from typing import NoReturn

from nodegraph.dynamics.attractors import (
    histogram_distance,
    power_spectrum,
    power_spectrum_error,
    return_map,
)
from nodegraph.dynamics.capacity import Capacity, information_processing_capacity
from nodegraph.dynamics.divergence import Divergence, largest_exponent
from nodegraph.dynamics.echo_state import EchoState, echo_state_index
from nodegraph.dynamics.jacobian import (
    EffectiveRadius,
    Jacobian,
    effective_spectral_radius,
    jacobian,
)
from nodegraph.dynamics.lyapunov import Lyapunov, kaplan_yorke, lyapunov_exponents
from nodegraph.dynamics.ranks import Rank, generalisation_rank, kernel_rank
from nodegraph.graph.strangers import refuse_name

__all__ = [
    "Capacity",
    "Divergence",
    "EchoState",
    "EffectiveRadius",
    "Jacobian",
    "Lyapunov",
    "Rank",
    "echo_state_index",
    "effective_spectral_radius",
    "generalisation_rank",
    "histogram_distance",
    "information_processing_capacity",
    "jacobian",
    "kaplan_yorke",
    "kernel_rank",
    "largest_exponent",
    "lyapunov_exponents",
    "power_spectrum",
    "power_spectrum_error",
    "return_map",
]


def __getattr__(name: str) -> NoReturn:
    refuse_name("nodegraph.dynamics", name, __all__)
