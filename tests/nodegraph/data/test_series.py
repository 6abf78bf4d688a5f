"""From what users hand over to rows of numbers."""

import numpy as np
import pytest
from scipy import sparse

from nodegraph.data.series import BLOCK, Series, Stream, split_series, to_rows
from nodegraph.errors import DataError

F8 = np.dtype("f8")


def ramp(n_steps):
    rows = np.arange(float(n_steps))[:, None]
    return Series({"u": rows}, {"out": -rows}, n_steps)


def test_a_series_is_cut_into_chunks_that_know_their_warmup():
    chunks = list(ramp(10).chunks(4, 6, F8))
    assert [chunk.n_steps for chunk in chunks] == [4, 4, 2]
    assert [chunk.learn_from for chunk in chunks] == [6, 2, 0]
    assert np.array_equal(np.vstack([c.data["u"] for c in chunks]), ramp(10).data["u"])
    assert np.array_equal(chunks[1].targets["out"].ravel(), [-4.0, -5.0, -6.0, -7.0])


def test_chunks_go_on_where_a_course_stood():
    (rest,) = ramp(10).chunks(100, 6, F8, done=7)
    assert (rest.n_steps, rest.learn_from, rest.data["u"][0, 0]) == (3, 0, 7.0)


@pytest.mark.parametrize("done", [0, 3, 5, 9])
def test_a_stream_is_its_parts_one_after_the_other(done):
    stream = Stream([ramp(4), ramp(1), ramp(5)])
    chunks = list(stream.chunks(3, 6, F8, done))
    values = np.concatenate([chunk.data["u"].ravel() for chunk in chunks])
    assert np.array_equal(values, [0, 1, 2, 3, 0, 0, 1, 2, 3, 4][done:])
    learned = [t >= c.learn_from for c in chunks for t in range(c.n_steps)]
    assert learned == [t >= 6 for t in range(10)][done:]


def test_values_that_single_precision_cannot_hold_are_refused():
    rows = np.array([[1e39]])
    with pytest.raises(DataError, match="u: values too large for float32; scale the data, or wri"):
        list(Series({"u": rows}, {}, 1).chunks(1, 0, np.dtype("f4")))


def test_a_list_is_independent_series_and_three_axes_are_too():
    one, two = np.ones((3, 2)), np.zeros((5, 2))
    found, form = split_series([one, two], "u")
    assert form == "list" and found[0] is one and found[1] is two
    found, form = split_series(np.stack([one, 2 * one]), "u")
    assert form == "array" and np.array_equal(found[1], 2 * one)
    assert split_series(one, "u") == ([one], "one")
    assert split_series([1.0, 2.0], "u")[1] == "one"  # a flat list is a column
    with pytest.raises(DataError, match="u: an empty list"):
        split_series([], "u")
    with pytest.raises(DataError, match=r"got items with 1, 2 axes; write np.stack\(rows\)"):
        split_series([one, one[0]], "u")


def test_a_flat_series_is_one_column_and_whole_numbers_become_floats():
    found = to_rows([1, 2, True], "u")
    assert found.dtype == float and np.array_equal(found, [[1.0], [2.0], [1.0]])
    single = np.ones((2, 2), np.float32)
    assert to_rows(single, "u") is single


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones((2, 2, 2)), r"u: expected shape \(T, d\), got \(2, 2, 2\)"),
        (np.ones((0, 2)), r"there is nothing in it, its shape is \(0, 2\)"),
        (["a", "b"], "expected numbers, got <U1 values"),
        (
            np.array([1.0, "b"], dtype=object),
            r"objects \(float, str\), as 'b' in row 1; .*dummies\(x\)",
        ),
        ([[1.0], [1.0, 2.0]], "rows of different lengths"),
        (sparse.eye_array(3), r"a sparse matrix; write x.toarray\(\)"),
        (np.ma.masked_less(np.arange(3.0), 1), "u: a masked value in row 0, column 0"),
        (np.array([1 + 2j]), "expected numbers, got complex128 values"),
    ],
)
def test_what_is_no_series_is_refused(value, message):
    with pytest.raises(DataError, match=message):
        to_rows(value, "u")


def test_a_gap_far_down_is_found_with_its_row_and_column():
    rows = np.zeros((BLOCK // 4 + 20, 8))
    rows[-7, 5] = np.nan
    with pytest.raises(DataError, match=rf"u: NaN in row {len(rows) - 7}, column 5"):
        to_rows(rows, "u")
    assert to_rows(rows, "u", gaps=True) is rows
    rows[3, 1] = -np.inf
    with pytest.raises(DataError, match="u: inf in row 3, column 1"):
        to_rows(rows, "u", gaps=True)


def test_a_list_of_pairs_is_named_with_the_two_ways_to_write_it():
    pairs = [(np.zeros((4, 1)), np.zeros((4, 1)))] * 2
    with pytest.raises(DataError, match=r"a list of pairs \(x, y\); write fit\(.*ng.Series"):
        split_series(pairs, "input")
