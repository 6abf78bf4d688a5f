import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodegraph.errors import DataError
from nodegraph.files import text_blocks
from nodegraph.files.table_files import load_table

NAN = np.nan


def read(root: Path, text: str, *columns: object, file: str = "t.csv", **options: object):
    raw = text.encode("utf-8")
    (root / file).write_bytes(gzip.compress(raw) if file.endswith(".gz") else raw)
    return load_table(file, list(columns) or None, root=root, **options)  # type: ignore[arg-type]


def refused(root: Path, text: str, *columns: object, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read(root, text, *columns, **options)
    return str(caught.value)


def test_an_empty_line_between_rows_is_a_gap_and_at_the_edges_nothing(tmp_path):
    for text, expected in (
        ("\nx\n\n1\n2\n\n3\n\n\n", [[1], [2], [NAN], [3]]),
        ("a,b\n1,2\n,\n3,4\n", [[1, 2], [NAN, NAN], [3, 4]]),
        ("a,b\n1,2\n\n3,4\n,\n", [[1, 2], [NAN, NAN], [3, 4]]),
        ("1\n# note\n2\n", [[1], [2]]),
        ('a,b\n"1",2\n\n3,4\n\n', [[1, 2], [NAN, NAN], [3, 4]]),
    ):
        np.testing.assert_array_equal(read(tmp_path, text).values, expected)


@pytest.mark.parametrize(
    ("text", "columns", "names", "values"),
    [
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n", [0, 1], None, [[5.1, 3.5], [4.9, 3.0]]),
        ("1949-01,112\n1949-02,118\n", [1], None, [[112], [118]]),
        ("Jan 1949,112\nFeb 1949,118\n", [1], None, [[112], [118]]),
        ("Jan,112\nFeb,118\n", [1], None, [[112], [118]]),
        ("12:30:05.5 112\n12:30:06.5 118\n", [1], None, [[112], [118]]),
        ("month,y\nJan,1\nFeb,2\n", [1], ("y",), [[1], [2]]),
        ("2020_01,2020_02\n1,2\n3,4\n", [], ("2020_01", "2020_02"), [[1, 2], [3, 4]]),
        ("2020-01,2020-02\n1,2\n3,4\n", [], ("2020-01", "2020-02"), [[1, 2], [3, 4]]),
        ("Na,K\n1,2\n", [], ("Na", "K"), [[1, 2]]),
        ("Na\n1\n2\n", [], ("Na",), [[1], [2]]),
        ("NaN,Inf\n1,2\n", ["Inf"], ("Inf",), [[2]]),
        ("nan\n1\n2\n", [], None, [[NAN], [1], [2]]),
        ("date,2019,2020\n2020-01-01,1.5,2\n", ["2020"], ("2020",), [[2]]),
        ("0,1\n0.1,0.9\n0.2,0.8\n", [], None, [[0, 1], [0.1, 0.9], [0.2, 0.8]]),
        ("x,x\n1,2\n", [], ("x", "x"), [[1, 2]]),
        ("a,,c\n1,2,3\n", [], ("a", "1", "c"), [[1, 2, 3]]),
        ('a,"b, ""c"""\n1,2\n', [], ("a", 'b, "c"'), [[1, 2]]),
        ('word,n\n"one, two",1\n"three\nfour",2\n', ["n"], ("n",), [[1], [2]]),
    ],
)
def test_the_first_row_is_names_only_over_columns_of_numbers(
    tmp_path, text, columns, names, values
):
    table = read(tmp_path, text, *columns)
    assert table.names == names
    np.testing.assert_array_equal(table.values, values)


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3\n0.1,0.2,0.3\n",
        "country,2019,2020\nDE,1.5,2.5\n",
        "2019,2020\n1.5,2.5\n",
        "NULLE,1\n2,3\n4,5\n",
        "5.1,setosa\n",
    ],
)
def test_a_row_that_may_be_names_or_numbers_is_asked_about(tmp_path, text):
    assert "write names: true or names: false" in refused(tmp_path, text)


def test_what_was_asked_is_answered_by_an_option(tmp_path):
    text = "1,2,3\n0.1,0.2,0.3\n"
    assert read(tmp_path, text, names=True).values.tolist() == [[0.1, 0.2, 0.3]]
    assert read(tmp_path, text, names=False).values.tolist() == [[1, 2, 3], [0.1, 0.2, 0.3]]


def test_names_may_be_given(tmp_path):
    table = read(tmp_path, "1,2\n3,4\n", "q", names=["p", "q"])
    assert (table.names, table.values.tolist()) == (("q",), [[2], [4]])
    table = read(tmp_path, "a,b\n1,2\n", names=["p", "q"])
    assert (table.names, table.values.tolist()) == (("p", "q"), [[1, 2]])
    assert "line 1 gives names too, not used" in table.told
    assert "1 names for 2 columns" in refused(tmp_path, "1,2\n", names=["p"])
    assert read(tmp_path, "NaN\n1\n", names=True).names == ("NaN",)
    assert "line 1, column 0" in refused(tmp_path, "x\n1\n", names=False)


