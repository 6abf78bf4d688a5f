import io
import os
import pickle
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nodegraph.errors import DataError
from nodegraph.files.table_files import load_array, load_table

NUMBERS = np.arange(12.0).reshape(4, 3) / 7


def npy_bytes(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def refused(root: Path, file: str, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        load_table(file, root=root, **options)  # type: ignore[arg-type]
    return str(caught.value)


def csv_of(root: Path, text: str) -> Path:
    (root / "a.csv").write_text(text, encoding="utf-8")
    return root


def test_all_kinds_of_file_give_the_same_numbers(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", NUMBERS)
    np.savez(tmp_path / "a.npz", W=NUMBERS)
    np.savez_compressed(tmp_path / "b.npz", W=NUMBERS, other=NUMBERS[0])
    np.savetxt(tmp_path / "a.csv", NUMBERS, delimiter=",", fmt="%.17g")
    for file, key in (("a.npy", None), ("a.npz", None), ("b.npz", "W"), ("a.csv", None)):
        np.testing.assert_array_equal(load_table(file, key=key, root=tmp_path).values, NUMBERS)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_columns_are_chosen_by_name_and_number_in_the_order_asked_for(
    tmp_path: Path, mark: str
) -> None:
    csv_of(tmp_path, "# a note\nyear,x,y\n1749,1,2.5\n1750,3,-4e-1\n".replace(",", mark))
    table = load_table("a.csv", ["y", 1], root=tmp_path)
    np.testing.assert_array_equal(table.values, [[2.5, 1], [-0.4, 3]])
    assert table.names == ("y", "x")


def test_a_table_without_names_has_all_its_rows(tmp_path: Path) -> None:
    table = load_table("a.csv", root=csv_of(tmp_path, "1,2\n3,4\n"))
    assert table.values.tolist() == [[1, 2], [3, 4]]
    assert table.names is None


def test_missing_cells_are_nan(tmp_path: Path) -> None:
    values = load_table("a.csv", root=csv_of(tmp_path, "x,y\n1,\nNaN,NA\n")).values
    np.testing.assert_array_equal(np.isnan(values), [[False, True], [True, True]])


def test_columns_that_are_not_asked_for_may_hold_anything(tmp_path: Path) -> None:
    csv_of(tmp_path, "day,x\n2020-01-01,1\n2020-01-02,2\n")
    assert load_table("a.csv", ["x"], root=tmp_path).values.tolist() == [[1], [2]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y\n1,2\n3,oops\n", "a.csv: line 3, column y: should be a finite number (got 'oops')"),
        ("1,2\n3,inf\n", "a.csv: line 2, column 1: should be a finite number (got 'inf')"),
        ("day,y\n2020-01-01,2\n", "a.csv: line 2, column day: '2020-01-01' is a date"),
        ("2020-01-01,2\n2020-01-02,3", "a.csv: line 1, column 0: '2020-01-01' is a date"),
        ("1;5\n1,234;2\n", "a.csv: line 2, column 0: should be a finite number (got '1,234')"),
        ("x,y\n1,2\n3\n", "a.csv: line 3 has 1 cell, the first 2; complete that line"),
        ("x,y\n", "a.csv: has names of columns but no rows"),
        ("", "a.csv: is empty"),
        ("# only\n\n", "a.csv: is empty"),
        ('x\n"1\n', "a.csv: cannot be read as a table"),
        ("x\n\0\n", "a.csv"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    assert refused(csv_of(tmp_path, text), "a.csv").startswith(message)


def test_a_column_that_is_not_there_is_answered_with_the_nearest(tmp_path: Path) -> None:
    csv_of(tmp_path, "sunspots,x,x\n1,2,3\n")
    assert refused(tmp_path, "a.csv", columns=["sunspot"]).endswith("did you mean sunspots?")
    assert refused(tmp_path, "a.csv", columns=[7]).endswith("no column 7; there are 0 to 2")
    assert refused(tmp_path, "a.csv", columns=["x"]).endswith("write its number")
    assert refused(tmp_path, "a.csv", columns=[]).endswith("leave it out for all")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../a.npy", "leads out of the folder"),
        ("sub/../../a.npy", "leads out of the folder"),
        ("sub/../a.npy", "leads out of the folder"),
        ("..\\a.npy", "leads out of the folder"),
        ("/etc/shadow.npy", "leads out of the folder"),
        ("C:\\a.npy", "leads out of the folder"),
        ("~/a.npy", "leads out of the folder"),
        ("~root/a.npy", "leads out of the folder"),
        ("https://example.org/a.npy", "is an address"),
        ("file:///etc/a.npy", "is an address"),
        ("nothing.npy", "is not there"),
        ("sub/nothing.npy", "is not there"),
        ("a\0.npy", "is no name of a file"),
        ("a\n.npy", "is no name of a file"),
        ("x" * 2000 + ".npy", "is no name of a file"),
        ("x" * 300 + ".npy", "cannot be opened"),
        ("link.npy", "goes through a link"),
        ("inner_link.npy", "goes through a link"),
        ("linked/a.npy", "goes through a link"),
        ("fifo.npy", "is not a regular file"),
        ("folder.npy", "is not a regular file"),
        ("a.npy/b.npy", "cannot be opened"),
        ("a.pkl", "should end in .csv, .tsv, .txt, .dat"),
        ("passwd", "should end in"),
        ("", "should end in"),
        (".npy", "should end in"),
    ],
)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes by name")
def test_only_regular_files_below_the_folder_are_opened(
    tmp_path: Path, name: str, message: str
) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "folder.npy").mkdir()
    np.save(tmp_path / "a.npy", NUMBERS)
    np.save(root / "a.npy", NUMBERS)
    (root / "link.npy").symlink_to(tmp_path / "a.npy")
    (root / "inner_link.npy").symlink_to(root / "a.npy")
    (root / "linked").symlink_to(tmp_path)
    os.mkfifo(root / "fifo.npy")
    assert message in refused(root, name)


def test_a_file_in_a_folder_below_is_read(tmp_path: Path) -> None:
    (tmp_path / "one" / "two").mkdir(parents=True)
    np.save(tmp_path / "one" / "two" / "a.npy", NUMBERS)
    assert load_array("one/./two/a.npy", root=tmp_path).shape == (4, 3)


@pytest.mark.parametrize(
    "array",
    [
        np.array([{"a": 1}], dtype=object),
        np.array(["a", "b"]),
        np.array([1 + 2j]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    ],
    ids=["object", "text", "complex", "date", "record"],
)
def test_arrays_of_anything_but_numbers_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    (tmp_path / "a.npy").write_bytes(npy_bytes(array))
    np.savez(tmp_path / "a.npz", W=array)
    assert "not numbers" in refused(tmp_path, "a.npy")
    assert "not numbers" in refused(tmp_path, "a.npz")


def test_a_pickle_is_never_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (os.mkdir, (str(tmp_path / "sprung"),))

    (tmp_path / "a.npy").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "b.npy").write_bytes(npy_bytes(np.array([Trap()], dtype=object)))
    for file in ("a.npy", "b.npy"):
        refused(tmp_path, file)
    assert not (tmp_path / "sprung").exists()


def test_a_header_that_promises_more_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    whole = npy_bytes(np.zeros(8))
    (tmp_path / "a.npy").write_bytes(whole.replace(b"(8,), ", b"(2**9)", 1))
    assert "is no array file" in refused(tmp_path, "a.npy")
    (tmp_path / "a.npy").write_bytes(whole.replace(b"(8,), ", b"(9**9,", 1)[:-1])
    refused(tmp_path, "a.npy")
    (tmp_path / "a.npy").write_bytes(whole.replace(b"(8,)}", b"(8,)}")[:-8])
    assert "takes 64 bytes, there are 56" in refused(tmp_path, "a.npy")
    (tmp_path / "a.npy").write_bytes(whole.replace(b"(8,), ", b"(999999999999,), ", 1))
    refused(tmp_path, "a.npy")


def test_an_archive_that_unfolds_a_thousandfold_is_refused_before_it_does(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "bomb.npz", W=np.zeros(4_000_000))
    assert "unfolds to 32000128 bytes; too many" in refused(tmp_path, "bomb.npz")


def test_archives_with_several_arrays_ask_for_a_key(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", W=NUMBERS, W_in=NUMBERS)
    assert refused(tmp_path, "a.npz").endswith(
        "with one of 'W', 'W_in', or series: arrays where each is a series"
    )
    assert refused(tmp_path, "a.npz", key="Win").endswith("did you mean W_in?")
    (tmp_path / "empty.npz").write_bytes(b"PK\5\6" + bytes(18))
    assert "none" in refused(tmp_path, "empty.npz")


def test_archives_packed_in_other_ways_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("W.npy", npy_bytes(NUMBERS))
    assert "packed in a way that is not read" in refused(tmp_path, "a.npz")


def test_a_key_is_for_archives_only(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", NUMBERS)
    assert "only .npz files have keys" in refused(tmp_path, "a.npy", key="W")


@given(
    array=arrays(
        st.sampled_from(["<f8", ">f8", "<f4", "<i4", ">i2", "?", "u1"]),
        array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    ),
    order=st.sampled_from("CF"),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_arrays_of_any_shape_order_and_type_come_back_the_same(
    tmp_path: Path, array: np.ndarray, order: str
) -> None:
    np.save(tmp_path / "a.npy", np.asarray(array, order=order))
    found = load_array("a.npy", root=tmp_path)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_tables_are_floats_in_the_machines_own_order_and_keep_single_precision(
    tmp_path: Path,
) -> None:
    for dtype, expected in ((">f8", "=f8"), ("f4", "f4"), ("i8", "f8"), ("?", "f8")):
        np.save(tmp_path / "a.npy", np.ones(3, dtype))
        values = load_table("a.npy", root=tmp_path).values
        assert values.dtype == np.dtype(expected)
        assert values.dtype.isnative
        assert values.shape == (3, 1)


def test_tables_have_rows_and_at_most_three_axes(tmp_path: Path) -> None:
    for shape in ((0, 3), (2, 2, 2, 2), ()):
        np.save(tmp_path / "a.npy", np.zeros(shape))
        assert "should be a table" in refused(tmp_path, "a.npy")


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_mutated_array_files_raise_nothing_but_data_errors(tmp_path: Path, suffix: str) -> None:
    file = io.BytesIO()
    np.savez_compressed(file, W=NUMBERS)
    whole = npy_bytes(NUMBERS) if suffix == "npy" else file.getvalue()
    rng = random.Random(1)
    for _ in range(300):
        mutant = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            mutant[rng.randrange(len(mutant))] = rng.choice([0, 255, 1, 40, rng.randrange(256)])
        (tmp_path / f"a.{suffix}").write_bytes(mutant[: rng.randint(len(mutant) // 2, 1000)])
        try:
            load_array(f"a.{suffix}", root=tmp_path)
        except DataError as error:
            assert str(error).startswith("a.")


def test_what_is_no_one_array_is_told_with_its_cure(tmp_path: Path) -> None:
    series = np.array([np.zeros((3, 2)), np.zeros((4, 2))], dtype=object)
    np.savez(tmp_path / "a.npz", x=series)
    assert "unequal length write np.savez(file, *list_of_arrays) and series: arrays" in refused(
        tmp_path, "a.npz"
    )
    np.savez(tmp_path / "b.npz", **{f"r{i}": np.zeros(3) for i in range(11)})
    assert refused(tmp_path, "b.npz").endswith(
        "'r9', ..., or series: arrays where each is a series"
    )
