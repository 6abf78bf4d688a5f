import numpy as np
import pytest
from scipy import stats

import nodegraph as ng
from nodegraph.errors import FieldError, GraphError
from nodegraph.testing import check_rule
from nodes import LIF, Input, Reservoir, Ridge
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


def distance(samples, distribution):
    """Return the Kolmogorov distance of each unit's samples from a distribution."""
    return np.array([stats.kstest(one[::7], distribution).statistic for one in samples.T])


def states_after_and_before(rule, **fields):
    node = Reservoir(units=30, activation=rule.activation, rule=rule, name="r", **fields)
    model = ng.Model(Input() >> node, seed=1)
    before = model.run(U)[200:]
    return model.fit(U).run(U)[200:], before


def test_tanh_units_reach_a_normal_distribution():
    rule = IntrinsicPlasticity(rate=1e-3, sigma=0.2, epochs=2)
    states, before = states_after_and_before(rule)
    assert abs(states.mean()) < 0.03
    assert abs(np.median(states.std(axis=0)) - 0.2) < 0.02
    wanted = stats.norm(0, 0.2).cdf
    assert np.median(distance(states, wanted)) < 0.1 < np.median(distance(before, wanted)) / 2


def test_sigmoid_units_reach_an_exponential_distribution():
    rule = IntrinsicPlasticity(rate=1e-3, activation="sigmoid", mu=0.2, epochs=3)
    states, before = states_after_and_before(rule)
    assert abs(states.mean() - 0.2) < 0.03
    wanted = stats.expon(scale=0.2).cdf
    assert np.median(distance(states, wanted)) < 0.15 < np.median(distance(before, wanted)) / 2


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


@pytest.mark.filterwarnings("ignore::nodegraph.errors.DataWarning")  # dead, and saturated
@pytest.mark.parametrize("u", [0.0, 0.3, 100.0])
def test_the_gain_of_a_unit_whose_input_never_changes_is_bounded(u):
    rule = IntrinsicPlasticity(rate=0.5)
    node = Reservoir(W=[[0.0]], W_in=[[1.0]], rule=rule, name="r")
    model = ng.Model(Input() >> node)
    model.partial_fit(np.full((5000, 1), u))
    assert 1e-3 <= model.params["r"].W_in.item() <= 1e3
    assert np.isfinite(model.params["r"].bias).all()


def test_means_that_no_unit_has_are_refused():
    for activation, mu in (("tanh", 2.0), ("sigmoid", 3.0)):
        with pytest.raises(FieldError, match=f"no {activation} has a mean of {mu}"):
            IntrinsicPlasticity(activation=activation, mu=mu)
    with pytest.raises(GraphError, match="of units with an activation, not LIF"):
        ng.Model(LIF(units=3, rule=IntrinsicPlasticity()))