def test_a_number_that_is_the_name_of_another_column_is_asked_about(tmp_path):
    text = "1,2,3\n.1,.2,.3\n"
    assert 'write "1" in quotes' in refused(tmp_path, text, 1, names=True)
    assert read(tmp_path, text, "1", names=True).values.tolist() == [[0.1]]
    years = "date,2019,2020\n2020-01-01,1.5,2.5\n"
    assert 'write "2020" in quotes' in refused(tmp_path, years, 2020)


@pytest.mark.parametrize(
    "text",
    [
        ",a,b\n0,1.5,2\n1,2.5,3\n",
        '"","a","b"\n"1",1.5,2\n"2",2.5,3\n',
        ",a,b\n3,1.5,2\n7,2.5,3\n",
    ],
)
def test_a_first_column_without_a_name_that_counts_the_rows_is_left_out(tmp_path, text):
    table = read(tmp_path, text)
    assert table.names == ("a", "b")
    assert table.values.tolist() == [[1.5, 2], [2.5, 3]]
    assert "the first column, which has no name and counts the rows, left out" in table.told


def test_names_over_rows_of_one_cell_more_leave_out_the_names_of_rows(tmp_path):
    for text in ('"a" "b"\n"1" 1.5 NA\n"2" 2.5 4\n', "a;b\n1;1.5;\n2;2.5;4\n"):
        table = read(tmp_path, text)
        assert table.names == ("a", "b")
        np.testing.assert_array_equal(table.values, [[1.5, NAN], [2.5, 4]])
    words = '"mpg" "cyl"\n"Mazda RX4" 21 6\n"Datsun 710" 22.8 4\n'
    assert "columns: [mpg, cyl]" in refused(tmp_path, words)
    assert read(tmp_path, words, "cyl").values.tolist() == [[6], [4]]
    assert "line 2 has 3 cells, the first 2" in refused(tmp_path, "1,2\n3,4,5\n6,7,8\n")
    assert "line 3 has 3 cells, the first 2" in refused(tmp_path, "a,b\n1,2\n3,4,5\n")


@pytest.mark.parametrize("end", ["", '"6",7\n'])
def test_errors_of_spreadsheets_at_the_start_of_a_line_are_cells_and_no_comments(tmp_path, end):
    rows = [[NAN, 1], [2, 3]] + [[6, 7]] * bool(end)
    for word in ("#N/A", "#NA"):
        found = read(tmp_path, f"a,b\n{word},1\n# N/A\n#N,A\n2,3\n{end}").values
        np.testing.assert_array_equal(found, rows)
    for word in ("#DIV/0!", "#NAME?", "#ÜBERLAUF!", "#NV"):
        text = f"a,b\n{word},1\n2,3\n{end}"
        assert f'missing: ["{word}"]' in refused(tmp_path, text)
        np.testing.assert_array_equal(read(tmp_path, text, missing=[word]).values, rows)


def test_the_first_line_of_excel_that_tells_the_separator_is_no_row(tmp_path):
    for text in ("sep=;\na;b\n1,5;2\n", "sep=;\r\n1,5;2\r\n", 'SEP=;\na;b\n"1,5";2\n'):
        assert read(tmp_path, text).values.tolist() == [[1.5, 2]]


def test_units_below_the_names_and_names_in_quotes_of_their_own_are_told(tmp_path):
    text = "t,v\ns,m/s\n0,1\n1,2\n"
    assert refused(tmp_path, text, "v").endswith("if line 2 has units, take it out")
    quoted = refused(tmp_path, "'time','MLII'\n0,1\n", "MLII")
    assert quoted.endswith("""did you mean "'MLII'"?""")


def test_numbered_columns_of_pandas_are_names(tmp_path):
    table = read(tmp_path, ",0,1\n0,1.5,2\n1,2.5,3\n")
    assert (table.names, table.values.tolist()) == (("0", "1"), [[1.5, 2], [2.5, 3]])


@pytest.mark.parametrize(
    ("text", "n_columns"),
    [("a;b;;\n1;2;;\n3;4;;\n;;;\n", 2), ("1,2,\n3,4,\n", 2), ("a,b\n1,2,\n3,4,\n", 2)],
)
def test_separators_at_the_end_of_rows_are_nothing(tmp_path, text, n_columns):
    assert read(tmp_path, text).values.tolist() == [[1, 2], [3, 4]]


