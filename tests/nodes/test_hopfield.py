import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.errors import DataWarning, FieldError
from nodegraph.testing import check_node
from nodes import Hopfield

RNG = np.random.default_rng(0)
PATTERNS = RNG.choice([-1.0, 1.0], (8, 100))


def model(patterns=PATTERNS, **fields):
    return ng.Model(Hopfield(name="h", **fields)).fit(patterns)


@pytest.mark.parametrize("mode", ["classical", "modern"])
def test_contract(mode):
    check_node(Hopfield(mode=mode))


@pytest.mark.parametrize("fields", [{}, {"mode": "modern", "beta": 1.0}])
def test_patterns_come_back_from_a_part_of_them(fields):
    cues = PATTERNS * np.where(RNG.random(PATTERNS.shape) < 0.2, -1, 1)
    found = model(**fields).run(cues)
    np.testing.assert_allclose(found, PATTERNS, atol=1e-12)


@pytest.mark.filterwarnings("ignore:h. 60 patterns are stored")
def test_many_more_patterns_fit_into_the_modern_one():
    many = RNG.choice([-1.0, 1.0], (60, 100))
    cues = many * np.where(RNG.random(many.shape) < 0.1, -1, 1)

    def right(**fields):
        found = np.sign(model(many, **fields).run(cues))
        return (found == many).all(axis=1).mean()

    assert right(mode="modern", beta=1.0) == 1.0
    assert right() < 0.5


def test_the_weights_are_those_of_hebb():
    W = model().params["h"].W
    expected = PATTERNS.T @ PATTERNS / 100
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(W, expected, atol=1e-12)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**20), st.integers(1, 20))
def test_the_energy_of_the_classical_one_never_rises(seed, count):
    rng = np.random.default_rng(seed)
    one = model(rng.choice([-1.0, 1.0], (count, 12)), turns=1)
    W, s = one.params["h"].W, rng.choice([-1.0, 1.0], 12)
    for _ in range(3):
        after = one.run(s[None])[0]
        assert after @ W @ after >= s @ W @ s - 1e-9
        s = after


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**20), st.floats(0.1, 5))
def test_the_energy_of_the_modern_one_never_rises(seed, beta):
    rng = np.random.default_rng(seed)
    X, s = rng.standard_normal((5, 4)), rng.standard_normal(4)
    one = model(X, mode="modern", turns=1, beta=beta)

    def energy(s):
        return -np.log(np.exp(beta * X @ s).sum()) / beta + s @ s / 2

    for _ in range(3):
        after = one.run(s[None])[0]
        assert energy(after) <= energy(s) + 1e-9
        s = after


def test_the_modern_one_is_one_step_of_attention_and_forgets_the_oldest():
    X = RNG.standard_normal((5, 3))
    one = model(X, mode="modern", turns=1, beta=2.0, slots=3)
    s, kept = RNG.standard_normal(3), X[2:]
    a = np.exp(2 * kept @ s)
    np.testing.assert_allclose(one.run(s[None])[0], a / a.sum() @ kept, rtol=1e-10)


def test_patterns_that_cannot_come_back_are_said():
    with pytest.warns(DataWarning, match="taken by their signs, and 0 for 1; give patterns of -1"):
        model(np.eye(20)[:2])
    with pytest.warns(DataWarning, match="60 patterns are stored in 20 units, which hold about 2"):
        model(RNG.choice([-1.0, 1.0], (60, 20)))


def test_nothing_stored_and_fields_without_effect():
    assert ng.Model(Hopfield(mode="modern")).run([[1.0, 2.0]]).tolist() == [[0.0, 0.0]]
    with pytest.raises(FieldError, match="the mode is classical"):
        Hopfield(beta=2.0)


@pytest.mark.parametrize("beta", [0.1, 1.0, 1e4])
def test_modern_patterns_that_overlap_equally_are_answered_by_their_mean(beta):
    patterns = np.array([[1.0, 1.0, 2.0], [1.0, -1.0, 2.0], [-3.0, 0.0, 1.0]])
    model = ng.Model(Hopfield(mode="modern", beta=beta, turns=1)).fit(patterns)
    tied = model.run([[5.0, 0.0, 0.0]])[0]
    weights = np.exp(beta * (patterns @ [5.0, 0.0, 0.0] - 5.0))
    np.testing.assert_allclose(tied, weights @ patterns / weights.sum(), rtol=1e-12, atol=1e-15)
    assert tied[1] == 0.0  # neither of both
    if beta == 1e4:
        np.testing.assert_allclose(model.run([[5.0, 0.01, 0.0]])[0], patterns[0], rtol=1e-12)


def test_a_classical_unit_whose_sum_is_0_keeps_its_sign():
    model = ng.Model(Hopfield()).fit(np.array([[1.0, 1.0], [1.0, -1.0]]))  # W is 0
    assert np.array_equal(model.params["hopfield"].W, np.zeros((2, 2)))
    assert np.array_equal(model.run([[-3.0, 0.0], [0.0, -1.0]]), [[-1.0, 1.0], [1.0, -1.0]])
