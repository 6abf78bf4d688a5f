import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node, run_node
from nodes import Dense, Input, Ridge
from nodes.dense import normalised
from nodes.rules import Hebb

X = np.random.default_rng(0).standard_normal((40, 5))


@pytest.mark.parametrize(
    "fields",
    [{}, {"activation": "relu", "normalise": True}, {"activation": "sigmoid", "bias_scaling": 1.0}],
)
def test_it_keeps_the_contract(fields):
    check_node(Dense(units=7, **fields))


def test_its_outputs_are_those_of_the_equation():
    node = Dense(units=6, normalise=True, bias_scaling=0.5)
    p = node.init(np.random.default_rng(1), 5, 6)
    ys = run_node(node, p, (), X)[1]
    z = X / np.sqrt((X**2).mean(axis=1, keepdims=True))
    np.testing.assert_allclose(ys, np.tanh(z @ p.W_in.T + p.bias), rtol=1e-9, atol=1e-12)


def test_the_size_of_the_input_does_not_show_once_it_is_normalised():
    node = Dense(units=6, normalise=True)
    p = node.init(np.random.default_rng(1), 5, 6)
    small, large = (run_node(node, p, (), xs)[1] for xs in (X, 100 * X))
    np.testing.assert_allclose(large, small, rtol=1e-9)
    assert (normalised(np.zeros(4)) == 0).all()


def test_weights_that_are_given_are_used_as_they_stand():
    W, b = np.arange(6.0).reshape(2, 3), [0.5, -1.0]
    model = ng.Model(Input() >> Dense(units=2, W_in=W, bias=b, activation="identity"))
    np.testing.assert_allclose(model.run([[1.0, 1, 1]]), [[3.5, 11]])
    with pytest.raises(ng.errors.FieldError, match=r"W_in: expected shape \(2, 4\), got \(2, 3\)"):
        ng.Model(Input() >> Dense(units=2, W_in=W)).run([[1.0, 1, 1, 1]])
    with pytest.raises(ng.errors.FieldError, match=r"bias: expected shape \(2,\)"):
        Dense(units=2, bias=[1.0])


def test_drawn_weights_keep_the_spread_of_the_input():
    p = Dense(units=400, input_scaling=2.0).init(np.random.default_rng(0), 100, 400)
    assert p.W_in.std() == pytest.approx(0.2, rel=0.02)


def test_random_features_serve_a_readout():
    model = ng.Model(Input() >> Dense(units=60, bias_scaling=1.0) >> Ridge(ridge=1e-6), seed=1)
    x = np.linspace(-2, 2, 300)[:, None]
    y = model.fit(x, np.sin(3 * x)).run(x)
    assert np.abs(y - np.sin(3 * x)).max() < 0.01


def test_a_rule_for_other_weights_is_refused():
    with pytest.raises(ng.errors.GraphError, match="Hebb changes W, which Dense does not have"):
        ng.Model(Dense(units=2, rule=Hebb()))
