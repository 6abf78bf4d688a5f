"""Information processing capacity: known ones, and that the total is bounded by the states."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.dynamics import information_processing_capacity as capacity
from nodegraph.errors import DataError
from nodes import Input, Reservoir

U = np.random.default_rng(0).uniform(-1, 1, 6000)


def test_a_line_of_delays_holds_each_of_them():
    line = np.stack([np.roll(U, k) for k in range(5)], axis=1)
    found = capacity(U, line, degree=2, delays=(10, 5))
    np.testing.assert_allclose(found.by_degree, [5, 0], atol=1e-9)
    assert sorted(term.factors for term in found.terms) == [((k, 1),) for k in range(5)]


def test_legendre_polynomials_are_told_apart_by_their_degree():
    cubic = (5 * U**3 - 3 * U) / 2
    pair = np.roll(U, 2) * (3 * np.roll(U, 4) ** 2 - 1) / 2
    found = capacity(U, np.stack([cubic, pair], axis=1), delays=(8, 6, 6))
    np.testing.assert_allclose(found.by_degree, [0, 0, 2], atol=0.03)
    assert {term.factors for term in found.terms[:2]} == {((0, 3),), ((2, 1), (4, 2))}


def test_fifty_units_that_hardly_bend_hold_fifty_functions():
    node = Reservoir(units=50, topology="orthogonal", spectral_radius=0.95, input_scaling=0.02)
    model = ng.Model(Input(units=1) >> node, seed=1)
    found = capacity(U, model.run(U[:, None]), degree=1, delays=200)
    assert found.rank == 50
    assert abs(found.total - 50) < 0.03 * 50
    assert found.total <= 50


@settings(max_examples=12, deadline=None)
@given(st.floats(0.1, 1.5), st.floats(0.05, 3), st.integers(0, 99), st.integers(3, 12))
def test_the_total_never_exceeds_the_number_of_states(radius, scaling, seed, units):
    node = Reservoir(units=units, spectral_radius=radius, input_scaling=scaling, connectivity=1.0)
    model = ng.Model(Input(units=1) >> node, seed=seed)
    found = capacity(U[:1500], model.run(U[:1500, None]), delays=(30, 10, 6), warmup=100)
    assert 0 <= found.total <= found.rank + 1e-9 <= units + 1e-9
    assert all(0 < term.capacity <= 1 + 1e-9 for term in found.terms)


def test_states_that_know_nothing_of_the_input_hold_nothing():
    noise = np.random.default_rng(1).standard_normal((6000, 20))
    assert capacity(U, noise, degree=2, delays=(40, 20)).total < 0.1


def test_a_function_may_make_the_states():
    found = capacity(U, lambda u: u**2, degree=2, delays=3)
    assert found.by_degree[1] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: capacity(2 * U, U), r"u should be even in \[-1, 1\]"),
        (lambda: capacity(U, U[:-1]), "u has 6000 rows, states 5999"),
        (lambda: capacity(np.stack([U, U], 1), U), "u has 2 columns"),
        (lambda: capacity(U[:400], np.zeros((400, 100))), "400 rows leave 300 for 100 states"),
        (lambda: capacity(U, U, delays=[]), "delays: should hold at least one"),
    ],
)
def test_bad_data_are_refused(call, words):
    with pytest.raises(DataError, match=words):
        call()


def test_its_words_are_few():
    u = np.random.default_rng(0).uniform(-1, 1, 500)
    found = capacity(u, np.stack([u, np.roll(u, 2)], axis=1), degree=2, delays=4)
    assert repr(found) == "Capacity(total=2, by_degree=[2, 0], rank=2, 2 terms)"
