import numpy as np
import pytest

from nodegraph.errors import IllConditionedWarning
from nodes.rules.solvers import solve_dual, solve_primal

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


def test_the_condition_number_is_near_the_true_one():
    true = np.linalg.cond(X.T @ X + 0.3 * np.eye(6), p=1)  # LAPACK estimates it from below
    assert 0.3 * true < primal(X, T, 0.3).condition <= 1.001 * true


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


def test_a_duplicated_column_shares_the_weight_of_one():
    found = primal(np.c_[X, X[:, :1]], T, 0.0)
    alone = primal(X, T, 0.0)
    assert found.solver == "eigenvectors" and found.rank == 6 and not found.unique
    np.testing.assert_allclose(found.W[:, 0], alone.W[:, 0] / 2, rtol=1e-8)
    np.testing.assert_allclose(found.W[:, 6], alone.W[:, 0] / 2, rtol=1e-8)


def test_a_ridge_makes_a_singular_problem_certain():
    primal(np.c_[X, X[:, :1]], T, 1e-3).warn()  # warnings are errors here
