import numpy as np
import pytest
from scipy.linalg import subspace_angles

import nodegraph as ng
from nodegraph.rule import Lesson
from nodegraph.testing import check_rule, run_node, teach
from nodes import Dense, Input, PredictiveCoder


def learned(node, xs, rounds=1):
    params = node.init(np.random.default_rng(1), xs.shape[1], node.units)
    state, memory = node.start(node.units), node.rule.begin(params)
    lesson = Lesson({"x": xs}, None, np.ones(len(xs), bool))
    for _ in range(rounds):
        params, state, memory, _ = teach(node.rule, node, params, state, memory, lesson)
    return params


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"temporal": True, "batch": 7},
        {"activation": "identity", "gives": "error", "attention": True, "temporal": True},
    ],
)
def test_it_keeps_the_contract(fields):
    node = PredictiveCoder(units=4, **fields)
    check_rule(node.rule, node)


def test_the_linear_case_finds_the_principal_subspace():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    xs = rng.standard_normal((200, 6)) * np.sqrt([5, 3, 2, 0.4, 0.2, 0.1]) @ basis.T
    a, decay = 0.5, 0.02
    fields = {"prior_precision": a, "relaxation": 150, "rate": 1.0, "decay": decay}
    node = PredictiveCoder(units=3, activation="identity", batch=200, **fields)
    params = learned(node, xs, rounds=1500)
    spectrum, axes = np.linalg.eigh(xs.T @ xs / 200)
    principal, found = axes[:, -3:], np.linalg.svd(params.C, compute_uv=False) ** 2
    assert np.rad2deg(subspace_angles(params.C, principal)).max() < 1e-3
    power = sum(lam * c2 / (a + c2) ** 2 for lam, c2 in zip(spectrum[:2:-1], found, strict=True))
    expected = np.sqrt(spectrum[:2:-1] * a / (decay * (1 + power))) - a
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_learning_lowers_the_energy_that_is_left():
    xs = np.random.default_rng(0).standard_normal((500, 2)) @ [[1, 0, 1, -1], [0, 1, 1, 2]]
    node = PredictiveCoder(units=3, activation="identity", gives="prediction")
    before = node.init(np.random.default_rng(1), 4, 3)
    after = learned(node, xs, rounds=4)
    left = [np.mean((xs - run_node(node, p, node.start(3), xs)[1]) ** 2) for p in (before, after)]
    assert left[1] < 0.1 * left[0]


def test_attention_goes_to_what_can_be_trusted():
    rng = np.random.default_rng(0)
    s = rng.standard_normal((6000, 1))
    xs = np.hstack([s, s, s]) + rng.standard_normal((6000, 3)) * [0.3, 0.3, 1.2]
    node = PredictiveCoder(units=1, activation="identity", attention=True, decay=0.0, fading=0.002)
    precision = learned(node, xs).precision
    assert 0.7 < precision[0] / precision[1] < 1.4
    assert 8 < precision[0] / precision[2] < 32  # of the variances: 16


def test_dynamics_are_those_of_the_source():
    rng = np.random.default_rng(0)
    turn = 0.97 * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    x, xs = np.zeros(2), []
    for _ in range(5000):
        x = turn @ x + 0.3 * rng.standard_normal(2)
        xs.append(x)
    node = PredictiveCoder(
        units=2, temporal=True, activation="identity", C=np.eye(2), relaxation=100, decay=0.0
    )
    params = learned(node, np.array(xs), rounds=2)
    found, true = np.linalg.eigvals(params.A), np.linalg.eigvals(turn)
    assert np.abs(np.sort_complex(found) - np.sort_complex(true)).max() < 0.08


@pytest.mark.parametrize("activation", ["tanh", "identity"])
@pytest.mark.parametrize("xs", [np.ones((4000, 2)), np.zeros((4000, 2)), None])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_dull_and_loud_input_leaves_bounded_weights(activation, xs, scale):
    rows = np.random.default_rng(0).standard_normal((4000, 2)) if xs is None else xs
    node = PredictiveCoder(units=5, temporal=True, activation=activation, attention=True, rate=0.5)
    params = learned(node, scale * rows)
    assert np.linalg.norm(params.A) <= 1.5 * np.sqrt(5) + 1e-9
    assert np.abs(params.C).max() < 200 and params.precision.max() <= 100


def test_another_node_is_refused():
    rule = PredictiveCoder(units=2).rule
    with pytest.raises(ng.errors.GraphError, match="changes C, A, precision, which Dense does not"):
        ng.Model(Dense(units=2, rule=rule))
    assert "the node's activation is identity" in str(
        rule.refusal(PredictiveCoder(units=2, activation="identity"))
    )


def test_less_than_one_batch_is_refused():
    with pytest.raises(ng.errors.DataError, match=r"saw 5 steps .* one batch of 9; .* batch=5"):
        ng.Model(Input() >> PredictiveCoder(units=2, batch=9)).fit(np.ones((5, 2)))
