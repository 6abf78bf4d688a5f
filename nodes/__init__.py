"""The nodes of the library, one in each file, and their rules in `nodes.rules`."""

from typing import NoReturn

from nodegraph.graph.strangers import refuse_name
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
from nodes.families import FAMILIES as FAMILIES
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


def __getattr__(name: str) -> NoReturn:
    refuse_name("nodes", name, __all__)
