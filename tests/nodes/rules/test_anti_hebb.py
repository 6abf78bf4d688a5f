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


def test_a_unit_that_hears_itself_no_longer_repeats_itself():
    rng = np.random.default_rng(1)
    x = np.zeros((60_000, 1))
    for t in range(1, len(x)):
        x[t] = 0.6 * x[t - 1] + rng.normal(size=1)
    rule = AntiHebb(rate=5e-4)
    linear = {"activation": "identity", "W": [[0.01]], "W_in": [[1.0]]}
    model = ng.Model(Input() >> Reservoir(rule=rule, name="r", **linear)).fit(x)
    # y[t] = w y[t-1] + x[t] is uncorrelated with y[t-1] where w = -0.6
    assert abs(model.params["r"].W.item() + 0.6) < 0.05
    y = model.reset().run(x)[:, 0]
    assert (
        abs(np.corrcoef(y[1:], y[:-1])[0, 1]) < 0.05 < 0.5 < np.corrcoef(x[1:, 0], x[:-1, 0])[0, 1]
    )


def test_units_that_hear_each_other_decorrelate():
    rng = np.random.default_rng(2)
    common = np.repeat(rng.normal(size=(10_000, 1)), 4, axis=0)  # each value for four steps
    x = common + 0.5 * rng.normal(size=(40_000, 3))
    W = np.full((3, 3), 1e-3)
    fields = {"activation": "identity", "W": W, "W_in": np.eye(3)}
    model = ng.Model(Input() >> Reservoir(rule=AntiHebb(rate=5e-4), name="r", **fields)).fit(x)
    y = model.reset().run(x)

    def lagged(z):
        return np.abs(np.corrcoef(z[1:].T, z[:-1].T)[:3, 3:]).max()

    assert lagged(x) > 0.5
    assert lagged(y) < 0.08
