"""Sums are added in one of two orders, whatever their length, and widths of registers."""

import numpy as np
import pytest

DTYPES = {"f8": np.float64, "f4": np.float32}
KINDS = ["scalar", "vector", "sum"]
SIZES = [(0, 3), (1, 1), (3, 2), (4, 7), (5, 8), (9, 31), (7, 33), (66, 50), (6, 130), (13, 1100)]


def in_lanes(terms, add=np.add, start=0.0):
    """Return the sum over the first axis: of 32 sums side by side, halved until one is left."""
    padded = np.full((-(-len(terms) // 32) * 32, *terms.shape[1:]), start, terms.dtype)
    padded[: len(terms)] = terms
    lanes = np.full((32, *terms.shape[1:]), start, terms.dtype)
    for part in padded.reshape(-1, 32, *terms.shape[1:]):
        lanes = add(lanes, part)
    while len(lanes) > 1:
        lanes = add(lanes[: len(lanes) // 2], lanes[len(lanes) // 2 :])
    return lanes[0]


@pytest.mark.parametrize("order", ["4", "32"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", DTYPES)
def test_columns_are_summed_in_the_stated_order(call, drawn, four_at_a_time, code, kind, order):
    reference = four_at_a_time if order == "4" else in_lanes
    for n_terms, n_columns in SIZES:
        A = drawn(DTYPES[code], n_terms, n_columns + 2)
        B = drawn(DTYPES[code], n_terms, 2 if kind == "scalar" else n_columns + 1, seed=1)
        terms = A[:, :n_columns]
        if kind != "sum":
            terms = terms * (B[:, :1] if kind == "scalar" else B[:, :n_columns])
        found = np.full(n_columns + 1, 7, A.dtype)
        sizes = B.shape[1], n_terms, found, n_columns
        call(f"{kind}{order}_{code}", A, A.shape[1], B, *sizes)
        np.testing.assert_array_equal(found[:-1], reference(terms), f"{n_terms}, {n_columns}")
        assert found[-1] == 7


@pytest.mark.parametrize("n", [0, 1, 5, 31, 32, 33, 64, 75, 500])
@pytest.mark.parametrize("code", DTYPES)
def test_one_sum_is_of_32_side_by_side_then_halves(call, drawn, code, n):
    a, b = drawn(DTYPES[code], n + 1), drawn(DTYPES[code], n + 1, seed=1)
    a[n] = b[n] = np.nan  # behind the end
    assert call(f"add_{code}", a, a, n) == in_lanes(a[:n])
    assert call(f"dot_{code}", a, b, n) == in_lanes(a[:n] * b[:n])
    assert call(f"dot_{code}", a, a, n) == in_lanes(a[:n] * a[:n])


@pytest.mark.parametrize("n", [0, 1, 5, 32, 33, 100, 512, 513])
@pytest.mark.parametrize("code", DTYPES)
def test_rows_are_summed_as_each_alone(call, drawn, code, n):
    a, b = drawn(DTYPES[code], 5, n + 1), drawn(DTYPES[code], n + 1, seed=1)
    a[:, n] = b[n] = np.nan  # behind the end
    for rows in range(6):
        found = np.full(6, 7, a.dtype)
        call(f"dots_{code}", a, n + 1, b, 1, n, found, rows)
        for i in range(rows):
            assert found[i] == in_lanes(a[i, :n] * b[:n])
        np.testing.assert_array_equal(found[rows:], 7)


@pytest.mark.parametrize("n", [1, 5, 31, 32, 33, 75])
@pytest.mark.parametrize("code", DTYPES)
def test_the_greatest_is_that_of_numpy_with_nan(call, drawn, code, n):
    a = drawn(DTYPES[code], n)
    for where in (0, n // 2, n - 1):
        a[where] = 1e9
        assert call(f"top_{code}", a, a, n) == 1e9
        a[where] = -np.inf
    assert call(f"top_{code}", a, a, n) == a.max()
    for where in (0, n // 2, n - 1):
        b = a.copy()
        b[where] = np.nan
        assert np.isnan(call(f"top_{code}", b, b, n))


@pytest.mark.parametrize("code", DTYPES)
def test_products_of_many_series_are_summed_four_at_a_time(call, drawn, four_at_a_time, code):
    for rows, n_terms, lanes in [(1, 1, 16), (4, 8, 16), (5, 3, 32), (11, 30, 32), (6, 0, 16)]:
        W, X = drawn(DTYPES[code], rows, n_terms + 2), drawn(DTYPES[code], n_terms, lanes, seed=1)
        reference = four_at_a_time(W.T[:n_terms, :, None] * X[:, None])
        for layout in (W, W.T.copy()):
            i, s = (k // W.itemsize for k in (layout if layout is W else layout.T).strides)
            found = np.zeros((rows, lanes), W.dtype)
            call(f"matmany_{code}", layout, i, s, X, lanes, n_terms, found, lanes, rows, lanes)
            np.testing.assert_array_equal(found, reference)
