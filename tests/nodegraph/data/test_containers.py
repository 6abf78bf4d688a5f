"""One door for all that holds data: every form has the same guards."""

import array
import warnings
from collections import deque

import numpy as np
import pytest
from scipy import sparse

import nodegraph as ng
from nodegraph.data.containers import as_array, axes, is_stream, opened
from nodegraph.errors import DataError
from nodes import Input, Ridge

A = np.random.default_rng(0).normal(size=(8, 2))
B = np.random.default_rng(1).normal(size=(8, 2))
NAMES = ["a", "b"]


class Tensor:
    """Looks like an array of a library for machine learning."""

    def __init__(self, rows):
        self.rows, self.shape, self.ndim = rows, rows.shape, rows.ndim

    def __len__(self):
        return len(self.rows)

    def __iter__(self):
        return iter(self.rows)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.rows, dtype)


def objects(parts):
    found = np.empty(len(parts), dtype=object)
    found[:] = parts
    return found


def masked(rows):
    return np.ma.masked_invalid(rows)


def record(rows):
    return np.rec.fromarrays(rows.T, names=NAMES)


def frame(rows, **dtypes):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(rows, columns=NAMES)


def nullable(rows):
    return frame(rows).astype("Float64")


def arrow_typed(rows):
    pytest.importorskip("pyarrow")
    return frame(rows).astype("float64[pyarrow]")


def polar(rows):
    return pytest.importorskip("polars").DataFrame(rows, schema=NAMES)


def arrow(rows):
    return pytest.importorskip("pyarrow").table({"a": rows[:, 0], "b": rows[:, 1]})


def labelled(rows):
    return pytest.importorskip("xarray").DataArray(rows, dims=("time", "feature"))


ONE = {
    "array": np.asarray,
    "fortran": np.asfortranarray,
    "nested list": lambda rows: rows.tolist(),
    "list of tuples": lambda rows: [tuple(row) for row in rows],
    "objects": lambda rows: rows.astype(object),
    "masked": masked,
    "record": record,
    "memoryview": memoryview,
    "tensor": Tensor,
    "pandas": frame,
    "pandas nullable": nullable,
    "pandas arrow": arrow_typed,
    "polars": polar,
    "pyarrow": arrow,
    "xarray": labelled,
}


def panel(parts):
    pandas = pytest.importorskip("pandas")
    return pandas.concat(dict(enumerate(map(frame, parts))), names=["instance", "time"])


MANY = {
    f"list of {name}": lambda parts, make=make: [make(p) for p in parts]
    for name, make in ONE.items()
}
MANY |= {
    "tuple": tuple,
    "deque": deque,
    "objects of arrays": objects,
    "objects of lists": lambda parts: objects([part.tolist() for part in parts]),
    "stack": np.stack,
    "stack of objects": lambda parts: np.stack(parts).astype(object),
    "masked stack": lambda parts: masked(np.stack(parts)),
    "tensor stack": lambda parts: Tensor(np.stack(parts)),
    "pandas panel": panel,
    "xarray stack": lambda parts: pytest.importorskip("xarray").DataArray(np.stack(parts)),
}
FLOWS = {f"chunks of {n}": lambda parts, make=make: map(make, parts) for n, make in ONE.items()}


def model():
    return ng.Model(Input() >> Ridge())


def weights(x, y):
    return model().fit(x, y).params["ridge"].W_out


def holed(rows, value):
    rows = rows.copy()
    rows[3, 1] = value
    return rows


@pytest.mark.parametrize("form", ONE)
class TestOneSeries:
    """What one series may come in."""

    def test_it_is_the_series_that_it_holds(self, form):
        make = ONE[form]
        assert np.allclose(weights(make(A), make(B)), weights(A, B), rtol=1e-12)

    def test_a_gap_in_the_inputs_is_named_by_row_and_column(self, form):
        with pytest.raises(DataError, match=r"input: (NaN|a masked value) in row 3, column 1"):
            model().fit(ONE[form](holed(A, np.nan)), B)

    def test_a_gap_in_the_targets_is_left_out(self, form):
        kept = np.arange(8) != 3
        found = weights(A, ONE[form](holed(B, np.nan)))
        assert np.allclose(found, weights(A[kept], B[kept]), rtol=1e-9)

    def test_infinity_is_refused_in_both(self, form):
        make = ONE[form] if form != "masked" else np.ma.asarray
        with pytest.raises(DataError, match="input: inf in row 3, column 1"):
            model().fit(make(holed(A, np.inf)), B)
        with pytest.raises(DataError, match="target of ridge: inf in row 3, column 1"):
            model().fit(A, make(holed(B, np.inf)))


@pytest.mark.parametrize("form", MANY)
class TestManySeries:
    """What independent series may come in."""

    def test_they_are_the_series_that_it_holds(self, form):
        found = weights(MANY[form]([A, B]), MANY[form]([B, A]))
        assert np.allclose(found, weights([A, B], [B, A]), rtol=1e-12)

    def test_a_gap_in_the_inputs_is_named_by_series_and_row(self, form):
        said = r"input \(series 1\): (NaN|a masked value) in row 3, column 1"
        with pytest.raises(DataError, match=said):
            model().fit(MANY[form]([A, holed(B, np.nan)]), [A, B])

    def test_a_gap_in_the_targets_is_left_out(self, form):
        gone = [B, holed(A, np.nan)]
        assert np.allclose(weights([A, B], MANY[form](gone)), weights([A, B], gone), rtol=1e-12)

    def test_infinity_is_refused(self, form):
        if "masked" in form:
            pytest.skip("numpy masks it")
        with pytest.raises(DataError, match=r"\(series 1\): inf in row 3, column 1"):
            model().fit(MANY[form]([A, holed(B, np.inf)]), [A, B])


