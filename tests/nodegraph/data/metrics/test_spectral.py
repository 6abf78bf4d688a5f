"""Spectral radii against all eigenvalues, closed forms and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigs
from threadpoolctl import threadpool_limits

from nodegraph.data.metrics.spectral import (
    _krylov_radius,
    _largest,
    _normal_radius,
    _rough_radius,
    spectral_radius,
)
from nodegraph.errors import DataError


def draw(n, density, seed):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, n)) * (rng.random((n, n)) < density)


def exact(W):
    with threadpool_limits(1):  # several waste their time on each other in a full suite
        return np.abs(np.linalg.eigvals(W)).max()


def test_small_matrices_have_the_radius_of_all_their_eigenvalues():
    for seed in range(100):
        W = draw(40, 0.2, seed)
        np.testing.assert_allclose(spectral_radius(sparse.csr_array(W)), exact(W), rtol=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_the_krylov_space_never_misses_the_largest_eigenvalue(seed):
    W = draw(150, 0.1, seed)
    np.testing.assert_allclose(_krylov_radius(sparse.csr_array(W)), exact(W), rtol=1e-7)


def test_a_matrix_above_the_dense_limit_has_the_same_radius():
    W = draw(520, 0.05, 3)
    np.testing.assert_allclose(spectral_radius(sparse.csr_array(W)), exact(W), rtol=1e-7)


@pytest.mark.parametrize("seed", range(2))
def test_above_a_million_weights_the_radius_is_right_to_a_thousandth(seed):
    W = np.random.default_rng(seed).standard_normal((1010, 1010))
    np.testing.assert_allclose(spectral_radius(W), exact(W), rtol=1e-3)


def test_above_a_million_weights_no_double_precision_is_needed(monkeypatch):
    monkeypatch.setattr("nodegraph.data.metrics.spectral._krylov_radius", None)
    W = np.random.default_rng(1).random((1010, 1010))
    np.testing.assert_allclose(spectral_radius(W), 505, rtol=0.01)  # the sum of a row


@pytest.fixture
def any_size(monkeypatch):
    monkeypatch.setattr("nodegraph.data.metrics.spectral._MANY", 0)


@pytest.mark.parametrize("seed", range(10))
def test_single_precision_finds_the_rim_of_random_weights(seed, any_size):
    W = draw(600, 0.1, seed)
    np.testing.assert_allclose(_rough_radius(sparse.csr_array(W)), exact(W), rtol=1e-3)


def test_single_precision_finds_a_matrix_far_from_normal_too(any_size):
    W = np.triu(draw(400, 1.0, 1), 1) + 1e-4 * draw(400, 1.0, 2)
    np.testing.assert_allclose(_rough_radius(W), exact(W), rtol=1e-2)


def test_single_precision_takes_a_complex_pair_whole(any_size):
    angles = np.linspace(0.1, 3.0, 60)
    turns = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in angles]
    W = sparse.block_diag([(1 + i / 60) * turn for i, turn in enumerate(turns)]).toarray()
    np.testing.assert_allclose(_rough_radius(W), 1 + 59 / 60, rtol=3e-3)


def test_single_precision_takes_few_products():
    W, products = sparse.csr_array(draw(2000, 0.02, 3), dtype=np.float32), []

    def product(x):
        products.append(x.dtype)
        return W @ x

    assert _largest(eigs, LinearOperator(W.shape, product, dtype=np.float32), 3e-3, 120) is not None
    assert len(products) <= 460
    assert set(products[:-6]) == {np.dtype(np.float32)}  # the last are of the residuals


def test_what_does_not_converge_gives_nothing(monkeypatch):
    monkeypatch.setattr("nodegraph.data.metrics.spectral._LARGE_BASIS", 20)
    turn = LinearOperator((300, 300), lambda x: np.roll(x, 1), dtype=np.float64)
    assert _largest(eigs, turn, basis=20) is None


@pytest.mark.parametrize("units", [600, 1010])
def test_low_rank_gives_the_same_bits_again(units):
    rng = np.random.default_rng(8)
    W = rng.standard_normal((units, 3)) @ rng.standard_normal((3, units))
    assert spectral_radius(W) == spectral_radius(W)


def test_above_four_thousand_units_the_radius_is_that_of_more_precise_work():
    rng = np.random.default_rng(2)
    W = sparse.csr_array((rng.standard_normal(40_050), rng.integers(0, 4005, (2, 40_050))))
    found, precise = spectral_radius(W), _krylov_radius(W)
    assert found != precise
    np.testing.assert_allclose(found, precise, rtol=1e-3)


def test_low_rank_above_a_million_weights_falls_back():
    rng = np.random.default_rng(8)
    A, B = rng.standard_normal((1010, 3)), rng.standard_normal((3, 1010))
    np.testing.assert_allclose(spectral_radius(A @ B), exact(B @ A), rtol=1e-6)


def test_a_matrix_without_cycles_has_radius_zero_whatever_the_order_of_its_units():
    order = np.random.default_rng(0).permutation(80)
    W = np.triu(draw(80, 1.0, 0), 1)[order][:, order]
    assert spectral_radius(W) == 0.0


def test_a_triangular_matrix_has_its_largest_diagonal_entry():
    W = np.tril(draw(80, 1.0, 1))
    assert spectral_radius(W) == np.abs(np.diag(W)).max()


def test_a_ring_has_the_geometric_mean_of_its_weights():
    weights = np.random.default_rng(2).uniform(0.5, 2, 700)
    W = sparse.csr_array((weights, (np.arange(700), np.roll(np.arange(700), 1))))
    np.testing.assert_allclose(spectral_radius(W), np.exp(np.log(weights).mean()), rtol=1e-12)


def test_a_complex_pair_counts_by_its_modulus():
    angle = 0.7
    turn = 3.0 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(spectral_radius(turn), 3.0, rtol=1e-14)


def test_a_large_complex_pair_is_found_among_near_equal_moduli():
    pairs = np.concatenate([np.linspace(0.9, 0.9999, 300), [1.0]])
    angles = np.random.default_rng(4).uniform(0, np.pi, pairs.size)
    blocks = [
        r * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        for r, a in zip(pairs, angles, strict=True)
    ]
    basis = np.eye(602) + draw(602, 1.0, 5) / 100
    W = basis @ sparse.block_diag(blocks).toarray() @ np.linalg.inv(basis)
    np.testing.assert_allclose(spectral_radius(W), 1.0, rtol=1e-6)


def test_an_orthogonal_matrix_has_radius_one():
    Q = np.linalg.qr(draw(600, 1.0, 6))[0]
    np.testing.assert_allclose(spectral_radius(Q), 1.0, rtol=1e-12)


def test_a_symmetric_matrix_has_its_two_norm():
    W = draw(200, 0.3, 7)
    np.testing.assert_allclose(_normal_radius(W + W.T), np.linalg.norm(W + W.T, 2), rtol=1e-10)
    assert _normal_radius(W) is None


def test_a_matrix_of_low_rank_has_the_radius_of_its_small_factor():
    rng = np.random.default_rng(8)
    A, B = rng.standard_normal((600, 3)), rng.standard_normal((3, 600))
    np.testing.assert_allclose(spectral_radius(A @ B), exact(B @ A), rtol=1e-10)


def test_equal_weights_on_every_edge_give_the_degree():
    W = sparse.csr_array(np.roll(np.eye(600), 1, 0) + np.roll(np.eye(600), 7, 0))
    np.testing.assert_allclose(spectral_radius(W), 2.0, rtol=1e-12)


@given(
    seed=st.integers(0, 10**6),
    factor=st.floats(1e-200, 1e200),
    n=st.integers(1, 12),
)
@settings(max_examples=30, deadline=None)
def test_scaling_turning_and_reordering_do_as_they_should(seed, factor, n):
    W = draw(n, 1.0, seed)
    radius, order = spectral_radius(W), np.random.default_rng(seed).permutation(n)
    np.testing.assert_allclose(spectral_radius(factor * W), factor * radius, rtol=1e-9)
    np.testing.assert_allclose(spectral_radius(W.T), radius, rtol=1e-9)
    np.testing.assert_allclose(spectral_radius(W[order][:, order]), radius, rtol=1e-9)


def test_twice_asked_it_gives_the_same_bits():
    W = sparse.csr_array(draw(550, 0.05, 9))
    assert spectral_radius(W) == spectral_radius(W.copy())


def test_a_large_matrix_gives_the_same_bits_whatever_the_threads():
    W = np.random.default_rng(9).standard_normal((1010, 1010))
    with threadpool_limits(1):
        alone = spectral_radius(W)
    assert spectral_radius(W) == alone


def test_the_matrix_is_left_as_it_was():
    W = sparse.csr_array((np.array([1.0, 0.0]), (np.array([0, 1]), np.array([0, 1]))))
    spectral_radius(W)
    assert W.nnz == 2


@pytest.mark.parametrize("W", [np.zeros((0, 0)), np.zeros((4, 4)), sparse.csr_array((5, 5))])
def test_nothing_has_radius_zero(W):
    assert spectral_radius(W) == 0.0


@pytest.mark.parametrize(
    ("W", "message"),
    [
        (np.ones((2, 3)), r"shape \(2, 3\)"),
        (np.ones(4), r"shape \(4,\)"),
        ([[1, 2], [3]], "ragged"),
        (np.full((2, 2), np.nan), "NaN or inf"),
        (np.ones((2, 2), complex), "complex128"),
        ([["a", "b"], ["c", "d"]], "give real numbers"),
        (None, r"shape \(\)"),
    ],
)
def test_what_is_no_square_matrix_of_numbers_is_refused(W, message):
    with pytest.raises(DataError, match=message):
        spectral_radius(W)
