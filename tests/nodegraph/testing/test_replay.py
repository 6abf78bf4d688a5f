"""The replay law over every registered kind, and that no error crosses from node to node."""

from functools import partial

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.graph.registry import kinds
from nodegraph.node import Node
from nodegraph.rule import Rule
from nodegraph.testing import check_replay
from nodegraph.testing.comparing import dense
from nodegraph.testing.recording import Recorder
from nodes import (
    GRU,
    LIF,
    LMS,
    RLS,
    Dense,
    Hopfield,
    Input,
    LogisticRegression,
    Reservoir,
    Ridge,
    ScikitLearn,
    Select,
    Shared,
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

# The law holds of sick networks too: these are wired without regard to how they fare.
pytestmark = pytest.mark.filterwarnings("ignore::nodegraph.errors.DataWarning")
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
    "TaughtAttention": {"heads": 2, "keys": 2, "span": 3, "units": 3, "passes": 1},
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
    """Return where x is to be wired: to the node, or in front of one that asks for a width."""
    widths = {"key": 2, "question": 4}
    wide = [width for port, width in widths.items() if port in node.ports]
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


@pytest.mark.parametrize("name", NODES)
def test_a_node_alone_does_what_it_did_in_a_graph_with_a_loop(name):
    graph = in_a_loop(made(name))
    model = ng.Model(graph, seed=4)
    if model.plan.rules:
        targets = targets_of(model)
        model.fit(U, targets or None, forcing=False)
    recorder = Recorder()
    model.run(U, engine=recorder)
    assert "it" in recorder.tapes
    check_replay(model, recorder.tapes)


def test_slow_features_alone_do_what_they_did_in_a_graph():
    u, around, it = Input(), Reservoir(units=2), made("SlowFeatures")
    graph = (u >> [it, around] >> Reservoir(units=2)) & (around >> delay(1) >> it)
    late = (u >> delay(1) >> it["previous"]) & (around >> delay(2) >> it["previous"])
    model, recorder = ng.Model(graph & late, seed=4).fit(U), Recorder()
    model.run(U, engine=recorder)
    check_replay(model, recorder.tapes)


@pytest.mark.parametrize("name", [n for n in NODES if (rule := made(n).learner) and rule.online])
def test_a_node_alone_learns_what_it_learned_in_a_graph_with_a_loop(name):
    model = ng.Model(in_a_loop(made(name)), seed=4)
    supervised = [n for n, rule in model.plan.rules.items() if rule.supervised]
    recorder = Recorder()
    model.partial_fit(U, dict.fromkeys(supervised, Y) or None, engine=recorder)
    assert recorder.tapes["it"].learns
    check_replay(model, recorder.tapes)


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


def random_loops(parts, rng):
    """Wire `parts` at random, each through a bounded node, with loops of several delays."""
    u = Input(name="u")
    around = [Reservoir(units=2, name=f"around_{part.name}") for part in parts]
    graph = u
    for i, part in enumerate(parts):
        first = front(part)
        graph = graph & (u >> first) & (part >> around[i])
        graph = graph if first is part else graph & (first >> part)
        for j, other in enumerate(around):
            if rng.random() < 0.6:
                lag = int(rng.choice([1, 2, 5])) if j >= i else int(rng.choice([0, 1, 3]))
                graph = graph & (other >> delay(lag) >> first if lag else other >> first)
        graph = graph & needs_of(part, around[int(rng.integers(len(parts)))], lag=1)
    return graph


@pytest.mark.parametrize("group", range(6))
@pytest.mark.parametrize("seed", range(2))
def test_in_random_graphs_with_loops_every_node_and_rule_keeps_the_law(seed, group):
    rng = np.random.default_rng(seed)
    everyone = every_learner_and_node()
    parts = [everyone[i] for i in rng.permutation(len(everyone))[group::6]]
    model = ng.Model(random_loops(parts, rng), seed=seed)
    targets = targets_of(model)
    if model.plan.rules:
        model.fit(U, targets or None, forcing=False)
    online = {n: Y for n, rule in model.plan.rules.items() if rule.supervised and rule.online}
    recorder = Recorder()
    if any(rule.online for rule in model.plan.rules.values()):
        model.partial_fit(U, online or None, engine=recorder)
    else:
        model.run(U, engine=recorder)
    assert {part.name for part in parts} <= set(recorder.tapes)
    check_replay(model, recorder.tapes)


@pytest.mark.parametrize("rule", PLASTIC, ids=lambda rule: type(rule).__name__)
def test_a_plastic_reservoir_alone_learns_what_it_learned_in_a_loop(rule):
    r, out = Reservoir(units=8, rule=rule, leak_rate=0.5, name="r"), RLS(name="out", alpha=1.0)
    model = ng.Model((Input() >> r >> out) & (r << out), seed=4)
    recorder = Recorder()
    model.partial_fit(U, Y, engine=recorder)
    check_replay(model, recorder.tapes)


def test_units_that_compete_learn_alone_what_they_learned_in_a_loop():
    model = ng.Model(in_a_loop(COMPETING), seed=4)
    recorder = Recorder()
    model.partial_fit(U, engine=recorder)
    assert recorder.tapes["competing"].learns
    check_replay(model, recorder.tapes)


@pytest.mark.parametrize("readout", [Ridge, RLS, LMS, BOUNDED])
def test_a_readout_alone_learns_what_it_learned_in_a_loop(readout):
    r, out = Reservoir(units=8, name="r"), readout(name="out")
    model = ng.Model((Input() >> r >> out) & (r << out), seed=4)
    recorder = Recorder()
    model.fit(U, Y, warmup=7, engine=recorder)
    check_replay(model, {"r": recorder.tapes["r"]})
    assert recorder.tapes["out"].learns
    check_replay(model, {"out": recorder.tapes["out"]})


def learned_arrays(model):
    """Return copies of what each online rule changes, by node."""
    found = {}
    for name, rule in model.plan.rules.items():
        arrays = [getattr(model.params[name], field) for field in rule.modifies]
        found[name] = [np.array(dense(W)) for W in arrays]
    return found


def updates(model, targets, perturbed=None):
    """Return by how much one step changes each node's weights."""
    if perturbed is not None:
        params = model.params[perturbed]
        fields = model.plan.rules[perturbed].modifies
        shaken = {field: getattr(params, field) * 1.5 for field in fields}
        model.params[perturbed] = params._replace(**shaken)
    before = learned_arrays(model)
    model.partial_fit(U[58:59], {name: Y[58:59] for name in targets})
    after = learned_arrays(model)
    return {n: [b - a for a, b in zip(before[n], after[n], strict=True)] for n in before}


ONLINE = [
    part for part in [*every_learner_and_node(), COMPETING] if part.learner and part.learner.online
]


@pytest.mark.parametrize("part", ONLINE, ids=lambda part: type(part.learner).__name__)
def test_no_error_crosses_from_node_to_node(part):
    a = Reservoir(units=5, rule=Oja(rate=0.1), name="a", connectivity=1.0)
    b = Reservoir(units=5, rule=Hebb(rate=0.1), name="b", connectivity=1.0)
    out, u = RLS(name="out", alpha=1.0), Input(name="u")
    first = front(part)
    graph = (u >> [a, b, first] >> out) & (a << out) & (out >> delay(1) >> first)
    graph = graph & (a >> delay(1) >> b) & (b >> delay(2) >> first)
    graph = graph if first is part else graph & (first >> part >> out)
    graph = graph & needs_of(part, out, lag=1)
    model = ng.Model(graph, seed=1)
    targets = [n for n, rule in model.plan.rules.items() if rule.supervised]
    model.partial_fit(U[:58], {name: Y[:58] for name in targets})
    start = model.snapshot()
    plain, me = updates(model, targets), part.name
    assert any(change.any() for change in plain[me])
    for name, others in (("out", ["a", "b", me]), ("a", ["b", me]), ("b", ["a", me]), (me, "ab")):
        shaken = updates(model.restore(start), targets, perturbed=name)
        for other in others:
            for one, two in zip(plain[other], shaken[other], strict=True):
                np.testing.assert_array_equal(one, two, f"{name} reached into {other}")


def test_every_rule_belongs_to_a_node_that_was_tried():
    tried = {type(rule) for rule in PLASTIC} | {type(layer.learner) for layer in LAYERS}
    tried |= {
        type(COMPETING.learner),
        type(BOUNDED().learner),
        type(Shared(node=Ridge(), copies=2).learner),
    }
    for name in (*NODES, *APART):
        tried.add(type(made(name).learner))
    rules = {kind for kind in kinds().values() if issubclass(kind, Rule)}
    assert rules <= tried
    assert ScikitLearn in kinds().values()
