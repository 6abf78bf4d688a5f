import numpy as np

import nodegraph as ng
from nodegraph.testing import check_rule
from nodes import Input, Reservoir
from nodes.rules import Hebb
from nodes.rules.hebb import row_norms

LINEAR = {"activation": "identity", "W": np.zeros((1, 1)), "W_in": np.array([[0.3, 0.1]])}


def test_contract():
    for connectivity in (0.2, 1.0):
        for rule in (Hebb(), Hebb(normalise=True), Hebb(weights="W_in")):
            node = Reservoir(units=12, connectivity=connectivity, rule=rule, leak_rate=0.5)
            check_rule(rule, node)


def test_alone_it_grows_as_exp_of_rate_times_eigenvalue_times_steps():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 2)) * [2.0, 0.1]
    rule = Hebb(rate=1e-3, weights="W_in")
    model = ng.Model(Input() >> Reservoir(rule=rule, name="r", **LINEAR)).fit(x)
    growth = np.log(np.linalg.norm(model.params["r"].W_in) / 0.3)
    assert abs(growth / (1e-3 * 4000 * 4.0) - 1) < 0.1


def test_normalised_it_keeps_the_length_of_each_units_weights():
    rule = Hebb(rate=0.1, normalise=True)
    model = ng.Model(Input() >> Reservoir(units=15, rule=rule, name="r"), seed=3)
    u = np.random.default_rng(1).uniform(-1, 1, (200, 1))
    model.run(u[:1])
    before = row_norms(model.params["r"].W)
    model.fit(u)
    np.testing.assert_allclose(row_norms(model.params["r"].W), before, rtol=1e-12)