@pytest.mark.parametrize("form", FLOWS)
class TestChunks:
    """What the chunks of one long series may be."""

    def test_they_are_one_series(self, form):
        found = weights(FLOWS[form]([A, B]), FLOWS[form]([B, A]))
        assert np.allclose(found, weights(np.vstack([A, B]), np.vstack([B, A])), rtol=1e-12)

    def test_a_gap_in_the_inputs_is_named_by_chunk_and_row(self, form):
        said = r"input \(chunk 1\): (NaN|a masked value) in row 3, column 1"
        with pytest.raises(DataError, match=said):
            model().fit(FLOWS[form]([A, holed(B, np.nan)]), iter([A, B]))


@pytest.mark.parametrize(
    ("value", "series"),
    [
        (array.array("d", [1.0, 2.0, 3.0]), 1),
        (range(1, 4), 1),
        (memoryview(np.array([1.0, 2.0, 3.0])), 1),
        (np.float32([1, 2, 3]), 1),
        (deque([1.0, 2.0, 3.0]), 1),
        ([True, 2, np.float64(3)], 1),
        ([1.0, "2", 3.0], 0),
        ({1.0, 2.0, 3.0}, 0),
        (np.array(["1.0", "2", "3"], dtype=object), 0),
        (np.array([1, 2, 3], "m8[s]"), 0),
        (np.array(["2020", "2021"], "M8[Y]"), 0),
        (1.0, 0),
        ("data.csv", 0),
        ([[1.0], None], 0),
    ],
)
def test_flat_series_are_numbers_or_refused(value, series):
    if series:
        assert np.array_equal(weights(value, [2.0, 4.0, 7.0]), weights([1, 2, 3], [2, 4, 7]))
    else:
        with pytest.raises(DataError, match=r"input|there are no data"):
            model().fit(value, [2.0, 4.0, 7.0])


def test_words_are_named_with_their_place():
    for value in (np.array([[1.0, "x"]], dtype=object), [[1.0, "x"]]):
        with pytest.raises(DataError, match="input: expected numbers, got"):
            model().fit(value, [1.0])
    with pytest.raises(DataError, match=r"as 'x' in row 0, column 1; leave text out, or give each"):
        model().fit(np.array([[1.0, "x"]], dtype=object), [1.0])
    with pytest.raises(DataError, match=r"'data.csv'; read a file first, as with np.loadtxt"):
        model().fit("data.csv", [1.0])


def test_an_array_of_arrays_that_is_no_list_of_series_says_what_to_write():
    nested = np.empty((2, 3), dtype=object)
    nested[:] = [[A[:, 0]] * 3] * 2
    with pytest.raises(DataError, match=r"write \[np.stack\(row, axis=1\) for row in x\]"):
        model().fit(nested, [A, B])
    around = np.array(None)
    around[()] = [A, B]
    with pytest.raises(DataError, match=r"an array around one list; write x.item\(\)"):
        model().fit(around, [A, B])


def test_sparse_series_say_what_to_write_one_or_many():
    for x, y in ((sparse.csr_array(A), B), ([sparse.csr_array(A)], [B])):
        with pytest.raises(DataError, match=r"a sparse matrix; write x.toarray\(\)"):
            model().fit(x, y)


def test_what_another_library_says_is_passed_on():
    class Elsewhere(Tensor):
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("call .detach() first")

    with pytest.raises(DataError, match=r"numpy cannot read a Elsewhere: call .detach"):
        model().fit(Elsewhere(A), B)


def test_what_holds_no_data_yet_says_what_to_call():
    polars = pytest.importorskip("polars")
    with pytest.raises(DataError, match=r"a LazyFrame holds no data yet; write x.collect\(\)"):
        model().fit(polars.DataFrame(A).lazy(), B)


def test_a_labelled_array_says_where_time_is():
    xarray = pytest.importorskip("xarray")
    with pytest.raises(DataError, match=r"write x.transpose\('time', 'site'\)"):
        model().fit(xarray.DataArray(A.T, dims=("site", "time")), B)
    with pytest.raises(DataError, match=r"write x.transpose\('case', 'time', 'site'\)"):
        stack = xarray.DataArray(np.stack([A, B]), dims=("case", "channel", "time"))
        model().fit(stack.rename(channel="site"), [A, B])


def test_an_iterable_of_chunks_is_told_from_data():
    assert is_stream(iter([1])) and is_stream(x for x in [1]) and is_stream(map(int, "1"))
    data = ([1], (1,), {"u": 1}, "text", np.ones(3), 3, None, range(3), memoryview(b"1"), {1})
    assert not any(map(is_stream, (*data, array.array("d"), deque(), Tensor(A), sparse.eye(2))))


def test_axes_of_rows_of_different_lengths_are_one():
    assert [axes(v) for v in (1.0, [1.0], [[1.0]], [[1.0], [1.0, 2.0]])] == [0, 1, 2, 1]
    assert axes(record(A)) == 2


def test_plain_arrays_go_in_as_they_are():
    assert opened(A, "u") is A and as_array(A, "u") is A


def test_nothing_of_this_warns_or_changes_the_data():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for make in ONE.values():
            given = make(A.copy())
            model().fit(given, B)
            assert np.array_equal(as_array(given, "u"), A)
