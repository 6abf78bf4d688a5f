"""What sorts of nodes there are, for `nodegraph kinds`."""

from typing import Final

__all__ = ["FAMILIES"]

FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "inputs and outputs": ("Input", "Output", "Noise", "Pad", "Hold", "Impute", "Scaler"),
    "reservoirs": ("Reservoir", "ESN", "ES2N", "NVAR", "NeuralODE", "DCM", "Conceptor"),
    "cells": (
        "LSTM",
        "GRU",
        "MTRNN",
        "ClockworkRNN",
        "HMLSTM",
        "SkipRNN",
        "Zoneout",
        "Ponder",
        "TemporalConvolution",
        "CTRNN",
        "LTC",
        "CfC",
        "PredictiveCell",
    ),
    "spiking": ("LIF", "Izhikevich", "RateEncoder", "LatencyEncoder", "Filter"),
    "populations and layers": (
        "ForwardUnit",
        "PredictiveCoder",
        "Dense",
        "SparseCoder",
        "SelfOrganisingMap",
        "HyperNode",
    ),
    "memory and attention": (
        "Attention",
        "RandomAttention",
        "LinearAttention",
        "Hopfield",
        "KeyedStore",
        "NTMMemory",
        "MemN2N",
        "EntityMemory",
    ),
    "features": ("PCA", "Whitening", "SlowFeatures", "Power", "PartialSquares", "Products"),
    "readouts": (
        "Ridge",
        "Lasso",
        "RLS",
        "LMS",
        "LogisticRegression",
        "ScikitLearn",
        "TD",
        "RewardReadout",
    ),
    "combining": (
        "Concat",
        "Select",
        "Gate",
        "Mean",
        "Vote",
        "Product",
        "Reduce",
        "Patches",
        "Unpatch",
        "Shared",
        "Backward",
    ),
    "activations": ("Identity", "Relu", "Sigmoid", "Softmax", "Softplus", "Tanh"),
}
