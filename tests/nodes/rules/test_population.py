"""What rules of populations share."""

import numpy as np
import pytest

import nodegraph as ng
from nodes import ForwardUnit, Input

KINDS = ["forecast", "predictive_coding", "forward_forward", "attention", "dendritic"]
U = np.random.default_rng(0).standard_normal((120, 2))


@pytest.mark.parametrize("kind", KINDS)
def test_learning_leaves_the_params_that_it_was_given_as_they_were(kind):
    node = ForwardUnit(kind=kind, units=9)
    rule = node.rule
    assert rule.online and not rule.supervised
    model = ng.Model(Input() >> node, seed=3)
    model.run(U[:1])
    born = model.params[model.graph.names[node]]
    before = {name: np.array(getattr(born, name)) for name in rule.modifies}
    model.partial_fit(U)
    after = model.params[model.graph.names[node]]
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(born, name), array)
    assert any(not np.array_equal(getattr(after, n), before[n]) for n in rule.modifies)
