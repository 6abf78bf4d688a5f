"""The nodes of the library, one in each file, and their rules in `nodes.rules`.

A file is imported when one of its nodes is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nodegraph.graph.strangers import refuse_name
from nodes.families import FAMILIES as FAMILIES

if TYPE_CHECKING:
    from nodes import forward as forward  # the kinds of ForwardUnit
    from nodes.activation import Identity, Relu, Sigmoid, Softmax, Softplus, Tanh
    from nodes.attention import Attention
    from nodes.backward import Backward
    from nodes.cfc import CfC
    from nodes.clockwork_rnn import ClockworkRNN
    from nodes.concat import Concat
    from nodes.conceptor import Conceptor
    from nodes.ctrnn import CTRNN
    from nodes.dcm import DCM
    from nodes.dense import Dense
    from nodes.entity_memory import EntityMemory
    from nodes.es2n import ES2N
    from nodes.esn import ESN
    from nodes.filter import Filter
    from nodes.forward_unit import ForwardUnit
    from nodes.gate import Gate
    from nodes.gru import GRU
    from nodes.hmlstm import HMLSTM
    from nodes.hold import Hold
    from nodes.hopfield import Hopfield
    from nodes.hyper_node import HyperNode
    from nodes.impute import Impute
    from nodes.input import Input
    from nodes.izhikevich import Izhikevich
    from nodes.keyed_store import KeyedStore
    from nodes.lasso import Lasso
    from nodes.latency_encoder import LatencyEncoder
    from nodes.lif import LIF
    from nodes.linear_attention import LinearAttention
    from nodes.lms import LMS
    from nodes.logistic_regression import LogisticRegression
    from nodes.lstm import LSTM
    from nodes.ltc import LTC
    from nodes.mean import Mean
    from nodes.memn2n import MemN2N
    from nodes.mtrnn import MTRNN
    from nodes.neural_ode import NeuralODE
    from nodes.noise import Noise
    from nodes.ntm_memory import NTMMemory
    from nodes.nvar import NVAR
    from nodes.output import Output
    from nodes.pad import Pad
    from nodes.partial_squares import PartialSquares
    from nodes.patches import Patches
    from nodes.pca import PCA
    from nodes.ponder import Ponder
    from nodes.power import Power
    from nodes.predictive_cell import PredictiveCell
    from nodes.predictive_coder import PredictiveCoder
    from nodes.product import Product
    from nodes.products import Products
    from nodes.random_attention import RandomAttention
    from nodes.rate_encoder import RateEncoder
    from nodes.reduce import Reduce
    from nodes.reservoir import Reservoir
    from nodes.reward_readout import RewardReadout
    from nodes.ridge import Ridge
    from nodes.rls import RLS
    from nodes.scaler import Scaler
    from nodes.scikit_learn import ScikitLearn
    from nodes.select import Select
    from nodes.self_organising_map import SelfOrganisingMap
    from nodes.shared import Shared
    from nodes.skip_rnn import SkipRNN
    from nodes.slow_features import SlowFeatures
    from nodes.sparse_coder import SparseCoder
    from nodes.taught_attention import TaughtAttention
    from nodes.taught_layer import TaughtLayer
    from nodes.td import TD
    from nodes.temporal_convolution import TemporalConvolution
    from nodes.unpatch import Unpatch
    from nodes.vote import Vote
    from nodes.whitening import Whitening
    from nodes.zoneout import Zoneout

__all__ = [
    "CTRNN",
    "DCM",
    "ES2N",
    "ESN",
    "GRU",
    "HMLSTM",
    "LIF",
    "LMS",
    "LSTM",
    "LTC",
    "MTRNN",
    "NVAR",
    "PCA",
    "RLS",
    "TD",
    "Attention",
    "Backward",
    "CfC",
    "ClockworkRNN",
    "Concat",
    "Conceptor",
    "Dense",
    "EntityMemory",
    "Filter",
    "ForwardUnit",
    "Gate",
    "Hold",
    "Hopfield",
    "HyperNode",
    "Identity",
    "Impute",
    "Input",
    "Izhikevich",
    "KeyedStore",
    "Lasso",
    "LatencyEncoder",
    "LinearAttention",
    "LogisticRegression",
    "Mean",
    "MemN2N",
    "NTMMemory",
    "NeuralODE",
    "Noise",
    "Output",
    "Pad",
    "PartialSquares",
    "Patches",
    "Ponder",
    "Power",
    "PredictiveCell",
    "PredictiveCoder",
    "Product",
    "Products",
    "RandomAttention",
    "RateEncoder",
    "Reduce",
    "Relu",
    "Reservoir",
    "RewardReadout",
    "Ridge",
    "Scaler",
    "ScikitLearn",
    "Select",
    "SelfOrganisingMap",
    "Shared",
    "Sigmoid",
    "SkipRNN",
    "SlowFeatures",
    "Softmax",
    "Softplus",
    "SparseCoder",
    "Tanh",
    "TaughtAttention",
    "TaughtLayer",
    "TemporalConvolution",
    "Unpatch",
    "Vote",
    "Whitening",
    "Zoneout",
]

_HOMES = {
    "Identity": "activation",
    "Relu": "activation",
    "Sigmoid": "activation",
    "Softmax": "activation",
    "Softplus": "activation",
    "Tanh": "activation",
    "Attention": "attention",
    "Backward": "backward",
    "CfC": "cfc",
    "ClockworkRNN": "clockwork_rnn",
    "Concat": "concat",
    "Conceptor": "conceptor",
    "CTRNN": "ctrnn",
    "DCM": "dcm",
    "Dense": "dense",
    "EntityMemory": "entity_memory",
    "ES2N": "es2n",
    "ESN": "esn",
    "Filter": "filter",
    "ForwardUnit": "forward",
    "Gate": "gate",
    "GRU": "gru",
    "HMLSTM": "hmlstm",
    "Hold": "hold",
    "Hopfield": "hopfield",
    "HyperNode": "hyper_node",
    "Impute": "impute",
    "Input": "input",
    "Izhikevich": "izhikevich",
    "KeyedStore": "keyed_store",
    "Lasso": "lasso",
    "LatencyEncoder": "latency_encoder",
    "LIF": "lif",
    "LinearAttention": "linear_attention",
    "LMS": "lms",
    "LogisticRegression": "logistic_regression",
    "LSTM": "lstm",
    "LTC": "ltc",
    "Mean": "mean",
    "MemN2N": "memn2n",
    "MTRNN": "mtrnn",
    "NeuralODE": "neural_ode",
    "Noise": "noise",
    "NTMMemory": "ntm_memory",
    "NVAR": "nvar",
    "Output": "output",
    "Pad": "pad",
    "PartialSquares": "partial_squares",
    "Patches": "patches",
    "PCA": "pca",
    "Ponder": "ponder",
    "Power": "power",
    "PredictiveCell": "predictive_cell",
    "PredictiveCoder": "predictive_coder",
    "Product": "product",
    "Products": "products",
    "RandomAttention": "random_attention",
    "RateEncoder": "rate_encoder",
    "Reduce": "reduce",
    "Reservoir": "reservoir",
    "RewardReadout": "reward_readout",
    "Ridge": "ridge",
    "RLS": "rls",
    "Scaler": "scaler",
    "ScikitLearn": "scikit_learn",
    "Select": "select",
    "SelfOrganisingMap": "self_organising_map",
    "Shared": "shared",
    "SkipRNN": "skip_rnn",
    "SlowFeatures": "slow_features",
    "SparseCoder": "sparse_coder",
    "TaughtAttention": "taught_attention",
    "TaughtLayer": "taught_layer",
    "TD": "td",
    "TemporalConvolution": "temporal_convolution",
    "Unpatch": "unpatch",
    "Vote": "vote",
    "Whitening": "whitening",
    "Zoneout": "zoneout",
}

_ROOMS = ("rules", "forward", "wirings")


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = globals()[name] = getattr(import_module(f"nodes.{_HOMES[name]}"), name)
        return found
    if name in _ROOMS:
        return import_module(f"nodes.{name}")
    refuse_name("nodes", name, __all__, _elsewhere)


def _elsewhere() -> dict[str, str]:
    rooms = [import_module(f"nodes.{room}") for room in reversed(_ROOMS)]
    return {name: room.__name__ for room in rooms for name in room.__all__}


def __dir__() -> list[str]:
    return [*__all__, *_ROOMS]
