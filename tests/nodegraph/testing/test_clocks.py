"""A node on a clock lives as it would on the rows of its ticks alone, whatever kind it is."""

from functools import reduce
from operator import and_

import numpy as np
import pytest
from every_kind import every_learner_and_node, front, needs_of

import nodegraph as ng
from nodegraph.testing.comparing import same_trees
from nodes import Input, LogisticRegression

pytestmark = pytest.mark.filterwarnings("ignore::nodegraph.errors.NodegraphWarning")
RNG = np.random.default_rng(5)
U, Y = RNG.uniform(-1, 1, (140, 2)), RNG.uniform(-1, 1, (140, 2))
SHARES = np.eye(2)[RNG.integers(0, 2, 140)]
EVERY, PHASE = 2, 1
TICKS = slice(PHASE, None, EVERY)
DRAWS = {"noise", "reservoir", "rewardreadout", "zoneout"}  # something at each step of the whole
LATE = {"slowfeatures"}  # hears what was a step before


def wired(node, u, clock):
    """Wire a node, and what stands in front of it, on a clock."""
    node, first = node.model_copy(update=clock), front(node)
    if type(first) is type(node) and first.name == node.name:
        return (u >> node) & needs_of(node, u)
    first = first.model_copy(update=clock)
    return (u >> first >> node) & needs_of(node, u)


def learned(dtype, clocked):
    """Return a model of all kinds, side by side, and what they say."""
    u, rows = Input(name="u"), slice(None) if clocked else TICKS
    clock = {"every": EVERY, "phase": PHASE} if clocked else {}
    nodes = [n for n in every_learner_and_node() if n.name not in DRAWS | LATE]
    graph = reduce(and_, (wired(node, u, clock) for node in nodes))
    model = ng.Model(graph, seed=3, dtype=dtype)
    shares = {n for n, node in model.plan.nodes.items() if type(node) is LogisticRegression}
    taught = [n for n, rule in model.plan.rules.items() if rule.supervised]
    model.fit(U[rows], {n: (SHARES if n in shares else Y)[rows] for n in taught}).reset()
    names = [node.name for node in nodes]
    return model, model.run(U[rows], outputs=names)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_of_every_kind_weights_and_outputs_are_those_of_its_ticks(dtype):
    (model, found), (apart, expected) = learned(dtype, True), learned(dtype, False)
    for name, rows in expected.items():
        np.testing.assert_array_equal(found[name][TICKS], rows, err_msg=name)
        between = found[name][PHASE + 1 :: EVERY]
        np.testing.assert_array_equal(between, found[name][PHASE:-1:EVERY], err_msg=name)
        same_trees(model.params[name], apart.params[name], name)
    assert len(expected) > 60
