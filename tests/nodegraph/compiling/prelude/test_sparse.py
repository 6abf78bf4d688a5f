"""Products of sparse rows add one entry after the other, as scipy does."""

import numpy as np
import pytest
import scipy.sparse

from nodegraph.compiling.sparse import by_column, is_sorted, sliced, slots_of

DTYPES = {"f8": np.float64, "f4": np.float32}


def row_by_row(W, x):
    """Return W x, the entries of each row from the first on."""
    y = np.zeros((W.shape[0], *x.shape[1:]), x.dtype)
    for i in range(W.shape[0]):
        for k in range(W.indptr[i], W.indptr[i + 1]):
            y[i] = y[i] + W.data[k] * x[W.indices[k]]
    return y


def matrix(rng, n, m, code, alike):
    """Return a matrix whose rows are equally long, or as chance has it, some of them empty."""
    W = scipy.sparse.random_array((n, m), density=0.3, rng=rng, dtype=DTYPES[code]).tocsr()
    if not alike:
        W = scipy.sparse.csr_array(W * (np.arange(n) % 7 > 2)[:, None])
        W.eliminate_zeros()
        return W
    columns = np.concatenate([np.sort(rng.permutation(m)[:4]) for _ in range(n)])
    data = rng.standard_normal(4 * n).astype(W.dtype)
    return scipy.sparse.csr_array((data, columns, np.arange(0, 4 * n + 1, 4)), shape=(n, m))


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("n", [1, 7, 8, 20, 37, 520])
@pytest.mark.parametrize("code", DTYPES)
def test_rows_are_added_from_their_first_entry_on(call, code, n, alike):
    rng = np.random.default_rng(n)
    W = matrix(rng, n, 30, code, alike)
    parts = sliced(W)
    assert is_sorted(W) == ("order" in parts) == (n > 8 and not alike)
    weights = [parts[name] for name in ("data", "places", "starts", "order") if name in parts]
    plain, many = ("sorted", "sorted") if is_sorted(W) else ("slices", "many")
    padded = np.zeros(-(-n // 8) * 8, W.dtype)
    x = rng.standard_normal(30).astype(W.dtype)
    call(f"{plain}_{code}", *weights, x, padded, n)
    np.testing.assert_array_equal(padded[:n], row_by_row(W, x))
    for lanes in (16, 32):
        X = rng.standard_normal((30, lanes)).astype(W.dtype)
        Y = np.zeros((n + 1, lanes), W.dtype)
        call(f"{many}{lanes}_{code}", *weights, X, lanes, Y, n)
        np.testing.assert_array_equal(Y[:n], row_by_row(W, X))


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("code", DTYPES)
def test_columns_are_summed_up_one_row_after_the_other(call, code, alike):
    W = matrix(np.random.default_rng(1), 21, 13, code, alike)
    parts, above = sliced(W), np.ones(13, W.dtype)
    found = np.zeros_like(parts["data"])
    weights = [parts[name] for name in ("data", "places", "starts", "lines") if name in parts]
    name = "slicescan" if alike else "sortedscan"
    call(f"{name}_{code}", *weights, above, found, 21, 13)
    rows = np.repeat(np.arange(21), np.diff(W.indptr))
    expected = np.cumsum(W.toarray(), axis=0)[rows, W.indices]
    np.testing.assert_array_equal(found[slots_of(W)], expected)


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("m", [1, 8, 30])
@pytest.mark.parametrize("code", DTYPES)
def test_columns_of_which_x_is_0_are_passed_over_and_no_bit_differs(call, code, m, share):
    rng = np.random.default_rng(m)
    W = matrix(rng, 21, m, code, alike=False)
    x = (rng.standard_normal(m) * (rng.random(m) < share)).astype(W.dtype)
    values, *places = by_column(W).values()
    for name, weights in (
        ("arriving", (values, *places[1:])),
        ("reaching", (sliced(W)["data"], *places)),
    ):
        y = np.ones(21, W.dtype)
        call(f"{name}_{code}", *weights, x, m, y, 21)
        np.testing.assert_array_equal(y, row_by_row(W, x))
