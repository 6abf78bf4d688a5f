from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats

from nodegraph.data.metrics.spectral import spectral_radius
from nodegraph.errors import FieldError
from nodes.parts.topologies import block, line, permutation, ring, small_world
from nodes.parts.weights import (
    DISTRIBUTIONS,
    Topology,
    bernoulli,
    normal,
    orthogonal,
    recurrent,
    scale_columns,
    scale_spectral_radius,
    uniform,
)

TOPOLOGIES = get_args(Topology)


def rng(seed=0):
    return np.random.default_rng(seed)


def dense(W):
    return W.toarray() if sparse.issparse(W) else W


def assert_canonical(W):
    assert isinstance(W, sparse.csr_array)
    assert W.indices.dtype == W.indptr.dtype == np.int32
    assert W.data.dtype == np.float64
    fresh = sparse.csr_array((W.data, W.indices, W.indptr), shape=W.shape)
    assert fresh.has_canonical_format  # looked up anew, not the flag that we set


@pytest.mark.parametrize("draw", DISTRIBUTIONS.values())
@settings(max_examples=25, deadline=None)
@given(n_out=st.integers(1, 30), n_in=st.integers(1, 30), share=st.floats(0.01, 0.99))
def test_each_row_of_a_sparse_matrix_has_the_rounded_number_of_weights(draw, n_out, n_in, share):
    W = draw(rng(), n_out, n_in, share)
    assert_canonical(W)
    assert W.shape == (n_out, n_in)
    assert (np.diff(W.indptr) == max(1, round(share * n_in))).all()


@pytest.mark.parametrize("draw", DISTRIBUTIONS.values())
def test_full_connectivity_is_a_dense_array(draw):
    W = draw(rng(), 4, 3)
    assert isinstance(W, np.ndarray)
    assert (W.shape, W.dtype) == ((4, 3), np.float64)


@pytest.mark.parametrize("share", [0.1, 1.0])
def test_weights_have_their_distribution(share):
    values = {draw: draw(rng(1), 100, 200, share) for draw in (uniform, normal, bernoulli)}
    flat = {draw: W.data if sparse.issparse(W) else W.ravel() for draw, W in values.items()}
    assert stats.kstest(flat[uniform], stats.uniform(-1, 2).cdf).pvalue > 0.01
    assert stats.kstest(flat[normal], stats.norm.cdf).pvalue > 0.01
    assert set(flat[bernoulli]) == {-1.0, 1.0}
    assert abs(flat[bernoulli].mean()) < 4 / np.sqrt(flat[bernoulli].size)


def test_every_place_is_as_likely():
    W = uniform(rng(2), 4000, 10, 0.3)
    counts = np.bincount(W.indices, minlength=10)
    assert stats.chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, np.nan])
def test_connectivity_out_of_range_is_refused(share):
    with pytest.raises(FieldError, match="connectivity should be above 0 and at most 1"):
        uniform(rng(), 3, 3, share)


@pytest.mark.parametrize("shape", [(6, 6), (7, 3), (3, 7), (1, 1)])
def test_orthogonal_rows_or_columns_are_orthonormal(shape):
    W = orthogonal(rng(), *shape)
    gram = W.T @ W if shape[0] >= shape[1] else W @ W.T
    np.testing.assert_allclose(gram, np.eye(min(shape)), atol=1e-14)
    assert W.flags.c_contiguous


def test_orthogonal_matrices_are_drawn_evenly():
    corners = [orthogonal(np.random.default_rng(i), 3, 3)[0, 0] for i in range(400)]
    assert stats.kstest(corners, stats.uniform(-1, 2).cdf).pvalue > 0.01  # as on a sphere


def test_ring_and_line_shift_the_units_by_one():
    x = np.arange(5.0)
    np.testing.assert_array_equal(ring(rng(), 5, 5, 0.5) @ x, 0.5 * np.roll(x, 1))
    np.testing.assert_array_equal(line(rng(), 5, 5, 0.5) @ x, [0, 0, 0.5, 1, 1.5])
    assert_canonical(ring(rng(), 5, 5))
    assert_canonical(line(rng(), 5, 5))


@pytest.mark.parametrize("make", [block, line, permutation, ring, small_world])
def test_a_topology_that_is_not_square_is_refused(make):
    with pytest.raises(FieldError, match=f"{make.__name__} joins units to each other.*4 x 3"):
        make(rng(), 4, 3)


