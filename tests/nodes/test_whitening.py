import numpy as np
import pytest
from scipy.linalg import sqrtm

import nodegraph as ng
from nodegraph.errors import DataError
from nodegraph.testing import check_node
from nodes import Input, Whitening

RNG = np.random.default_rng(0)
X = RNG.normal(size=(700, 3)) @ RNG.normal(size=(3, 3)) + [3.0, -1.0, 100.0]


def test_what_comes_out_is_uncorrelated_and_of_unit_variance():
    check_node(Whitening(epsilon=0.1))
    y = ng.Model(Input() >> Whitening()).fit(X).reset().run(X)
    np.testing.assert_allclose(y.T @ y / 700, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-10)


@pytest.mark.parametrize("epsilon", [0.0, 0.5])
def test_the_map_is_the_inverse_root_of_the_covariance(epsilon):
    model = ng.Model(Input() >> Whitening(epsilon=epsilon, name="w")).fit(X)
    covariance = np.cov(X.T, ddof=0) + epsilon * np.eye(3)
    np.testing.assert_allclose(model.params["w"].W, np.linalg.inv(sqrtm(covariance)), rtol=1e-8)


def test_dependent_inputs_are_refused_with_what_to_write():
    flat = np.hstack([X, X[:, :1]])
    message = r"3 directions of 4 vary; write epsilon=.*, or PCA\(units=3, whiten=True\)"
    with pytest.raises(DataError, match=message):
        ng.Model(Input() >> Whitening()).fit(flat)
    y = ng.Model(Input() >> Whitening(epsilon=1e-6)).fit(flat).reset().run(flat)
    assert np.isfinite(y).all() and y.std(axis=0).max() < 1.01


def test_an_input_that_stands_still_is_no_direction():
    """0.1 is not exact in binary: its mean is off by rounding, which is not scaled up."""
    for n_in in (1, 2):
        with pytest.raises(DataError, match=f"0 directions of {n_in} vary; write epsilon=1e-06"):
            ng.Model(Input() >> Whitening()).fit(np.full((300, n_in), 0.1))
    beside = np.column_stack([1e-9 * X[:, 0], np.full(len(X), 1e4 / 3)])
    model = ng.Model(Input() >> Whitening(epsilon=1e-20)).fit(beside)
    assert model.params["whitening"].W[0, 1] == 0.0
    spread = 1e-9 * X[:, 0].std()
    np.testing.assert_allclose(model.params["whitening"].W[0, 0], 1 / np.hypot(spread, 1e-10))
