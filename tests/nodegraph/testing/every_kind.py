"""One of every kind of node and of rule, small, and wired so that it can run in a loop."""

from functools import partial

import numpy as np

from nodegraph import delay
from nodegraph.graph.registry import kinds
from nodegraph.node import Node
from nodes import (
    GRU,
    LIF,
    Dense,
    Hopfield,
    Input,
    LogisticRegression,
    Reservoir,
    Ridge,
    Select,
    Sigmoid,
)
from nodes.rules import (
    BCM,
    BPTT,
    RFLO,
    STDP,
    TBPTT,
    AntiHebb,
    EProp,
    ForwardForward,
    Hebb,
    InfoNCE,
    IntrinsicPlasticity,
    LayerwiseForecast,
    Oja,
    Sanger,
    SoftHebb,
    SynapticNormalization,
)

RNG = np.random.default_rng(8)
U, Y = RNG.uniform(-1, 1, (60, 2)), RNG.uniform(-1, 1, (60, 2))
SIZED = {
    "ClockworkRNN": {"units": 8, "rule": EProp(batch=1)},
    "HMLSTM": {"units": 3, "rule": TBPTT(steps=59, batch=1)},
    "MTRNN": {"units": 5, "rule": EProp(batch=1)},
    "SkipRNN": {"cell": GRU(units=4, rule=RFLO(batch=1))},
    "TemporalConvolution": {"units": 3, "rule": LayerwiseForecast(batch=1)},
    "Ponder": {"cell": GRU(units=4, rule=EProp(batch=1)), "limit": 3},
    "Zoneout": {"cell": GRU(units=4, rule=EProp(batch=1))},
    "Attention": {"window": 3},
    "Backward": {"node": {"kind": "Reservoir", "units": 3}},
    "CTRNN": {"units": 6, "rule": EProp(batch=1)},
    "CfC": {"units": 6, "rule": TBPTT(steps=59, batch=1)},
    "Conceptor": {"patterns": 2},
    "Dense": {"units": 6},
    "ES2N": {"units": 6},
    "ForwardUnit": {"units": 6},
    "GRU": {"units": 6, "rule": RFLO(batch=1)},
    "KeyedStore": {"slots": 3},
    "Izhikevich": {"units": 6, "input_scaling": 10.0},
    "LIF": {"units": 6},
    "LinearAttention": {"kernel": "hedgehog", "batch": 1},
    "MemN2N": {"slots": 3, "units": 2},
    "EntityMemory": {"units": 2, "content": 0.5},
    "LSTM": {"units": 6, "rule": TBPTT(steps=59, batch=1)},
    "Noise": {"std": 0.01},
    "NeuralODE": {"units": 6},
    "PCA": {"units": 1},
    "LTC": {"units": 6},
    "Patches": {"width": 2},
    "PredictiveCell": {"units": 6, "batch": 1},
    "PredictiveCoder": {"units": 6, "temporal": True},
    "RandomAttention": {"units": 8},
    "Reservoir": {"units": 6, "noise": 0.01},
    "RewardReadout": {"units": 2},
    "ScikitLearn": {"estimator": "LinearRegression"},
    "Select": {"columns": [0]},
    "Shared": {"node": {"kind": "Reservoir", "units": 3}, "copies": 2},
    "SlowFeatures": {"units": 1},
    "SparseCoder": {"units": 3},
    "TaughtAttention": {
        **{"heads": 2, "keys": 2, "span": 3, "units": 3, "passes": 2, "batch": 20, "window": 20},
        "rate": 0.3,
    },
    "TaughtLayer": {"units": 3, "rounds": 1, "emits": ["units", "prediction"]},
    "Unpatch": {"width": 2},
    "TD": {"units": 2, "rate": 0.1, "trace_decay": 0.5},
    "Whitening": {"epsilon": 1e-6},
}
SHARES = np.eye(2)[RNG.integers(0, 2, 60)]
APART = {"SlowFeatures", "NTMMemory", "Backward"}  # hear at more ports, or not in loops
BOUNDED = partial(Ridge, intervals=[0.1, 0.9])
NODES = sorted(
    name for name, kind in kinds().items() if issubclass(kind, Node) if name not in APART
)
PLASTIC = [
    Hebb(),
    AntiHebb(),
    Oja(),
    Sanger(),
    BCM(),
    SynapticNormalization(rule=BCM(rate=0.1), norm="l1"),
    IntrinsicPlasticity(),
]
LAYERS = [
    LIF(units=4, rule=STDP(), connectivity=1.0, name="timed"),
    Dense(
        units=4,
        activation="relu",
        normalise=True,
        rule=ForwardForward(batch=1, negatives="shuffled"),
        name="shuffled",
    ),
    Dense(units=4, rule=InfoNCE(batch=1, negatives=3), name="contrast"),
    GRU(units=4, rule=BPTT(steps=3, batch=1), name="taught"),
    Hopfield(mode="modern", slots=7, name="modern"),
]
COMPETING = Dense(units=4, rule=SoftHebb(rate=0.1), name="competing")


