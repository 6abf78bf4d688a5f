"""Products of sparse rows add one entry after the other, as scipy does."""

import numpy as np
import pytest
import scipy.sparse

from nodegraph.compiling.sparse import by_column, is_sorted, sliced, slots_of

DTYPES = {"f8": np.float64, "f4": np.float32}
WIDE = 9000  # columns: an x that the first cache does not hold


def row_by_row(W, x):
    """Return W x, the entries of each row from the first on."""
    y = np.zeros((W.shape[0], *x.shape[1:]), x.dtype)
    for i in range(W.shape[0]):
        for k in range(W.indptr[i], W.indptr[i + 1]):
            y[i] = y[i] + W.data[k] * x[W.indices[k]]
    return y


def matrix(rng, n, m, code, alike):
    """Return a matrix whose rows are equally long, or as chance has it, some of them empty."""
    share, each = (0.004, 40) if m == WIDE else (0.3, 4)
    W = scipy.sparse.random_array((n, m), density=share, rng=rng, dtype=DTYPES[code]).tocsr()
    if not alike:
        W = scipy.sparse.csr_array(W * (np.arange(n) % 7 > 2)[:, None])
        W.eliminate_zeros()
        return W
    columns = np.concatenate([np.sort(rng.permutation(m)[:each]) for _ in range(n)])
    data = rng.standard_normal(each * n).astype(W.dtype)
    return scipy.sparse.csr_array((data, columns, each * np.arange(n + 1)), shape=(n, m))


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("n", [1, 7, 8, 20, 37, 520])
@pytest.mark.parametrize("m", [30, WIDE])
@pytest.mark.parametrize("code", DTYPES)
def test_rows_are_added_from_their_first_entry_on(call, code, m, n, alike):
    rng = np.random.default_rng(n)
    W = matrix(rng, n, m, code, alike)
    laid = sliced(W)
    assert is_sorted(W) == ("order" in laid) == (n > 8 and not alike)
    assert (parts_of(W) > 1) == (m == WIDE and (alike or n > 1))
    weights = [laid[name] for name in ("data", "places", "starts", "order") if name in laid]
    plain, many = ("sorted", "sorted") if is_sorted(W) else ("slices", "many")
    *sums, y = np.full((2 if is_sorted(W) else 1, -(-n // 8) * 8), 7, W.dtype)
    x = rng.standard_normal(m).astype(W.dtype)
    call(f"{plain}_{code}", *weights, *sums, x, y, n, len(laid["starts"]))
    np.testing.assert_array_equal(y[:n], row_by_row(W, x))
    for lanes in (16, 32):
        laid = sliced(W, lanes)
        weights = [laid[name] for name in ("data", "places", "starts", "order") if name in laid]
        X = rng.standard_normal((m, lanes)).astype(W.dtype)
        Y = np.full((n + 1, lanes), 7, W.dtype)
        call(f"{many}{lanes}_{code}", *weights, X, lanes, Y, n, len(laid["starts"]))
        np.testing.assert_array_equal(Y[:n], row_by_row(W, X))
        assert (Y[n] == 7).all()


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("wrong", [np.inf, np.nan])
@pytest.mark.parametrize("column", [0, 3, WIDE - 1])
@pytest.mark.parametrize("code", DTYPES)
def test_what_is_not_finite_stays_with_the_rows_that_read_it(call, code, column, wrong, lanes):
    """Rows are of 1 to 40 entries, so that most slices are filled up."""
    rng = np.random.default_rng(5)
    lengths = rng.integers(1, 41, 60)
    columns = [np.sort(rng.permutation(WIDE)[:n]) for n in lengths]
    for row in range(0, 60, 10):
        columns[row][0 if column < 9 else -1] = column
    starts = np.concatenate([[0], np.cumsum(lengths)])
    data = rng.uniform(0.5, 1, starts[-1]).astype(DTYPES[code])
    W = scipy.sparse.csr_array((data, np.concatenate(columns), starts), shape=(60, WIDE))
    laid, x = sliced(W, lanes), rng.standard_normal((WIDE, lanes)).astype(W.dtype)
    x[column] = wrong
    weights = [laid[name] for name in ("data", "places", "starts", "order") if name in laid]
    *sums, y = np.zeros((2 if lanes == 1 and is_sorted(W) else 1, 64, lanes), W.dtype)
    plain, many = ("sorted", "sorted") if is_sorted(W) else ("slices", "many")
    if lanes == 1:
        call(f"{plain}_{code}", *weights, *sums, x, y, 60, len(laid["starts"]))
    else:
        call(f"{many}{lanes}_{code}", *weights, x, lanes, y, 60, len(laid["starts"]))
    reads = np.array([column in row for row in columns])
    assert 6 <= reads.sum() < 20
    np.testing.assert_array_equal(y[:60][~reads], row_by_row(W, x)[~reads])
    assert not np.isfinite(y[:60][reads]).any()


def parts_of(W, lanes=1):
    """Return how many parts slices are cut into."""
    return (len(sliced(W, lanes)["starts"]) - 1) // -(-W.shape[0] // 8)


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("code", DTYPES)
def test_parts_of_slices_hold_each_entry_once_and_those_of_a_part_lie_together(code, alike):
    W = matrix(np.random.default_rng(2), 520, WIDE, code, alike)
    laid, at, parts = sliced(W), slots_of(W), parts_of(W)
    assert parts == (5 if code == "f8" else 3) if alike else parts > 1
    assert len(np.unique(at)) == len(at) == laid["real"].sum()
    rows = laid.get("sorted", laid.get("rows"))
    entries = scipy.sparse.csr_array((laid["data"][at], (rows[at], laid["places"][at])), W.shape)
    np.testing.assert_array_equal(entries.toarray(), W.toarray())
    part = np.searchsorted(8 * laid["starts"][:: -(-520 // 8)], at, side="right") - 1
    k = np.arange(len(at)) - np.repeat(W.indptr[:-1], np.diff(W.indptr))
    assert set(part) == set(range(parts)) and (np.diff(part)[k[1:] > 0] >= 0).all()
    if alike:
        np.testing.assert_array_equal(
            part, np.searchsorted(40 * np.arange(1, parts) // parts, k, side="right")
        )


def test_the_longest_vector_that_fits_and_short_rows_are_not_cut():
    for m, each, lanes, parts in (
        (3072, 60, 1, 1),
        (3073, 60, 1, 2),
        (9000, 11, 1, 1),
        (9000, 12, 1, 2),
        (9000, 60, 1, 5),
        (320, 60, 16, 1),
        (321, 60, 16, 2),
        (500, 50, 16, 3),
        (500, 11, 16, 1),
        (500, 50, 32, 6),
    ):
        columns = np.tile(np.arange(each), 16)
        W = scipy.sparse.csr_array((np.ones(16 * each), columns, each * np.arange(17)), (16, m))
        assert parts_of(W, lanes) == parts
    assert parts_of(scipy.sparse.csr_array((8, 9000))) == 1


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("m", [13, WIDE])
@pytest.mark.parametrize("code", DTYPES)
def test_columns_are_summed_up_one_row_after_the_other(call, code, m, alike):
    W = matrix(np.random.default_rng(1), 21, m, code, alike)
    parts, above = sliced(W), np.ones(m, W.dtype)
    found = np.zeros_like(parts["data"])
    weights = [parts[name] for name in ("data", "places", "starts", "lines") if name in parts]
    name = "slicescan" if alike else "sortedscan"
    call(f"{name}_{code}", *weights, above, found, 21, m, len(parts["starts"]))
    rows = np.repeat(np.arange(21), np.diff(W.indptr))
    expected = np.cumsum(W.toarray(), axis=0)[rows, W.indices]
    np.testing.assert_array_equal(found[slots_of(W)], expected)


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("m", [1, 8, 30, WIDE])
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
