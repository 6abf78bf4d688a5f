"""The nodes of the library, one in each file, and their rules in `nodes.rules`."""

from nodes.input import Input
from nodes.output import Output
from nodes.reservoir import Reservoir

__all__ = [
    "Input",
    "Output",
    "Reservoir",
]
