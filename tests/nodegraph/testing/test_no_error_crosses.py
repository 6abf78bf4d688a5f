"""No error crosses from node to node, whatever learns."""

import numpy as np
import pytest
from every_kind import (
    APART,
    BOUNDED,
    COMPETING,
    LAYERS,
    NODES,
    PLASTIC,
    U,
    Y,
    every_learner_and_node,
    front,
    made,
    needs_of,
)

import nodegraph as ng
from nodegraph import delay
from nodegraph.graph.registry import kinds
from nodegraph.rule import Rule
from nodegraph.testing.comparing import dense
from nodes import RLS, Input, Reservoir, Ridge, ScikitLearn, Shared
from nodes.rules import Hebb, Oja

# The law holds of sick networks too: these are wired without regard to how they fare.
pytestmark = pytest.mark.filterwarnings("ignore::nodegraph.errors.DataWarning")


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
