import numpy as np

import nodegraph as ng
from nodegraph.testing import check_rule
from nodes import Input, Reservoir
from nodes.rules import BCM

U = np.random.default_rng(0).uniform(0, 1, (300, 2))


def test_contract():
    for connectivity in (0.2, 1.0):
        node = Reservoir(units=12, connectivity=connectivity, rule=BCM(), leak_rate=0.5)
        check_rule(BCM(), node)


def test_weights_and_thresholds_follow_the_equations():
    W_in = np.array([[0.4, 0.2], [0.1, 0.6]])
    rule = BCM(rate=0.05, sliding=0.1, weights="W_in")
    node = Reservoir(W=np.zeros((2, 2)), W_in=W_in, activation="identity", rule=rule, name="r")
    model = ng.Model(Input() >> node).fit(U)
    W, theta = W_in.copy(), np.zeros(2)
    for u in U:
        y = W @ u
        W = W + 0.05 * np.outer(y * (y - theta), u)
        theta = theta + 0.1 * (y**2 - theta)
    np.testing.assert_allclose(model.params["r"].W_in, W, rtol=1e-10)


def test_the_sliding_threshold_keeps_growth_bounded():
    rule = BCM(rate=0.02, sliding=0.2, weights="W_in")
    node = Reservoir(W=np.zeros((1, 1)), W_in=[[0.3, 0.3]], activation="identity", rule=rule)
    model = ng.Model(Input() >> node)
    model.partial_fit(np.tile(U, (20, 1)))
    assert np.abs(model.run(U)).max() < 5


def test_a_linear_unit_becomes_selective_for_one_of_several_patterns():
    rng = np.random.default_rng(4)
    patterns = np.array([[1.0, 0.3, 0.1], [0.2, 1.0, 0.4], [0.3, 0.2, 1.0]])
    shown = patterns[rng.integers(0, 3, 60_000)]
    rule = BCM(rate=2e-3, sliding=0.02, weights="W_in")
    W_in = rng.uniform(0.05, 0.15, (4, 3))
    node = Reservoir(W=np.zeros((4, 4)), W_in=W_in, activation="identity", rule=rule, name="r")
    W = ng.Model(Input() >> node).fit(shown).params["r"].W_in
    answers = np.sort(W @ patterns.T, axis=1)
    # where dW is 0 on average, y = theta = <y^2> for the pattern chosen: 3 at a probability of 1/3
    np.testing.assert_allclose(answers[:, 2], 3, rtol=0.1)
    assert np.abs(answers[:, :2]).max() < 0.2
