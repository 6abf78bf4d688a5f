import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.errors import IllConditionedWarning
from nodes.ridge_regression.solvers import solve_dual, solve_primal

RNG = np.random.default_rng(1)
X, T = RNG.normal(size=(40, 6)), RNG.normal(size=(40, 2))


def primal(x, t, ridge):
    return solve_primal(x.T @ x, x.T @ t, ridge)


def dual(x, t, ridge):
    return solve_dual(x, t, ridge)


def test_the_answer_is_that_of_the_normal_equations():
    expected = np.linalg.inv(X.T @ X + 0.3 * np.eye(6)) @ X.T @ T
    found = primal(X, T, 0.3)
    np.testing.assert_allclose(found.W, expected.T, rtol=1e-12)
    assert found.solver == "cholesky" and found.unique and found.rank == 6


def test_without_a_ridge_it_is_that_of_lstsq():
    np.testing.assert_allclose(
        primal(X, T, 0.0).W, np.linalg.lstsq(X, T, rcond=None)[0].T, rtol=1e-10
    )


def of_unit_diagonal(A):
    roots = np.sqrt(A.diagonal())
    return A / roots / roots[:, None]


def test_the_condition_number_is_near_that_of_inputs_of_one_size():
    gram = of_unit_diagonal(X.T @ X + 0.3 * np.eye(6))
    true = np.linalg.cond(gram, p=1)  # LAPACK estimates it from below
    assert 0.3 * true < primal(X, T, 0.3).condition <= 1.001 * true


@given(exponents=st.lists(st.integers(-60, 60), min_size=6, max_size=6))
def test_units_of_the_inputs_change_no_digit(exponents):
    units = np.ldexp(1.0, exponents)
    plain, other = primal(X, T, 0.0), primal(X * units, T, 0.0)
    np.testing.assert_array_equal(other.W * units, plain.W)
    assert other.solver == "cholesky" and other.condition == plain.condition


def test_inputs_of_very_unlike_sizes_are_solved_as_lstsq_solves_them_one_by_one():
    units = 10.0 ** np.array([-9, -5, 0, 3, 6, 9])
    expected = np.linalg.lstsq(X, T, rcond=None)[0].T / units
    found = primal(X * units, T, 0.0)
    np.testing.assert_allclose(found.W, expected, rtol=1e-9)
    assert found.solver == "cholesky" and found.condition < 100


def test_the_penalty_keeps_its_unit():
    units = 10.0 ** np.array([-3, -2, 0, 1, 2, 3])
    x = X * units
    expected = np.linalg.lstsq(np.r_[x, 0.1 * np.eye(6)], np.r_[T, np.zeros((6, 2))], rcond=None)[0]
    np.testing.assert_allclose(primal(x, T, 0.01).W, expected.T, rtol=1e-6)


def test_nearly_dependent_inputs_fit_as_well_in_any_unit():
    rng = np.random.default_rng(0)
    u = rng.uniform(-1, 1, (400, 1))
    powers, t = u ** np.arange(1, 25), np.tanh(2 * u)
    errors = []
    for spread in (0.01, 1.0, 100.0):
        x = powers * spread ** np.arange(1, 25)
        errors.append(np.abs(x @ primal(x, t, 0.0).W.T - t).max())
    assert max(errors) < 2 * min(errors) < 1e-6


def test_few_rows_are_solved_to_more_digits_than_their_products_have():
    left, right = np.linalg.qr(X[:5, :5])[0], np.linalg.qr(X[:6].T)[0][:, :5]
    x = left * np.array([1, 1e-2, 1e-4, 1e-6, 1e-8]) @ right.T
    found = dual(x, T[:5], 1e-24)
    expected = right * np.array([1, 1e2, 1e4, 1e6, 1e8]) @ left.T @ T[:5]
    np.testing.assert_allclose(found.W, expected.T, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
    assert found.solver == "dual singular vectors" and found.unique


@pytest.mark.parametrize("ridge", [1e-6, 1e-3, 10.0])
def test_dual_and_primal_agree_on_few_rows(ridge):
    x, t = X[:4], T[:4]
    expected = np.linalg.inv(x.T @ x + ridge * np.eye(6)) @ x.T @ t
    np.testing.assert_allclose(dual(x, t, ridge).W, expected.T, rtol=1e-6, atol=1e-9)
    assert dual(x, t, ridge).solver == "dual cholesky"


@pytest.mark.parametrize("solve", [primal, dual])
def test_of_many_answers_that_of_least_norm_is_taken_and_a_warning_says_so(solve):
    x, t = X[:4], T[:4]
    found = solve(x, t, 0.0)
    np.testing.assert_allclose(found.W, (np.linalg.pinv(x) @ t).T, rtol=1e-8, atol=1e-10)
    with pytest.warns(IllConditionedWarning, match="rank 4 of 6"):
        found.warn()


@pytest.mark.parametrize("solve", [primal, dual])
def test_inputs_that_are_all_zero_have_weights_of_zero(solve):
    found = solve(np.zeros((5, 3)), np.ones((5, 1)), 0.0)
    np.testing.assert_array_equal(found.W, np.zeros((1, 3)))
    assert found.rank == 0 and found.condition == np.inf


@pytest.mark.parametrize("solve", [primal, dual])
def test_of_many_answers_the_shortest_is_that_in_the_units_of_the_inputs(solve):
    x = np.c_[X[:40, :3], 100 * X[:40, :1]] if solve is primal else np.c_[X[:3], 7 * X[:3, :2]]
    t = T[: len(x)]
    np.testing.assert_allclose(solve(x, t, 0.0).W, (np.linalg.pinv(x) @ t).T, rtol=1e-7)


def test_a_duplicated_column_shares_the_weight_of_one():
    found = primal(np.c_[X, X[:, :1]], T, 0.0)
    alone = primal(X, T, 0.0)
    assert found.solver == "eigenvectors" and found.rank == 6 and not found.unique
    np.testing.assert_allclose(found.W[:, 0], alone.W[:, 0] / 2, rtol=1e-8)
    np.testing.assert_allclose(found.W[:, 6], alone.W[:, 0] / 2, rtol=1e-8)


def test_a_ridge_makes_a_singular_problem_certain():
    primal(np.c_[X, X[:, :1]], T, 1e-3).warn()  # warnings are errors here
