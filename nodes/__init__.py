"""The nodes of the library, one in each file, and their rules in `nodes.rules`."""

from nodes.activation import Identity, Relu, Sigmoid, Softmax, Softplus, Tanh
from nodes.es2n import ES2N
from nodes.input import Input
from nodes.lif import LIF
from nodes.nvar import NVAR
from nodes.output import Output
from nodes.reduce import Reduce
from nodes.reservoir import Reservoir

__all__ = [
    "ES2N",
    "LIF",
    "NVAR",
    "Identity",
    "Input",
    "Output",
    "Reduce",
    "Relu",
    "Reservoir",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]
