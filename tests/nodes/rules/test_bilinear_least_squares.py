import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_rule
from nodes import DCM
from nodes.rules import BilinearLeastSquares

RNG = np.random.default_rng(0)
U = RNG.uniform(-1, 1, (60, 2))
A = np.array([[-0.6, 0.2], [0.3, -0.5]])
X = ng.Model(DCM(A=A, C=np.eye(2))).run(U)


@pytest.mark.parametrize("forgetting", [1.0, 0.99])
def test_it_keeps_the_contract(forgetting):
    check_rule(BilinearLeastSquares(forgetting=forgetting), DCM(units=3))


def test_it_is_ridge_regression_of_the_change():
    alpha, noisy = 0.1, X + RNG.normal(0, 0.1, X.shape)
    p = ng.Model(DCM(alpha=alpha)).fit(U, noisy).params["dcm"]
    z = np.concatenate([noisy[:-1], U[1:, :1] * noisy[:-1], U[1:, 1:] * noisy[:-1], U[1:]], axis=1)
    W = np.linalg.solve(z.T @ z + alpha * np.eye(8), z.T @ np.diff(noisy, axis=0)).T
    found = np.concatenate([p.A, p.B[0], p.B[1], p.C], axis=1)
    np.testing.assert_allclose(found, W, rtol=1e-8, atol=1e-10)


def test_nothing_is_learned_across_series_and_gaps():
    gap = X.copy()
    gap[20:23] = np.nan
    fields = {"alpha": 1e-9}
    one = ng.Model(DCM(**fields)).fit(U, gap).params["dcm"]
    other = ng.Model(DCM(**fields)).fit([U[:30], U[30:]], [X[:30], X[30:]]).params["dcm"]
    for p in (one, other):
        np.testing.assert_allclose(p.A, A, atol=1e-5)
        np.testing.assert_allclose(p.B, 0, atol=1e-5)
