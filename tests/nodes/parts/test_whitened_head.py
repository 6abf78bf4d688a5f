import numpy as np
import pytest

from nodes.parts.whitened_head import gains, head_of, moving, whitening
from nodes.ridge_regression.statistics import Statistics

RNG = np.random.default_rng(1)
X = RNG.standard_normal((500, 3)) @ RNG.standard_normal((3, 3)) + [5.0, 0.0, -1.0]
T = np.tanh(X @ RNG.standard_normal((3, 2)))


def test_a_whitened_input_has_shares_of_unit_variance():
    sums = Statistics.empty(3, 0).add(X, X[:, :0])
    M = whitening(sums, 1e-2)
    values = np.linalg.eigvalsh(np.cov(X.T, bias=True))
    found = np.linalg.eigvalsh(np.cov((X @ M).T, bias=True))
    np.testing.assert_allclose(found, values / (values + 1e-2 * values[-1]), rtol=1e-9)


def test_a_head_hears_nothing_of_a_signal_that_never_changes():
    flat = np.column_stack([X, np.ones(len(X))])
    sums = Statistics.empty(4, 2).add(flat, T)
    head = head_of(sums, np.eye(3), 1e-3)
    assert (head.V[:, 3] == 0).all()
    shrunk = head_of(sums, np.eye(3), 1e9)
    np.testing.assert_allclose(shrunk.offset, T.mean(0), rtol=1e-6)


@pytest.mark.parametrize(("dtype", "share"), [(np.float64, 1e-15), (np.float32, 1e-7)])
def test_inputs_that_vary_by_rounding_alone_are_let_through_to_nobody(dtype, share):
    flat = 3.0 * (1 + share * RNG.integers(-1, 2, len(X)))
    sums = Statistics.empty(4, 0).add(np.column_stack([X, flat]), X[:, :0])
    assert moving(sums, dtype).tolist() == [True, True, True, False]
    M = whitening(sums, 1e-2, dtype)
    np.testing.assert_allclose(M[:3, :3], whitening(without(sums), 1e-2), rtol=1e-9)
    assert not M[3].any() and not M[:, 3].any()


def without(sums):
    return Statistics.empty(3, 0)._replace(n=sums.n, x=sums.x[:3], xx=sums.xx[:3, :3])


def test_units_that_hardly_ever_moved_give_out_nothing():
    assert gains(np.array([0.0, 1e-6, 0.5])).tolist() == [0.0, 0.0, 2.0]
