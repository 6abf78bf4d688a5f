import numpy as np
import pytest

from nodegraph.errors import FieldError
from nodes.topologies import fan_in, line, ring, scattered, small_world


def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize(("share", "n", "count"), [(0.1, 50, 5), (0.001, 50, 1), (1.0, 7, 7)])
def test_each_unit_hears_its_share_and_at_least_one(share, n, count):
    assert fan_in(share, n) == count
    W = scattered(rng(), 20, n, share, rng().standard_normal)
    assert set(np.diff(W.indptr)) == {count}


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(FieldError, match="connectivity"):
        fan_in(share, 10)


def test_a_ring_has_the_eigenvalues_of_its_weight_times_the_roots_of_unity():
    values = np.linalg.eigvals(ring(rng(), 6, 6, weight=0.8).toarray())
    np.testing.assert_allclose(np.sort(np.angle(values**6)), 0, atol=1e-12)
    np.testing.assert_allclose(np.abs(values), 0.8)


def test_a_line_forgets_after_as_many_steps_as_it_has_units():
    W = line(rng(), 4, 4).toarray()
    assert np.linalg.matrix_power(W, 3).any() and not np.linalg.matrix_power(W, 4).any()


def test_a_small_world_rewires_about_the_share_that_is_said():
    units = 400
    W = small_world(rng(), units, units, connectivity=0.02, rewiring=0.25)
    rows, columns = W.nonzero()
    distance = np.abs((columns - rows + units // 2) % units - units // 2)
    assert set(np.diff(W.indptr)) == {8}
    assert abs((distance > 4).mean() - 0.25) < 0.03
    assert not (rows == columns).any()
