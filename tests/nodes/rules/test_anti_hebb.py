import numpy as np

import nodegraph as ng
from nodegraph.testing import check_rule
from nodes import Input, Reservoir
from nodes.rules import AntiHebb


def test_contract():
    for connectivity in (0.2, 1.0):
        node = Reservoir(units=12, connectivity=connectivity, rule=AntiHebb(), leak_rate=0.5)
        check_rule(AntiHebb(), node)


def test_a_linear_unit_unlearns_its_input():
    x = np.random.default_rng(0).normal(size=(5000, 2))
    linear = {"activation": "identity", "W": np.zeros((1, 1)), "W_in": np.array([[0.8, -0.5]])}
    rule = AntiHebb(rate=1e-2, weights="W_in")
    model = ng.Model(Input() >> Reservoir(rule=rule, name="r", **linear)).fit(x)
    assert np.abs(model.params["r"].W_in).max() < 1e-6