WIRED = {
    "active": [0, 1],
    "gate": [0],
    "key": [0, 1],
    "value": [1],
    "question": [0, 1],
}  # columns for ports that need some


def front(node):
    """Return where x is to be wired: to the node, or in front of one that asks for a width.

    Parts of an input are to be of one source.
    """
    widths = {"key": 2, "question": 4}
    wide = [width for port, width in widths.items() if port in node.ports]
    wide += [2 * node.input_parts] * (node.input_parts > 1)
    return Reservoir(units=wide[0], name=f"front_{node.name}") if wide else node


def needs_of(node, source, lag=0):
    """Wire `source` to the ports without which `node` cannot be."""
    late = source >> delay(lag) if lag else source
    graph = source
    for port in node.learner.needs if node.learner else ():
        graph = graph & (late >> node[port])
    for port in WIRED.keys() & {*node.ports}:
        chosen = Select(columns=WIRED[port], name=f"{port}_of_{node.name}")
        above = Sigmoid(name=f"{port}_above_0_of_{node.name}")
        graph = graph & (late >> chosen >> above >> node[port])
    return graph


def in_a_loop(node):
    """Put `node` where it hears the input and what a reservoir made of it before."""
    u = node if isinstance(node, Input) else Input()
    around = Reservoir(units=2, name="around")
    if isinstance(node, Input):
        return (u >> around) & (around >> delay(2) >> around)
    first = front(node)
    graph = (u >> first) & (node >> around) & (around >> delay(2) >> first)
    graph = graph if first is node else graph & (first >> node)
    return graph & needs_of(node, u)


def targets_of(model):
    """Return what teaches each node: any numbers, or shares where no others will do."""
    kinds = {n: type(model.plan.nodes[n]) for n, r in model.plan.rules.items() if r.supervised}
    return {n: SHARES if kind is LogisticRegression else Y for n, kind in kinds.items()}


def made(name):
    return kinds()[name](**SIZED.get(name.partition(".")[0], {}), name="it")


def every_learner_and_node():
    """Return one of each kind of node, and a node for each rule without one of its own."""
    plastic = [
        Reservoir(units=2, rule=rule, connectivity=1.0, name=f"plastic{i}")
        for i, rule in enumerate(PLASTIC)
    ]
    kept = [name for name in NODES if name not in ("Input", "ESN")]
    sized = {name: {**SIZED.get(name.partition(".")[0], {})} for name in kept}
    sized["ScikitLearn"] = {"estimator": "DecisionTreeRegressor"}  # it sums no rows by BLAS
    return (
        [kinds()[name](**sized[name], name=name.lower().replace(".", "_")) for name in kept]
        + plastic
        + LAYERS
    )