def test_small_world_without_rewiring_is_a_lattice():
    W = dense(small_world(rng(), 9, 9, connectivity=4 / 9, rewiring=0))
    near = {1, 2, 7, 8}
    distance = (np.arange(9)[None, :] - np.arange(9)[:, None]) % 9
    np.testing.assert_array_equal(W != 0, np.isin(distance, list(near)))


@settings(max_examples=40, deadline=None)
@given(
    units=st.integers(2, 40), share=st.floats(0.01, 1), moved=st.floats(0, 1), seed=st.integers(0)
)
def test_small_world_keeps_the_number_of_sources_and_no_unit_hears_itself(
    units, share, moved, seed
):
    W = small_world(rng(seed), units, units, share, moved)
    assert_canonical(W)
    assert (np.diff(W.indptr) == min(max(1, round(share * units)), units - 1)).all()
    assert (W.diagonal() == 0).all()


def test_small_world_moves_the_share_of_connections_it_was_told():
    W = small_world(rng(3), 400, 400, connectivity=0.05, rewiring=0.3)
    sources, units = W.indices, np.repeat(np.arange(400), np.diff(W.indptr))
    far = np.abs((sources - units + 200) % 400 - 200) > 10
    assert abs(far.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / far.size)


def test_rewiring_out_of_range_is_refused():
    with pytest.raises(FieldError, match=r"rewiring .* \(got 2\)"):
        small_world(rng(), 9, 9, rewiring=2)


@pytest.mark.parametrize("topology", [t for t in TOPOLOGIES if t != "orthogonal"])
def test_sparse_topologies_are_canonical(topology):
    assert_canonical(recurrent(rng(), 30, topology, 0.2))


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_same_generator_gives_the_same_weights(topology):
    one, two = (dense(recurrent(rng(5), 30, topology, 0.2)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("topology", [t for t in TOPOLOGIES if t != "line"])
def test_recurrent_weights_have_the_spectral_radius_asked_for(topology):
    W = dense(recurrent(rng(6), 60, topology, connectivity=0.1, radius=1.25))
    assert abs(np.abs(np.linalg.eigvals(W)).max() - 1.25) < 1e-9


def test_a_line_has_its_radius_as_weight():
    W = recurrent(rng(), 5, "line", radius=0.7)
    assert set(W.data) == {0.7}
    assert spectral_radius(W) == 0


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_radius_zero_is_no_recurrence(topology):
    assert not dense(recurrent(rng(), 10, topology, 0.3, radius=0.0)).any()


def test_an_unknown_topology_names_the_known_ones():
    with pytest.raises(FieldError, match=r"'small_world'.*\(got 'star'\)"):
        recurrent(rng(), 10, "star")


def test_a_nilpotent_matrix_cannot_be_scaled():
    with pytest.raises(
        FieldError, match=r"W is nilpotent \(spectral radius 0\).*raise connectivity"
    ):
        scale_spectral_radius(line(rng(), 4, 4), 0.9)


@pytest.mark.parametrize("size", [1.0, 1e-12])
def test_cycles_that_cancel_out_but_for_rounding_are_not_blown_up(size):
    """``[[1, a], [-1/a, -1]]`` squared is 0, and eigenvalues of it come out as some 1e-9."""
    W = size * np.array([[1.0, 0.7], [-1 / 0.7, -1.0]])
    with pytest.raises(FieldError, match=r"nilpotent .*cancel out"):
        scale_spectral_radius(W, 0.9)
    with pytest.raises(FieldError, match="nilpotent"):
        scale_spectral_radius(np.zeros((3, 3)), 0.9)


def test_scaling_leaves_its_argument_alone_and_sparse_stays_canonical():
    W = normal(rng(), 20, 20, 0.3)
    before = W.toarray()
    scaled = scale_spectral_radius(W, 0.5)
    np.testing.assert_array_equal(W.toarray(), before)
    assert_canonical(scaled)
    np.testing.assert_allclose(scaled.toarray(), before * (0.5 / spectral_radius(W)), rtol=1e-15)


@pytest.mark.parametrize("share", [0.5, 1.0])
@pytest.mark.parametrize("scaling", [0.5, (1.0, 0.0, 2.0, -1.0)])
def test_columns_are_scaled_one_by_one(share, scaling):
    W = uniform(rng(), 6, 4, share)
    before = dense(W).copy()
    np.testing.assert_array_equal(dense(scale_columns(W, scaling)), before * np.array(scaling))
    np.testing.assert_array_equal(dense(W), before)
