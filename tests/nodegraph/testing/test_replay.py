"""The replay law over every registered kind, and that no error crosses from node to node."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.node import Node
from nodegraph.registry import kinds
from nodegraph.rule import Rule
from nodegraph.testing import check_replay
from nodegraph.testing.recording import Recorder
from nodes import LMS, RLS, Input, Reservoir, Ridge, ScikitLearn
from nodes.rules import BCM, AntiHebb, ForwardForward, Hebb, InfoNCE, IntrinsicPlasticity, Oja

RNG = np.random.default_rng(8)
U, Y = RNG.uniform(-1, 1, (60, 2)), RNG.uniform(-1, 1, (60, 2))
SIZED = {
    "Dense": {"units": 6},
    "ES2N": {"units": 6},
    "ForwardUnit": {"units": 6},
    "LIF": {"units": 6},
    "PredictiveCell": {"units": 6},
    "PredictiveCoder": {"units": 6, "temporal": True},
    "Reservoir": {"units": 6, "noise": 0.01},
    "ScikitLearn": {"estimator": "LinearRegression"},
}
NODES = sorted(name for name, kind in kinds().items() if issubclass(kind, Node))
PLASTIC = [Hebb(), AntiHebb(), Oja(), BCM(), IntrinsicPlasticity()]


def in_a_loop(node):
    """Put `node` where it hears the input and what a reservoir made of it before."""
    u = node if isinstance(node, Input) else Input()
    around = Reservoir(units=3, name="around")
    if isinstance(node, Input):
        return (u >> around) & (around >> delay(2) >> around)
    return (u >> node >> around) & (around >> delay(2) >> node)


def made(name):
    return kinds()[name](**SIZED.get(name, {}), name="it")


@pytest.mark.parametrize("name", NODES)
def test_a_node_alone_does_what_it_did_in_a_graph_with_a_loop(name):
    graph = in_a_loop(made(name))
    model = ng.Model(graph, seed=4)
    if model.plan.rules:
        targets = {n: Y for n, rule in model.plan.rules.items() if rule.supervised}
        model.fit(U, targets or None, forcing=False)
    recorder = Recorder()
    model.run(U, engine=recorder)
    assert "it" in recorder.tapes
    check_replay(model, recorder.tapes)


@pytest.mark.parametrize("rule", PLASTIC, ids=lambda rule: type(rule).__name__)
def test_a_plastic_reservoir_alone_learns_what_it_learned_in_a_loop(rule):
    r, out = Reservoir(units=8, rule=rule, leak_rate=0.5, name="r"), RLS(name="out", alpha=1.0)
    model = ng.Model((Input() >> r >> out) & (r << out), seed=4)
    recorder = Recorder()
    model.partial_fit(U, Y, engine=recorder)
    check_replay(model, recorder.tapes)


@pytest.mark.parametrize("readout", [Ridge, RLS, LMS])
def test_a_readout_alone_learns_what_it_learned_in_a_loop(readout):
    r, out = Reservoir(units=8, name="r"), readout(name="out")
    model = ng.Model((Input() >> r >> out) & (r << out), seed=4)
    recorder = Recorder()
    model.fit(U, Y, warmup=7, engine=recorder)
    check_replay(model, {"r": recorder.tapes["r"]})
    assert recorder.tapes["out"].learns
    check_replay(model, {"out": recorder.tapes["out"]})


def updates(model, perturbed=None):
    """Return by how much one step changes each node's weights."""
    if perturbed is not None:
        params = model.params[perturbed]
        model.params[perturbed] = params._replace(bias=params.bias + 0.5)
    before = {name: model.params[name] for name in ("a", "b", "out")}
    model.partial_fit(U[20:21], Y[20:21])
    change = {}
    for name, old in before.items():
        new = model.params[name]
        change[name] = [getattr(x - y, "data", x - y) for x, y in zip(new, old, strict=True)]
    return change


def test_no_error_crosses_from_node_to_node():
    a = Reservoir(units=5, rule=Oja(), name="a", connectivity=1.0)
    b = Reservoir(units=5, rule=Hebb(), name="b", connectivity=1.0)
    out = RLS(name="out", alpha=1.0)
    model = ng.Model((Input() >> [a, b] >> out) & (a << out), seed=1)
    model.partial_fit(U[:20], Y[:20])
    start = model.snapshot()
    plain = updates(model)
    for name, others in (("out", "ab"), ("a", "b"), ("b", "a")):
        shaken = updates(model.restore(start), perturbed=name)
        for other in others:
            for one, two in zip(plain[other], shaken[other], strict=True):
                assert np.array_equal(one, two), f"{name} reached into {other}"


def test_every_rule_belongs_to_a_node_that_was_tried():
    tried = {type(rule) for rule in PLASTIC} | {ForwardForward, InfoNCE}  # these in their own
    for name in NODES:
        tried.add(type(made(name).learner))
    rules = {kind for kind in kinds().values() if issubclass(kind, Rule)}
    assert rules <= tried
    assert ScikitLearn in kinds().values()
