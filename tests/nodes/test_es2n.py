import numpy as np
import pytest
from scipy import sparse

import nodegraph as ng
from nodegraph.testing import check_node, run_node
from nodes import ES2N, Input

U = np.random.default_rng(0).standard_normal((60, 2))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"connectivity": 1.0, "proximity": 0.1, "activation": "relu"},
        {"O": sparse.eye_array(12, format="csr"), "input_connectivity": 0.4, "bias_scaling": 0.2},
    ],
)
def test_it_keeps_the_contract(fields):
    check_node(ES2N(units=12, **fields))


@pytest.mark.parametrize("connectivity", [0.2, 1.0])
def test_its_states_are_those_of_the_equation(connectivity):
    model = ng.Model(ES2N(units=15, proximity=0.3, bias_scaling=0.4, connectivity=connectivity))
    states = model.run(U)
    p = model.params["es2n"]
    W = p.W.toarray() if sparse.issparse(p.W) else p.W
    x = np.zeros(15)
    for u, found in zip(U, states, strict=True):
        x = 0.3 * np.tanh(W @ x + p.W_in @ u + p.bias) + 0.7 * p.O @ x
        np.testing.assert_allclose(found, x, rtol=1e-10, atol=1e-13)


def test_what_is_drawn_is_orthogonal():
    turn = ES2N(units=25).init(np.random.default_rng(0), 1, 25).O
    np.testing.assert_allclose(turn @ turn.T, np.eye(25), atol=1e-12)


def test_near_proximity_zero_the_state_keeps_its_norm():
    node = ES2N(units=20, proximity=1e-9)
    params = node.init(np.random.default_rng(0), 2, 20)
    x = np.random.default_rng(1).standard_normal(20)
    _, states = run_node(node, params, node.State(x), U)
    np.testing.assert_allclose(np.linalg.norm(states, axis=1), np.linalg.norm(x), rtol=1e-6)
    assert np.abs(states[-1] - x).max() > 0.1


def test_proximity_one_turns_nothing():
    model = ng.Model(Input(units=2) >> ES2N(units=6, proximity=1.0, spectral_radius=0.0))
    states = model.run(U)
    np.testing.assert_allclose(states, np.tanh(U @ model.params["es2n"].W_in.T), rtol=1e-12)


def test_given_weights_are_used_as_they_stand():
    turn = np.array([[0.0, 2.0], [1.0, 0.0]])
    params = ES2N(units=2, O=turn).init(np.random.default_rng(0), 1, 2)
    np.testing.assert_array_equal(params.O, turn)
    with pytest.raises(ng.errors.FieldError, match=r"O: expected shape \(3, 3\), got \(2, 2\)"):
        ES2N(units=3, O=turn)


@pytest.mark.parametrize("proximity", [0, 1.5, "a"])
def test_proximity_is_a_share(proximity):
    with pytest.raises(ng.errors.FieldError, match=r"ES2N\.proximity: should be"):
        ES2N(units=3, proximity=proximity)
