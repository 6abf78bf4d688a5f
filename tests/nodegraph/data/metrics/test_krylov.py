"""The outermost eigenvalue against all of them, and how much work it is."""

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_limits

from nodegraph.data.metrics.krylov import outermost


def draw(n, density, seed):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, n)) * (rng.random((n, n)) < density)


def start(n, dtype=np.float64):
    return np.random.default_rng(0).standard_normal(n).astype(dtype)


def exact(W):
    with threadpool_limits(1):  # several waste their time on each other in a full suite
        return np.abs(np.linalg.eigvals(W)).max()


@pytest.mark.parametrize("seed", range(4))
def test_single_precision_finds_the_rim_of_random_weights(seed):
    W = draw(600, 0.1, seed)
    found = outermost(sparse.csr_array(W, dtype=np.float32), start(600, np.float32))
    np.testing.assert_allclose(found, exact(W), rtol=1e-3)


@pytest.mark.parametrize("seed", range(10))
def test_a_tight_tolerance_is_kept_through_many_restarts(seed):
    W = draw(150, 0.3, seed)
    found = outermost(W, start(150), basis=40, kept=15, tolerance=1e-9, restarts=200)
    np.testing.assert_allclose(found, exact(W), rtol=1e-8)


def test_a_matrix_far_from_normal_is_found_too():
    W = np.triu(draw(400, 1.0, 1), 1) + 1e-4 * draw(400, 1.0, 2)
    found = outermost(W.astype(np.float32), start(400, np.float32))
    np.testing.assert_allclose(found, exact(W), rtol=1e-2)


def test_it_takes_few_products():
    class Counted:
        def __init__(self, W):
            self.W, self.products = W, 0

        def __matmul__(self, x):
            self.products += 1
            return self.W @ x

    W = Counted(sparse.csr_array(draw(2000, 0.02, 3)))
    assert outermost(W, start(2000)) is not None
    assert W.products <= 460  # three restarts


def test_a_space_that_does_not_grow_gives_nothing():
    W = np.diag(np.repeat([1.0, 2.0], 50))
    assert outermost(W, np.ones(100), basis=20, kept=8) is None


def test_what_does_not_converge_gives_nothing():
    W = draw(300, 1.0, 4)
    assert outermost(W, start(300), basis=20, kept=8, tolerance=1e-9, restarts=2) is None


def test_a_complex_pair_is_kept_whole():
    angles = np.linspace(0.1, 3.0, 60)
    turns = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in angles]
    W = sparse.block_diag([(1 + i / 60) * turn for i, turn in enumerate(turns)]).toarray()
    found = outermost(W, start(120), basis=30, kept=9, tolerance=1e-8, restarts=100)
    np.testing.assert_allclose(found, 1 + 59 / 60, rtol=1e-8)
