import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.kernels import gram
from nodes.kernels.gram import add_cross, add_gram


@settings(max_examples=40, deadline=None)
@given(m=st.integers(0, 40), n=st.integers(1, 70), k=st.integers(1, 9), seed=st.integers(0, 99))
def test_sums_of_whole_numbers_are_exact(m, n, k, seed):
    rng = np.random.default_rng(seed)
    rows, others = (rng.integers(-9, 10, (m, size)).astype(float) for size in (n, k))
    total, cross = (rng.integers(-9, 10, (size, n)).astype(float) for size in (n, k))
    wanted = np.tril(total + rows.T @ rows), cross + others.T @ rows
    add_gram(rows, total)
    add_cross(rows, others, cross)
    np.testing.assert_array_equal(np.tril(total), wanted[0])
    np.testing.assert_array_equal(cross, wanted[1])


@pytest.mark.parametrize("shape", [(8, 16), (4, 8)])
def test_rows_are_summed_one_after_the_other_whatever_the_tile(monkeypatch, shape):
    monkeypatch.setattr(gram, "_tile_shape", lambda: shape)
    loop = gram.kernel("&rows *panels *total m n")(gram._write_gram)
    rng = np.random.default_rng(0)
    rows, before = rng.normal(size=(50, 37)), rng.normal(size=(37, 37))
    total = before.copy()
    loop(np.dtype(float))(rows, np.zeros((3, 50, 16)), total, 50, 37)
    sums = np.zeros((37, 37))
    for row in rows:
        sums += np.outer(row, row)
    np.testing.assert_array_equal(np.tril(total), np.tril(before + sums))


def test_small_rows_are_not_lost_beside_the_total():
    rows, others = np.full((1000, 1), 1e-8), np.full((1000, 1), 1e-8)
    for add in (lambda total: add_gram(rows, total), lambda total: add_cross(rows, others, total)):
        total = np.ones((1, 1))
        add(total)
        assert total[0, 0] == pytest.approx(1 + 1e-13, abs=2e-16)


def test_columns_beyond_what_stays_in_the_cache_are_summed_alike():
    rng = np.random.default_rng(1)
    rows, others = rng.normal(size=(7, 1100)), rng.normal(size=(7, 6))
    whole, parts = np.zeros((6, 1100)), np.zeros((6, 1100))
    add_cross(rows, others, whole)
    for start in range(0, 1100, 300):
        part = np.zeros((6, len(rows[0, start : start + 300])))
        add_cross(np.ascontiguousarray(rows[:, start : start + 300]), others, part)
        parts[:, start : start + 300] = part
    np.testing.assert_array_equal(whole, parts)
    np.testing.assert_allclose(whole, others.T @ rows, rtol=1e-12, atol=1e-12)
