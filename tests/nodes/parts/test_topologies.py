import numpy as np
import pytest
from scipy import stats

from nodegraph.errors import FieldError
from nodes.parts.topologies import block, fan_in, line, permutation, ring, scattered, small_world


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


@pytest.mark.parametrize("units", [1, 5, 8, 64, 67, 100])
@pytest.mark.parametrize("share", [0.01, 0.3, 1.0])
def test_units_of_a_block_hear_the_same_whole_blocks(units, share):
    W = block(rng(), units, units, share)
    tiles = -(-units // 8)
    heard = W.toarray() != 0
    padded = np.zeros((8 * tiles, 8 * tiles), bool)
    padded[:units, :units] = heard
    first = heard[::8, ::8]  # of each tile its first weight
    np.testing.assert_array_equal(padded, np.kron(first, np.ones((8, 8), bool)) & _inside(units))
    assert set(first.sum(axis=1)) == {fan_in(share, tiles)}
    assert not first.all() or share == 1 or tiles == 1


def _inside(units):
    size = 8 * -(-units // 8)
    return np.add.outer(*2 * [np.where(np.arange(size) < units, 0, 1)]) == 0


def test_blocks_stand_at_places_drawn_evenly_and_weights_are_normal():
    W = block(rng(), 1600, 1600, 0.1)
    heard = np.bincount(W[::8].indices[::8] // 8, minlength=200)  # how many blocks hear each
    assert heard.sum() == 200 * 20
    assert stats.chisquare(heard).pvalue > 0.01
    assert stats.kstest(W.data, "norm").pvalue > 0.01


def test_a_permutation_has_one_weight_in_each_row_and_column():
    W = permutation(rng(), 50, 50, weight=0.8).toarray()
    np.testing.assert_array_equal(np.sort(W, axis=0)[-1], np.full(50, 0.8))
    np.testing.assert_array_equal(np.sort(W, axis=1)[:, -1], np.full(50, 0.8))
    assert np.count_nonzero(W) == 50
    np.testing.assert_allclose(np.abs(np.linalg.eigvals(W)), 0.8)


def test_permutations_are_drawn_evenly():
    drawn = [permutation(np.random.default_rng(i), 3, 3) for i in range(600)]
    counts = np.unique([W.indices for W in drawn], axis=0, return_counts=True)[1]
    assert len(counts) == 6 and stats.chisquare(counts).pvalue > 0.01
