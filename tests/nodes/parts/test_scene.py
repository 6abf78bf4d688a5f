import numpy as np
import pytest

from nodegraph.errors import DataError
from nodes.parts.scene import Scene
from nodes.ridge_regression.statistics import Statistics

RNG = np.random.default_rng(1)
X = RNG.standard_normal((400, 3)) * [1.0, 2.0, 0.1] + [5.0, 0.0, -1.0]
T = X @ RNG.standard_normal((3, 2)) + 0.3 * np.sin(9 * X[:, :1])


def test_it_brings_inputs_to_spread_1_and_tells_what_a_ridge_leaves():
    scene = Scene.of(Statistics.empty(3, 2).add(X, T), 1e-9, 1e-9, np.float64)
    np.testing.assert_allclose(scene.scaled(X).std(axis=0), 1, rtol=1e-9)
    features = np.column_stack([X, np.ones(len(X))])
    left = T - features @ np.linalg.lstsq(features, T)[0]
    np.testing.assert_allclose(scene.left(X, T), left / np.sqrt(T.var(axis=0).mean()), atol=1e-6)
    assert scene.rows == 400


def test_an_input_that_never_moves_stays_as_it_is():
    still = np.column_stack([X, np.full(len(X), 7.0)])
    scene = Scene.of(Statistics.empty(4, 2).add(still, T), 1e-3, 1e-3, np.float64)
    assert (scene.scaled(still)[:, 3] == 0).all() and (scene.base.V[:, 3] == 0).all()


def test_before_the_first_row_it_changes_nothing():
    scene = Scene.unknown(3, 2, np.float64)
    np.testing.assert_array_equal(scene.scaled(X), X)
    np.testing.assert_array_equal(scene.left(X, T), T)
    with pytest.raises(DataError, match="no rows to learn from"):
        Scene.of(Statistics.empty(3, 2), 1e-3, 1e-3, np.float64)
