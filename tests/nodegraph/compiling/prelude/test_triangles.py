"""Symmetric matrices as lower triangles: a change of rank one, and a product."""

import numpy as np
import pytest

DTYPES = {"f8": np.float64, "f4": np.float32}


def changed(P, K, scale, growth):
    """Return (P + K (scale K)') growth, of a triangle."""
    i, k = np.tril_indices(len(K))
    return (P + K[k] * (K[i] * scale)) * growth


def by_32_8_1(terms, own):
    """Return the sum of a row: 32, 8, 1 at once, each halved, then the diagonal."""
    total, begin = [], 0
    for width in (32, 8, 1):
        lanes, stop = np.zeros(width, terms.dtype), begin + (len(terms) - begin) // width * width
        for part in terms[begin:stop].reshape(-1, width):
            lanes = lanes + part
        while len(lanes) > 1:
            lanes = lanes[: len(lanes) // 2] + lanes[len(lanes) // 2 :]
        total.append(lanes[0])
        begin = stop
    return ((total[0] + total[1]) + total[2]) + own


def product(P, x, row):
    """Return the product: along each row, and what is across the diagonal row by row."""
    y = np.zeros_like(x)
    for i in range(len(x)):
        p = P[i * (i + 1) // 2 :][: i + 1]
        y[:i] = y[:i] + p[:i] * x[i]
        y[i] = row(p[:i] * x[:i], p[i] * x[i])
    return y


@pytest.mark.parametrize("q", [1, 2, 5, 9, 35, 80])
@pytest.mark.parametrize("code", DTYPES)
def test_one_triangle(call, drawn, code, q):
    dtype = DTYPES[code]
    P, K, x = drawn(dtype, q * (q + 1) // 2), drawn(dtype, q, seed=1), drawn(dtype, q, seed=2)
    scale, growth = dtype(-0.3), dtype(1.01)
    wanted = changed(P, K, scale, growth)
    y = np.zeros(q, dtype)
    call(f"sym1_{code}", P, x, y, q)
    np.testing.assert_array_equal(y, product(P, x, by_32_8_1))
    now = P.copy()
    call(f"rank1_{code}", now, K, scale, growth, q)
    np.testing.assert_array_equal(now, wanted)
    now = P.copy()
    call(f"ranksym1_{code}", now, K, scale, growth, x, y, q)
    np.testing.assert_array_equal(now, wanted)
    np.testing.assert_array_equal(y, product(wanted, x, by_32_8_1))


@pytest.mark.parametrize(("q", "n"), [(1, 1), (5, 3), (9, 16), (10, 15)])
@pytest.mark.parametrize("code", DTYPES)
def test_a_group_of_triangles_side_by_side(call, drawn, four_at_a_time, code, q, n):
    def by_fours(terms, own):
        return four_at_a_time(terms) + own

    dtype = DTYPES[code]
    P, K, X = drawn(dtype, q * (q + 1) // 2, 16), drawn(dtype, q, n, seed=1), drawn(dtype, q, n)
    scale, growth = drawn(dtype, n, seed=3), drawn(dtype, n, seed=4)
    wanted, Y, S = P.copy(), np.zeros((q, n), dtype), np.full((3 * q + 2, 16), np.nan, dtype)
    wanted[:, :n] = changed(P[:, :n], K, scale, growth)
    call(f"sym_{code}", P, X, n, Y, n, S, q, n)
    np.testing.assert_array_equal(Y, product(P[:, :n], X, by_fours))
    now = P.copy()
    call(f"rank_{code}", now, K, n, scale, growth, S, q, n)
    np.testing.assert_array_equal(now, wanted)
    now = P.copy()
    call(f"ranksym_{code}", now, K, n, scale, growth, X, n, Y, n, S, q, n)
    np.testing.assert_array_equal(now, wanted)
    np.testing.assert_array_equal(Y, product(wanted[:, :n], X, by_fours))
