import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError, GraphError
from nodegraph.testing import check_rule
from nodes import Input, Reservoir, Ridge
from nodes.rules import IntrinsicPlasticity

U = np.random.default_rng(0).uniform(-1, 1, (6000, 1))


def dense(W):
    return W.toarray() if hasattr(W, "toarray") else np.array(W)


def test_contract():
    for connectivity in (0.2, 1.0):
        rule = IntrinsicPlasticity()
        check_rule(rule, Reservoir(units=12, connectivity=connectivity, rule=rule, leak_rate=0.5))
    rule = IntrinsicPlasticity(activation="sigmoid", mu=0.2)
    check_rule(rule, Reservoir(units=12, activation="sigmoid", rule=rule))


def test_gain_and_bias_follow_the_equations():
    rule = IntrinsicPlasticity(rate=0.01, mu=0.1, sigma=0.3)
    node = Reservoir(units=7, rule=rule, leak_rate=0.4, bias_scaling=0.1, name="r")
    model = ng.Model(Input() >> node, seed=1)
    model.run(U[:1])
    start = model.params["r"]
    W, W_in, b, a = dense(start.W), dense(start.W_in), start.bias.copy(), np.ones(7)
    x = np.zeros(7)
    for u in U[:80]:
        n = W @ x + W_in @ u
        y = np.tanh(a * n + b)
        x = 0.6 * x + 0.4 * y
        db = -0.01 * (-0.1 / 0.09 + y / 0.09 * (2 * 0.09 + 1 - y**2 + 0.1 * y))
        a, b = a + 0.01 / a + db * n, b + db
    model.fit(U[:80])
    np.testing.assert_allclose(model.params["r"].bias, b, rtol=1e-8)
    np.testing.assert_allclose(dense(model.params["r"].W), a[:, None] * W, rtol=1e-8, atol=1e-12)


def test_tanh_units_reach_mean_and_spread():
    rule = IntrinsicPlasticity(rate=1e-3, sigma=0.2, epochs=2)
    model = ng.Model(Input() >> Reservoir(units=30, rule=rule, name="r"), seed=1).fit(U)
    states = model.run(U, outputs=["r"])["r"][200:]
    assert abs(states.mean()) < 0.03
    assert abs(np.median(states.std(axis=0)) - 0.2) < 0.02


def test_sigmoid_units_reach_their_mean():
    rule = IntrinsicPlasticity(rate=1e-3, activation="sigmoid", mu=0.2, epochs=2)
    node = Reservoir(units=30, activation="sigmoid", rule=rule, name="r")
    model = ng.Model(Input() >> node, seed=1).fit(U)
    assert abs(model.run(U, outputs=["r"])["r"][200:].mean() - 0.2) < 0.03


def test_what_it_cannot_teach_is_refused_when_planned():
    with pytest.raises(GraphError, match="IntrinsicPlasticity is for tanh, the node's activation"):
        ng.plan(Input() >> Reservoir(units=3, activation="relu", rule=IntrinsicPlasticity()))


@pytest.mark.parametrize(
    ("fields", "message"),
    [({"rate": -1}, "rate"), ({"sigma": 0}, "sigma"), ({"activation": "sigmoid"}, "mu should be")],
)
def test_nonsense_is_refused(fields, message):
    with pytest.raises(FieldError, match=message):
        IntrinsicPlasticity(**fields)


def test_it_learns_in_the_same_fit_as_the_readout_behind_it():
    graph = Input() >> Reservoir(units=10, rule=IntrinsicPlasticity()) >> Ridge()
    assert [r["stage"] for r in ng.Model(graph).fit(U[:200], U[:200]).report] == [1, 2]
