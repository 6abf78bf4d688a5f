"""The nodes of the library, one in each file, and their rules in `nodes.rules`."""

from nodes import forward as forward  # the kinds of ForwardUnit
from nodes.activation import Identity, Relu, Sigmoid, Softmax, Softplus, Tanh
from nodes.es2n import ES2N
from nodes.esn import ESN
from nodes.forward_unit import ForwardUnit
from nodes.input import Input
from nodes.lif import LIF
from nodes.lms import LMS
from nodes.nvar import NVAR
from nodes.output import Output
from nodes.reduce import Reduce
from nodes.reservoir import Reservoir
from nodes.ridge import Ridge
from nodes.rls import RLS
from nodes.scaler import Scaler
from nodes.scikit_learn import ScikitLearn

__all__ = [
    "ES2N",
    "ESN",
    "LIF",
    "LMS",
    "NVAR",
    "RLS",
    "ForwardUnit",
    "Identity",
    "Input",
    "Output",
    "Reduce",
    "Relu",
    "Reservoir",
    "Ridge",
    "Scaler",
    "ScikitLearn",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]
