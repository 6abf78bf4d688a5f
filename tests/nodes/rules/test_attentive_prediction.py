import numpy as np
import pytest

from nodegraph.rule import Lesson, Seen
from nodegraph.testing import check_rule, teach
from nodes import ForwardUnit
from nodes.rules import AttentivePrediction
from nodes.rules.attentive_prediction import attend

U = np.random.default_rng(0).standard_normal((80, 2))


def unit(**fields):
    return ForwardUnit(kind="attention", **fields)


@pytest.mark.parametrize("rate", [0.02, 1.0])
def test_it_keeps_the_contract(rate):
    check_rule(AttentivePrediction(rate=rate), unit(units=12, dim=3, fan_in=4))


def lived(node, steps=12):
    rng = np.random.default_rng(1)
    p = node.init(rng, 2, node.declared_size)
    p = p._replace(P=0.3 * rng.standard_normal(p.P.shape), b=rng.standard_normal(p.b.shape))
    state = node.start(node.declared_size)
    for u in U[:steps]:
        state, y = node.step(p, state, u)
    return p, Seen(U[steps - 1], y, state)


def test_changes_of_attention_follow_the_slope_of_the_squared_error():
    """Compared with differences of ``|z - P [c, z]|^2 / 2`` for each number of Q, K and b."""
    node = unit(units=3, dim=3, fan_in=3, keys=2, span=4)
    p, seen = lived(node)
    new, _ = AttentivePrediction(rate=1e-6).update(p, (), seen)
    past, now = seen.state.past, int(seen.state.steps) - 1
    z = past[(now - 1) % len(past), 0]
    e = past[now % len(past), 0] - p.P[0] @ attend(p, past, now - 1)[0][0]

    def loss(name, place, nudge):
        array = getattr(p, name).copy()
        array[(0, *place)] += nudge
        changed = p._replace(**{name: array})
        told = p.P[0] @ attend(changed, past, now - 1)[0][0]
        return np.sum((past[now % len(past), 0] - told) ** 2) / 2

    for name, share in (("Q", 0.01 + z @ z), ("K", 0.01 + z @ z), ("b", 1.0)):
        for place in np.ndindex(getattr(p, name).shape[1:]):
            slope = (loss(name, place, 1e-5) - loss(name, place, -1e-5)) / 2e-5
            change = (getattr(new, name) - getattr(p, name))[(0, *place)] / 1e-6
            assert change == pytest.approx(-slope / (0.01 + e @ e) / share, rel=1e-3, abs=1e-6)


def test_predictions_learn_by_normalised_least_mean_squares():
    node = unit(units=3, dim=3, fan_in=3, span=4)
    p, seen = lived(node)
    new, _ = AttentivePrediction(rate=0.5).update(p, (), seen)
    past, now = seen.state.past, int(seen.state.steps) - 1
    v = attend(p, past, now - 1)[0][0]
    e = past[now % len(past), 0] - p.P[0] @ v
    expected = 0.5 * np.outer(e, v) / (0.01 + v @ v)
    np.testing.assert_allclose(new.P[0] - p.P[0], expected, rtol=1e-9, atol=1e-12)


def test_weights_are_held_within_bounds():
    node = unit(units=10, fan_in=4, keys=3, query_scaling=9.0)
    p = node.init(np.random.default_rng(1), 2, 10)
    lesson = Lesson({"x": 100 * U}, None, np.ones(80, bool))
    after = teach(AttentivePrediction(rate=1.0), node, p, node.start(10), (), lesson).params
    for W, most in ((after.Q, 3 * 3**0.5), (after.K, 3 * 3**0.5), (after.P, 4.0)):
        assert np.linalg.norm(W, axis=(1, 2)).max() <= most * (1 + 1e-12)
    assert np.abs(after.b).max() <= 5
    assert np.linalg.norm(p.Q, axis=(1, 2)).max() > 3 * 3**0.5
