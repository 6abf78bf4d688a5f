"""Local learning rules, one in each file, which is imported when its rule is first asked for."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nodegraph.graph.strangers import refuse_name

if TYPE_CHECKING:
    from nodes.rules.anti_hebb import AntiHebb
    from nodes.rules.association import Association
    from nodes.rules.attentive_prediction import AttentivePrediction
    from nodes.rules.averaging import Averaging
    from nodes.rules.bcm import BCM
    from nodes.rules.bilinear_least_squares import BilinearLeastSquares
    from nodes.rules.bptt import BPTT
    from nodes.rules.correlation_filter import CorrelationFilter
    from nodes.rules.cross_entropy import CrossEntropy
    from nodes.rules.decorrelation import Decorrelation
    from nodes.rules.dendrite import Dendrite
    from nodes.rules.dictionary import Dictionary
    from nodes.rules.distillation import Distillation
    from nodes.rules.eprop import EProp
    from nodes.rules.estimation import Estimation
    from nodes.rules.forecast import Forecast
    from nodes.rules.forward_forward import ForwardForward
    from nodes.rules.hebb import Hebb
    from nodes.rules.info_nce import InfoNCE
    from nodes.rules.interval_least_squares import IntervalLeastSquares
    from nodes.rules.intrinsic_plasticity import IntrinsicPlasticity
    from nodes.rules.layerwise_forecast import LayerwiseForecast
    from nodes.rules.least_mean_squares import LeastMeanSquares
    from nodes.rules.least_squares import LeastSquares
    from nodes.rules.local_descent import LocalDescent
    from nodes.rules.local_error import LocalError
    from nodes.rules.memory_goodness import MemoryGoodness
    from nodes.rules.neighbourhood import Neighbourhood
    from nodes.rules.oja import Oja
    from nodes.rules.predictive_coding import PredictiveCoding
    from nodes.rules.principal_components import PrincipalComponents
    from nodes.rules.recursive_least_squares import RecursiveLeastSquares
    from nodes.rules.reward_hebb import RewardHebb
    from nodes.rules.rflo import RFLO
    from nodes.rules.sanger import Sanger
    from nodes.rules.scaling import Scaling
    from nodes.rules.shared_learning import SharedLearning
    from nodes.rules.slowness import Slowness
    from nodes.rules.soft_hebb import SoftHebb
    from nodes.rules.sparse_least_squares import SparseLeastSquares
    from nodes.rules.stdp import STDP
    from nodes.rules.storage import Storage
    from nodes.rules.synaptic_normalization import SynapticNormalization
    from nodes.rules.tbptt import TBPTT
    from nodes.rules.temporal_coding import TemporalCoding
    from nodes.rules.temporal_difference import TemporalDifference

__all__ = [
    "BCM",
    "BPTT",
    "RFLO",
    "STDP",
    "TBPTT",
    "AntiHebb",
    "Association",
    "AttentivePrediction",
    "Averaging",
    "BilinearLeastSquares",
    "CorrelationFilter",
    "CrossEntropy",
    "Decorrelation",
    "Dendrite",
    "Dictionary",
    "Distillation",
    "EProp",
    "Estimation",
    "Forecast",
    "ForwardForward",
    "Hebb",
    "InfoNCE",
    "IntervalLeastSquares",
    "IntrinsicPlasticity",
    "LayerwiseForecast",
    "LeastMeanSquares",
    "LeastSquares",
    "LocalDescent",
    "LocalError",
    "MemoryGoodness",
    "Neighbourhood",
    "Oja",
    "PredictiveCoding",
    "PrincipalComponents",
    "RecursiveLeastSquares",
    "RewardHebb",
    "Sanger",
    "Scaling",
    "SharedLearning",
    "Slowness",
    "SoftHebb",
    "SparseLeastSquares",
    "Storage",
    "SynapticNormalization",
    "TemporalCoding",
    "TemporalDifference",
]

_HOMES = {
    "AntiHebb": "anti_hebb",
    "Association": "association",
    "AttentivePrediction": "attentive_prediction",
    "Averaging": "averaging",
    "BCM": "bcm",
    "BPTT": "bptt",
    "BilinearLeastSquares": "bilinear_least_squares",
    "CorrelationFilter": "correlation_filter",
    "CrossEntropy": "cross_entropy",
    "Decorrelation": "decorrelation",
    "Dendrite": "dendrite",
    "Dictionary": "dictionary",
    "Distillation": "distillation",
    "EProp": "eprop",
    "Estimation": "estimation",
    "Forecast": "forecast",
    "ForwardForward": "forward_forward",
    "Hebb": "hebb",
    "InfoNCE": "info_nce",
    "IntervalLeastSquares": "interval_least_squares",
    "IntrinsicPlasticity": "intrinsic_plasticity",
    "LayerwiseForecast": "layerwise_forecast",
    "LeastMeanSquares": "least_mean_squares",
    "LeastSquares": "least_squares",
    "LocalDescent": "local_descent",
    "LocalError": "local_error",
    "MemoryGoodness": "memory_goodness",
    "Neighbourhood": "neighbourhood",
    "Oja": "oja",
    "PredictiveCoding": "predictive_coding",
    "PrincipalComponents": "principal_components",
    "RFLO": "rflo",
    "RecursiveLeastSquares": "recursive_least_squares",
    "RewardHebb": "reward_hebb",
    "STDP": "stdp",
    "Sanger": "sanger",
    "Scaling": "scaling",
    "SharedLearning": "shared_learning",
    "Slowness": "slowness",
    "SoftHebb": "soft_hebb",
    "SparseLeastSquares": "sparse_least_squares",
    "Storage": "storage",
    "SynapticNormalization": "synaptic_normalization",
    "TBPTT": "tbptt",
    "TemporalCoding": "temporal_coding",
    "TemporalDifference": "temporal_difference",
}

if not TYPE_CHECKING:  # else type checkers would take any name for one of these

    def __getattr__(name: str) -> Any:
        if name in _HOMES:
            found = globals()[name] = getattr(import_module(f"nodes.rules.{_HOMES[name]}"), name)
            return found
        refuse_name("nodes.rules", name, __all__, _elsewhere)


def _elsewhere() -> dict[str, str]:
    return dict.fromkeys(import_module("nodes").__all__, "nodes")


def __dir__() -> list[str]:
    return __all__
