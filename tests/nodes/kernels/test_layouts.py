import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from nodes.kernels import layouts
from nodes.kernels.layouts import laid_out
from nodes.kernels.reservoir import Weights
from nodes.topologies import fan_in

PRECISIONS = [np.float32, np.float64]


def ragged(rng, n, most, dtype):
    """Return a matrix whose rows hold 0 to `most` weights."""
    rows = [np.sort(rng.choice(n, min(n, rng.integers(0, most + 1)), False)) for _ in range(n)]
    indptr = np.cumsum([0, *map(len, rows)])
    indices = np.concatenate(rows).astype(np.int32)
    data = rng.normal(size=len(indices)).astype(dtype)
    return sparse.csr_array((data, indices, indptr.astype(np.int32)), shape=(n, n))


def tiled(rng, strips, tiles, dtype):
    """Return a matrix of dense 8 x 8 tiles, `tiles` of them in each strip."""
    n, blocks = 8 * strips, np.zeros((strips, strips))
    for strip in range(strips):
        blocks[strip, rng.choice(strips, tiles, False)] = 1
    dense = np.kron(blocks, np.ones((8, 8))) * rng.normal(size=(n, n))
    return sparse.csr_array(dense.astype(dtype))


def in_order(W, x):
    """Return W x, each row summed from its first column to its last."""
    y = np.zeros(len(x), x.dtype)
    for i in range(len(x)):
        for k in range(W.indptr[i], W.indptr[i + 1]):
            y[i] = y[i] + W.data[k] * x[W.indices[k]]
    return y


def linear(W):
    n = W.shape[0]
    zeros, ones = np.zeros(n, W.dtype), np.ones(n, W.dtype)
    return Weights(W, np.zeros((n, 0), W.dtype), zeros, ones, 0)


def product(W, x):
    return linear(W).run(np.zeros((1, 0), W.dtype), x)[0]


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 60),
    most=st.integers(0, 30),
    seed=st.integers(0, 999),
    dtype=st.sampled_from(PRECISIONS),
)
def test_every_sparse_layout_sums_a_row_from_left_to_right(n, most, seed, dtype):
    rng = np.random.default_rng(seed)
    W, x = ragged(rng, n, most, dtype), rng.normal(size=n).astype(dtype)
    np.testing.assert_array_equal(product(W, x), in_order(W, x))


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize(("strips", "tiles"), [(1, 1), (4, 2), (7, 7)])
def test_tiles_are_found_and_give_the_same_bits(strips, tiles, dtype):
    rng = np.random.default_rng(strips)
    W = tiled(rng, strips, tiles, dtype)
    x = rng.normal(size=8 * strips).astype(dtype)
    assert laid_out(W).kind == layouts._TILES
    np.testing.assert_array_equal(product(W, x), in_order(W, x))


def test_what_is_nearly_tiled_is_not_taken_for_it():
    rng = np.random.default_rng(0)
    W = tiled(rng, 4, 2, np.float64)
    moved = W.copy()
    moved.indices[0] = (set(range(32)) - set(W.indices[: W.indptr[1]])).pop()
    moved.sort_indices()
    assert laid_out(moved).kind != layouts._TILES
    shifted = sparse.csr_array(np.roll(W.toarray(), 1, axis=1))
    assert laid_out(shifted).kind != layouts._TILES


def test_rows_of_one_length_lie_in_slices_and_uneven_ones_do_not():
    rng = np.random.default_rng(0)
    even = sparse.random_array((80, 80), density=0.0, rng=rng).tocsr()
    even = sparse.csr_array(np.tile(np.eye(1, 80, 3) + np.eye(1, 80, 9), (80, 1)))
    assert laid_out(even).kind == layouts._SHORT_SLICES
    uneven = np.zeros((80, 80))
    uneven[0] = 1.0
    assert laid_out(sparse.csr_array(uneven)).kind == layouts._ROWS
    assert fan_in(0.1, 80) == 8


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_places_of_16_and_of_32_bits_give_the_same_sums(dtype, monkeypatch):
    rng = np.random.default_rng(0)
    n = 203
    dense = rng.normal(size=(n, n))
    dense[np.arange(n)[:, None], np.argsort(rng.random((n, n)))[:, 9:]] = 0
    W, x = sparse.csr_array(dense.astype(dtype)), rng.normal(size=n).astype(dtype)
    short = product(W, x)
    monkeypatch.setattr(layouts, "_SHORT", n - 1)
    assert laid_out(W).kind == layouts._SLICES
    np.testing.assert_array_equal(product(W, x), short)
    np.testing.assert_array_equal(in_order(W, x), short)


def test_a_place_above_65535_is_found():
    n = (1 << 16) + 8
    places = np.full(n, n - 1)
    W = sparse.csr_array((np.ones(n), places, np.arange(n + 1)), shape=(n, n))
    x = np.arange(n, dtype=float)
    np.testing.assert_array_equal(product(W, x), np.full(n, n - 1.0))


def test_unsorted_columns_are_sorted_first_and_left_as_they_were():
    W = sparse.csr_array(
        (np.array([1e16, 1.0, -1e16]), np.array([2, 1, 0]), np.array([0, 3, 3, 3])), shape=(3, 3)
    )
    before = W.indices.copy()
    np.testing.assert_array_equal(product(W, np.ones(3)), [(-1e16 + 1.0) + 1e16, 0, 0])
    np.testing.assert_array_equal(W.indices, before)