def test_a_number_behind_the_last_name_is_not_lost(tmp_path):
    rows = "1,2,\n" * 300 + "1,2,3\n"
    assert "has numbers but no name" in refused(tmp_path, f"a,b,\n{rows}")
    assert read(tmp_path, "a,b,\n1,2,3\n").names == ("a", "b", "2")
    assert "line 2 has 3 cells, the first 2" in refused(tmp_path, "a,b\n1,2,3\n")


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("a,b\n1.5,2\n3,4\n", "t.csv"),
        ("a;b\n1.5;2\n3;4\n", "t.csv"),
        ("a\tb\n1.5\t2\n3\t4\n", "t.tsv"),
        ("a|b\n1.5|2\n3|4\n", "t.txt"),
        ("  a   b\n 1.5e+00 2 \n\t3  4\n", "t.dat"),
        ("a;b\n1,5;2\n3;4\n", "t.csv"),
        ("a\tb\n1,5\t2\n3\t4\n", "t.txt"),
        ("a b\n1,5 2\n3 4\n", "t.txt"),
        ("\ufeffa,b\r\n1.5,2\r\n3,4\r\n", "t.CSV"),
        ("# made\n# a,b\na,b\r1.5,2\r# x\r3,4", "t.csv"),
        ('"a","b"\n"1.5","2"\n"3","4"\n', "t.csv.gz"),
        ("a, b\n1.5, 2\n 3 ,4\n", "t.txt.gz"),
    ],
)
def test_cells_are_parted_by_what_parts_all_rows_alike(tmp_path, text, file):
    table = read(tmp_path, text, file=file)
    assert table.names == ("a", "b")
    assert table.values.tolist() == [[1.5, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "options", "values"),
    [
        ("a;b\n1,234;2\n", {"decimal": ","}, [[1.234, 2]]),
        ('a,b\n"1,5","2"\n', {"decimal": ","}, [[1.5, 2]]),
        ("1,5\n2,5\n", {"decimal": ",", "separator": ";"}, [[1.5], [2.5]]),
        ("1,5 2\n", {"separator": " "}, [[1.5, 2]]),
        ("a b;2\n", {"separator": ";", "names": False}, None),
        ("1;?\n2;3\n", {"missing": ["?"]}, [[1, NAN], [2, 3]]),
        ("?;1\n2;3\n", {"missing": ["?"]}, [[NAN, 1], [2, 3]]),
        ("1;-999.0\n-999;3\n", {"missing": [-999]}, [[1, NAN], [NAN, 3]]),
    ],
)
def test_what_is_said_about_a_text_is_held_to(tmp_path, text, options, values):
    if values is None:
        refused(tmp_path, text, **options)
    else:
        np.testing.assert_array_equal(read(tmp_path, text, **options).values, values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("month,y\n2020_01,1\n", "line 2, column month: '2020_01' is text, not a number; leave "
         "text out by columns: [y]"),
        ("free,y\nTrue,1\n", "column free: 'True' is text, not a number; write 1 and 0 for "
         "true and false, or leave text out by columns: [y]"),
        ("day,y\n2020-01-01,1\n", "leave text out by columns: [y] (or time: day)"),
        ("a,b\n\uff11\uff12,1\n", "line 2, column a: should be a finite number"),
        ("a;b\n1;?\n", 'write missing: ["?"]'),
        ("?,1\n2,3\n", 'line 1, column 0: should be a finite number (got \'?\'); if it stands'),
        ("x\n1,5\n2,5\n", "for a decimal comma write separator:"),
        ('x,y\n"1,234",5\n', "marks between thousands are not read"),
        ("x;y\n1;2\n1,5;2\n", "line 3, column x"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_answered_with_what_to_write(tmp_path, text, message):
    padded = text if "1,5;2" not in text else text.replace("1,5", "1;2\n" * 300 + "1,5", 1)
    found = refused(tmp_path, padded)
    assert (message in found) or ('write decimal: ","' in found and "line 303" in found)


def test_a_column_of_times_calls_the_rows_and_is_no_input(tmp_path):
    text = "day,x,y\n2020-01-01,1,2\n2020-01-02,3,NA\n"
    table = read(tmp_path, text, time="day")
    assert table.names == ("x", "y")
    assert table.times == ("2020-01-01", "2020-01-02")
    assert "times from 2020-01-01 to 2020-01-02" in table.told
    assert read(tmp_path, text, "y", time=0).times == table.times
    assert "is no input" in refused(tmp_path, text, "day", "x", time="day")
    assert read(tmp_path, '"Jan 1, 49",5\n"Feb 1, 49",6\n', time=0).times[0] == "Jan 1, 49"


def test_a_text_in_another_encoding_is_read_where_it_is_said(tmp_path):
    text = "Zürich;x;Größe\n1;2;3\n"
    for encoding in ("latin-1", "cp1252", "utf-16", "utf-8"):
        (tmp_path / "t.csv").write_bytes(text.encode(encoding))
        table = load_table("t.csv", ["Zürich", "Größe"], root=tmp_path, encoding=encoding)
        assert table.names == ("Zürich", "Größe")
        np.testing.assert_array_equal(table.values, [[1, 3]])
    (tmp_path / "t.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"t.csv: is not UTF-8 text; write encoding: latin-1"):
        load_table("t.csv", root=tmp_path)
    with pytest.raises(DataError, match=r"t.csv: is not text in ascii; write another encoding"):
        load_table("t.csv", root=tmp_path, encoding="ascii")
    for odd in ("latin-99", "base64", "", "a\0b"):
        with pytest.raises(DataError, match=r"t.csv: there is no encoding"):
            load_table("t.csv", root=tmp_path, encoding=odd)
    np.save(tmp_path / "t.npy", np.eye(2))
    with pytest.raises(DataError, match="encoding is for text files"):
        load_table("t.npy", root=tmp_path, encoding="latin-1")


def test_a_sentence_says_what_was_taken_for_what(tmp_path):
    table = read(tmp_path, "day;x;y;\n2020-01-01;1,5;2;\n2020-01-02;3;;\n", time="day")
    assert table.told == (
        "read 2 rows of 2 numbers from t.csv; line 1 gives the names; 1 empty column at the end "
        "left out; semicolons part the cells; numbers have a decimal comma; column day calls the "
        "rows and is no input; 1 missing cell is NaN; times from 2020-01-01 to 2020-01-02"
    )
    assert "no line gives names" in read(tmp_path, "1,2\n3,4\n").told


CELLS = st.sampled_from(
    ["1", "-2.5", "+.5e3", "7.", "", "NA", "nan", "-NaN", "?", "x", "1_0", "inf", "1e999", " 4 ",
     '""', '"NA"', '"2,5"', '"a;b|c"', '" 3"', '"4"5', '"""7"""', '"#5"',
     "\uff11", "1,5", '"6"', '"8', "#9", "N A", "0x1", "1d2", "\x0b1", "\xa05", "infinity", "1 2"]
)  # fmt: skip


@given(
    rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.sampled_from(",;\t| "),
    columns=st.sampled_from([None, [0], [1], [1, 0]]),
    decimal=st.sampled_from([".", ","]),
    missing=st.sampled_from([(), ("?",), (7,), ("N A", "x")]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_rows_read_at_once_and_cell_by_cell_are_the_same(
    tmp_path, rows, end, mark, columns, decimal, missing
):
    text = end.join(mark.join(row) for row in [["1", "2"], *rows])
    (tmp_path / "t.csv").write_bytes(text.encode("utf-8"))

    def outcome() -> object:
        try:
            table = load_table("t.csv", columns, root=tmp_path, names=False, separator=mark,
                               decimal=decimal, missing=missing)  # fmt: skip
            return table.values.tobytes(), table.values.shape
        except DataError as error:
            return str(error)

    at_once = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks.TextBlocks, "_fast", lambda *_: None)
        assert outcome() == at_once
        free, none = text_blocks.Quotes.FREE, text_blocks.Quotes.NONE
        patch.setattr(text_blocks.TextBlocks, "_quotes", lambda _, t: free if '"' in t else none)
        assert outcome() == at_once


def test_quotes_around_cells_cost_no_row_and_no_cell(tmp_path):
    text = 'a;b;c\n"1";"2";"x"\n"";"NA";"y;z"\n3;"4,5";"#"\n'
    found = read(tmp_path, text, "a", "b", decimal=",").values
    np.testing.assert_array_equal(found, [[1, 2], [NAN, NAN], [3, 4.5]])
    found = read(tmp_path, '1 2\n1 ""\n', file="t.txt", names=False).values
    np.testing.assert_array_equal(found, [[1, 2], [1, NAN]])
    assert 'line 2, column 1: should be a finite number (got "2;3")' in refused(
        tmp_path, '1;2\n1;"2;3"\n', separator=";", names=False
    ).replace("'", '"')


@pytest.mark.parametrize("line", ["1,2,word\n", "1,,word\n", '1,2,"a, b"\n', "NA,2,word\n"])
def test_a_table_is_read_the_same_over_the_edges_of_blocks(tmp_path, monkeypatch, line):
    rows = [line, "3,4,x\n", "\n", "# note\n", "5,6,y\n"] * 7
    whole = read(tmp_path, "a,b,c\n" + "".join(rows), "b", "a")
    for size in (1, 2, 3, 5):
        monkeypatch.setattr(text_blocks, "BLOCK", size)
        parts = load_table("t.csv", ["b", "a"], root=tmp_path)
        np.testing.assert_array_equal(parts.values, whole.values)
    assert len(whole.values) == 7 * 4
