import numpy as np
import pytest

from nodegraph.errors import DataError, DataWarning
from nodegraph.files.table_columns import chosen
from nodegraph.files.table_files import load_array, load_table

RNG = np.random.default_rng(0)
STACK = RNG.normal(size=(4, 6, 3))
RAGGED = [RNG.normal(size=(n, 2)) for n in (3, 1, 5)]


def loaded(folder, file, **options):
    return load_table(file, root=folder, **options)


def test_an_array_of_three_axes_is_series_one_under_the_other(tmp_path):
    np.save(tmp_path / "x.npy", STACK.astype(np.float32))
    found = loaded(tmp_path, "x.npy")
    assert found.lengths == (6,) * 4 and found.values.dtype == np.float32
    np.testing.assert_array_equal(found.values, STACK.astype(np.float32).reshape(24, 3))
    assert found.told == "read 4 series of 6 rows from x.npy"
    some = loaded(tmp_path, "x.npy", columns=["1..2"])
    np.testing.assert_array_equal(some.values, found.values[:, 1:])
    assert some.lengths == found.lengths
    assert load_array("x.npy", root=tmp_path).shape == (4, 6, 3)


def test_each_array_of_an_archive_may_be_a_series(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", *RAGGED)
    found = loaded(tmp_path, "x.npz", series="arrays")
    assert found.lengths == (3, 1, 5)
    np.testing.assert_array_equal(found.values, np.vstack(RAGGED))
    assert found.told == "read 3 series (arr_0, arr_1, arr_2) of 1 to 5 rows from x.npz"
    with pytest.raises(DataError, match="or series: arrays where each is a series"):
        loaded(tmp_path, "x.npz")
    np.savez(tmp_path / "odd.npz", RAGGED[0], STACK[0])
    with pytest.raises(DataError, match=r"odd.npz\[arr_1\]: 3 columns, but the first series has 2"):
        loaded(tmp_path, "odd.npz", series="arrays")
    with pytest.raises(DataError, match="write series: arrays where each"):
        loaded(tmp_path, "x.npz", series="owner")


def test_a_table_is_cut_into_series_of_so_many_rows(tmp_path):
    np.save(tmp_path / "x.npy", np.vstack(RAGGED))
    found = loaded(tmp_path, "x.npy", series=4)
    assert found.lengths == (4, 4, 1)
    assert found.told == "read 9 rows from x.npy; cut into 3 series of 4 rows, the last of 1"
    with pytest.raises(DataError, match="series of 10 rows, and there are 9"):
        loaded(tmp_path, "x.npy", series=10)
    np.save(tmp_path / "stack.npy", STACK)
    with pytest.raises(DataError, match="has three axes, so its series are known"):
        loaded(tmp_path, "stack.npy", series=2)


def test_a_column_names_the_series_of_each_row(tmp_path):
    rows = "text,day,a\none,2020-01-01,1\ntwo,2020-01-01,10\none,2020-01-02,2\ntwo,2020-01-02,20\n"
    (tmp_path / "x.csv").write_text(rows)
    found = loaded(tmp_path, "x.csv", series="text", time="day")
    assert found.lengths == (2, 2) and found.names == ("a",)
    assert found.values[:, 0].tolist() == [1, 2, 10, 20]
    assert found.times == ("2020-01-01", "2020-01-02") * 2
    (tmp_path / "x.csv").write_text(rows.replace("two,2020-01-02", ",2020-01-02"))
    with pytest.raises(DataError, match="series is missing in row 3"):
        loaded(tmp_path, "x.csv", series="text", time="day")


def test_a_column_of_parquet_names_the_series(tmp_path):
    polars = pytest.importorskip("polars")
    polars.DataFrame({"text": ["a", "b", "a"], "x": [1.0, 2.0, 3.0]}).write_parquet(
        tmp_path / "x.parquet"
    )
    found = loaded(tmp_path, "x.parquet", series="text")
    assert found.lengths == (2, 1) and found.values[:, 0].tolist() == [1, 3, 2]


def test_columns_may_be_told_by_ranges():
    names = [f"x{i}" for i in range(9)]
    assert chosen("3..5", None, 9, "t") == [3, 4, 5]
    assert chosen(["0..1", 8, "4..5"], None, 9, "t") == [0, 1, 8, 4, 5]
    assert chosen(["x2..x4", "x0"], names, 9, "t") == [2, 3, 4, 0]
    assert chosen(["3..3"], names, 9, "t") == [3]
    assert chosen("a..b", ["a..b", "a", "b"], 3, "t") == [0]
    for asked, said in (
        ("5..3", "5..3 goes back; write 3..5"),
        ("7..9", "no column 9; there are 0 to 8"),
        ("x1..y9", "no column 'y9'"),
        ("..4", "columns have no names here"),
        ("1..2..3", "columns have no names here"),
    ):
        with pytest.raises(DataError, match=said):
            chosen([asked], names if "x" in asked else None, 9, "t")


@pytest.mark.parametrize(
    ("asked", "names", "found", "said"),
    [
        (["a", "b", "a"], "abc", [0, 1, 0], "t: .* asked for a stands more than once"),
        (["0..2", 1, 2], None, [0, 1, 2, 1, 2], "t: .* asked for 1, 2 stand more than once"),
        (["a", 0], "ab", [0, 0], "asked for a stands more than once"),
    ],
)
def test_a_column_that_is_asked_for_twice_comes_twice_and_is_told(asked, names, found, said):
    with pytest.warns(DataWarning, match=said):
        assert chosen(asked, names and [*names], 3 if names != "ab" else 2, "t") == found
