import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning, GraphError
from nodegraph.testing import check_rule
from nodes import Dense, Input, Scaler
from nodes.rules import SoftHebb


def learned(x, rule, W_in):
    layer = Dense(units=len(W_in), W_in=W_in, rule=rule, name="layer")
    return ng.Model(Input() >> layer).fit(x).params["layer"].W_in


@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_contract(activation):
    check_rule(SoftHebb(), Dense(units=4, activation=activation, bias_scaling=0.5))


def test_weights_follow_the_equation():
    rng = np.random.default_rng(0)
    x, W = rng.standard_normal((50, 3)), rng.standard_normal((4, 3))
    found = learned(x, SoftHebb(rate=0.05, temperature=0.5, epochs=2), W)
    for row in [*x, *x]:
        u = W @ row
        p = np.exp(u / 0.5) / np.exp(u / 0.5).sum()
        for i in range(4):
            W[i] += 0.05 * p[i] * (row - max(u[i], 0) * W[i])
    np.testing.assert_allclose(found, W, rtol=1e-10)


def test_rows_become_the_directions_of_clusters():
    rng = np.random.default_rng(1)
    centres = np.linalg.qr(rng.standard_normal((6, 6)))[0][:3]
    x = centres[rng.integers(0, 3, 2000)] + 0.05 * rng.standard_normal((2000, 6))
    W = learned(x, SoftHebb(rate=0.05, temperature=0.1), 0.5 * rng.standard_normal((3, 6)))
    np.testing.assert_allclose(np.linalg.norm(W, axis=1), 1, atol=0.05)
    assert sorted((W @ centres.T).argmax(axis=1)) == [0, 1, 2]
    assert (W @ centres.T).max(axis=1).min() > 0.97


def test_hot_units_share_the_mean_and_cold_ones_do_not():
    x = np.tile(np.eye(2), (500, 1))
    start = [[0.6, 0.5], [0.5, 0.6]]
    hot, cold = (learned(x, SoftHebb(temperature=t), start) for t in (10.0, 0.05))
    np.testing.assert_allclose(hot, np.sqrt(0.5), atol=0.05)
    np.testing.assert_allclose(cold, np.eye(2), atol=0.05)


def test_a_layer_that_normalises_is_refused():
    with pytest.raises(GraphError, match="takes its input as it is: write Dense"):
        ng.Model(Dense(units=2, normalise=True, rule=SoftHebb())).fit(np.ones((5, 2)))


def scaled(length, rule, scaler=False):
    """Return the lengths of rows of W_in after inputs of some length."""
    x = np.random.default_rng(2).standard_normal((2000, 6))
    x *= length / np.linalg.norm(x, axis=1, keepdims=True)
    layer = Dense(units=4, rule=rule, name="layer")
    front = Input() >> Scaler() if scaler else Input()
    model = ng.Model(front >> layer, seed=1).fit(x)
    return np.linalg.norm(model.params["layer"].W_in, axis=1)


def test_inputs_too_long_for_its_rate_are_warned_of_and_a_scaler_or_a_rate_mends_them():
    with pytest.warns(DataWarning, match=r"rows of length 1e\+03, .* lower rate to 0.001 or less"):
        assert np.ptp(scaled(1000.0, SoftHebb())) > 0.5
    np.testing.assert_allclose(scaled(1000.0, SoftHebb(rate=1e-5)), 1, atol=0.1)
    np.testing.assert_allclose(scaled(1000.0, SoftHebb(rate=0.03), scaler=True), 1, atol=0.1)


def test_inputs_too_short_for_its_temperature_are_warned_of():
    with pytest.warns(DataWarning, match=r"rows of length 0.001, far below temperature \(0.1\)"):
        scaled(0.001, SoftHebb())
