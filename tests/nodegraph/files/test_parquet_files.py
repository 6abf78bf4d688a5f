import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from nodegraph.errors import DataError
from nodegraph.files.table_files import load_table


class Frame(dict[str, np.ndarray]):
    columns = property(list)


@pytest.fixture
def frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Frame:
    """Stands for what polars reads from the file."""
    content, polars = Frame(), ModuleType("polars")
    polars.read_parquet = lambda _: content  # type: ignore[attr-defined]
    polars.read_parquet_metadata = lambda _: {"pandas": noted}  # type: ignore[attr-defined]
    noted = json.dumps({"index_columns": ["when", {"kind": "range"}]})
    monkeypatch.setitem(sys.modules, "polars", polars)
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    return content


def refused(root: Path, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        load_table("a.parquet", root=root, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_parquet_without_a_reader_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    for name in ("polars", "pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    assert "needs polars or pyarrow: pip install polars" in refused(tmp_path)


def test_columns_are_chosen_by_name(tmp_path: Path, frame: Frame) -> None:
    frame.update(x=np.arange(2), day=np.array(["a", "b"]))
    assert load_table("a.parquet", ["x"], root=tmp_path).values.tolist() == [[0], [1]]
    assert "column day holds" in refused(tmp_path)


def test_what_pandas_calls_an_index_is_no_column_unless_asked_for(
    tmp_path: Path, frame: Frame
) -> None:
    frame.update(
        when=np.array([5, 6]), a=np.arange(2.0), b=np.ones(2), __index_level_0__=np.arange(2)
    )
    table = load_table("a.parquet", root=tmp_path)
    assert table.names == ("a", "b")
    assert "when, __index_level_0__, the index of pandas, left out" in table.told
    assert load_table("a.parquet", [1], root=tmp_path).names == ("b",)
    assert load_table("a.parquet", ["when"], root=tmp_path).values.tolist() == [[5], [6]]


def test_missing_truth_values_and_decimals_are_nan(tmp_path: Path, frame: Frame) -> None:
    frame.update(flag=np.array([True, None, False], dtype=object), x=np.array([1.0, 2.0, np.nan]))
    table = load_table("a.parquet", root=tmp_path)
    np.testing.assert_array_equal(table.values, [[1, 1], [np.nan, 2], [0, np.nan]])
    assert table.told.endswith("2 missing cells are NaN")


def test_a_column_of_times_calls_the_rows(tmp_path: Path, frame: Frame) -> None:
    frame.update(when=np.array(["2020-01-01", "2020-01-02"], "datetime64[D]"), x=np.arange(2.0))
    table = load_table("a.parquet", time="when", root=tmp_path)
    assert table.times == ("2020-01-01", "2020-01-02")
    assert table.names == ("x",)
    assert "is no input" in refused(tmp_path, columns=["x", "when"], time="when")


def test_options_of_texts_are_refused(tmp_path: Path, frame: Frame) -> None:
    frame.update(x=np.arange(2.0))
    for option in ({"separator": ";"}, {"decimal": ","}, {"missing": ["?"]}, {"names": False}):
        assert "is for text files; leave it out" in refused(tmp_path, **option)
    assert "has names of its own" in refused(tmp_path, names=["y"])


@pytest.mark.parametrize("reader", ["pyarrow", "polars"])
def test_a_filtered_frame_of_pandas_has_the_columns_it_has_there(
    tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pytest.importorskip(reader)
    given = pandas.DataFrame({"a": [0.1, -0.2, 0.3], "b": pandas.array([1, None, 3], "Int64")})
    given["c"] = pandas.array([True, None, False], "boolean")
    given[given.a != 5].set_index(pandas.Index([4, 7, 9], name="id")).to_parquet(
        tmp_path / "a.parquet"
    )
    if reader == "polars":
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    table = load_table("a.parquet", root=tmp_path)
    assert table.names == ("a", "b", "c")
    np.testing.assert_array_equal(table.values, [[0.1, 1, 1], [-0.2, np.nan, np.nan], [0.3, 3, 0]])
