import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import SparseCoder

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("gives", ["code", "reconstruction"])
def test_contract(gives):
    check_node(SparseCoder(units=5, gives=gives))


def coded(D, x, threshold, turns):
    node = SparseCoder(units=D.shape[1], D=D, threshold=threshold, turns=turns, frozen=True)
    return ng.Model(node).run(x[None])[0]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**20), st.floats(0, 1))
def test_the_energy_never_rises(seed, threshold):
    rng = np.random.default_rng(seed)
    D, x = rng.standard_normal((4, 7)), rng.standard_normal(4)
    D /= np.linalg.norm(D, axis=0)
    codes = [coded(D, x, threshold, turns) for turns in (1, 2, 5, 20)]
    energies = [((x - D @ a) ** 2).sum() / 2 + threshold * abs(a).sum() for a in codes]
    assert (np.diff([x @ x / 2, *energies]) <= 1e-12).all()


def test_it_finds_where_no_cause_could_be_moved():
    D = RNG.standard_normal((4, 6))
    D /= np.linalg.norm(D, axis=0)
    x, cost = RNG.standard_normal(4), 0.3
    a = coded(D, x, cost, 3000)
    pull = D.T @ (x - D @ a)  # subgradient of the lasso
    np.testing.assert_allclose(pull[a != 0], cost * np.sign(a[a != 0]), atol=1e-6)
    assert (abs(pull[a == 0]) <= cost + 1e-6).all() and (a == 0).any()


def test_it_learns_the_causes_that_made_its_input():
    rng = np.random.default_rng(1)
    true = rng.standard_normal((8, 12))
    true /= np.linalg.norm(true, axis=0)
    codes = rng.standard_normal((6000, 12)) * (rng.random((6000, 12)) < 0.12)
    node = SparseCoder(units=12, threshold=0.1, rate=0.2, name="c")
    model = ng.Model(node, seed=2)
    model.partial_fit(codes @ true.T)
    alike = abs(model.params["c"].D.T @ true).max(axis=0)
    assert np.median(alike) > 0.95
    np.testing.assert_allclose(np.linalg.norm(model.params["c"].D, axis=0), 1, rtol=1e-12)


def test_causes_of_another_shape_are_refused():
    with pytest.raises(FieldError, match=r"D: expected shape \(3, 2\), got \(2, 2\)"):
        ng.Model(SparseCoder(units=2, D=np.eye(2))).run(np.ones((4, 3)))
    with pytest.raises(FieldError, match="it is frozen"):
        SparseCoder(units=2, frozen=True, rate=0.1)
