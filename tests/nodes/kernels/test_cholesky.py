import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.kernels.cholesky import solve_positive


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 40), k=st.integers(1, 4), seed=st.integers(0, 99))
def test_it_solves_what_lapack_solves(n, k, seed):
    rng = np.random.default_rng(seed)
    rows, B = rng.normal(size=(2 * n, n)), rng.normal(size=(n, k))
    A = rows.T @ rows + 0.1 * np.eye(n)
    before = A.copy(), B.copy()
    found, condition = solve_positive(A, B)
    np.testing.assert_allclose(found, np.linalg.solve(A, B), rtol=1e-7, atol=1e-9)
    assert 1 <= condition <= 1.0001 * np.linalg.cond(A)
    np.testing.assert_array_equal(A, before[0])
    np.testing.assert_array_equal(B, before[1])


@pytest.mark.parametrize("A", [np.diag([1.0, -1.0]), np.zeros((2, 2)), np.full((2, 2), np.nan)])
def test_what_is_not_positive_definite_has_no_solution(A):
    assert solve_positive(A, np.ones((2, 1))) is None
