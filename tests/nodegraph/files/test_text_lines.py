import gzip
import io
import tracemalloc

import pytest

from nodegraph.errors import DataError
from nodegraph.files import text_lines


def opened(raw: bytes, name: str = "a.csv") -> list[str]:
    with text_lines.text_lines(io.BytesIO(raw), name) as lines:
        found = list(lines)
        text_lines.check_lines(found, name)
        return found


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_of_three_ways(end: str) -> None:
    assert [line.strip() for line in opened(f"a{end}b{end}".encode("utf-8-sig"))] == ["a", "b"]


@pytest.mark.parametrize(
    ("raw", "name", "message"),
    [
        (b"\xff\xfea\x00", "a.csv", "is not UTF-8 text; write encoding: utf-16, as it begins"),
        (b"Z\xfcrich", "a.csv", "is not UTF-8 text; write encoding: latin-1, or what it is in"),
        (b"plain", "a.csv.gz", "is no whole .gz file"),
        (gzip.compress(b"a" * 99, mtime=0)[:-9], "a.csv.gz", "is no whole .gz file"),
        (gzip.compress(b"a" * 99, mtime=0)[:-8] + bytes(8), "a.csv.gz", "is no whole .gz file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(raw: bytes, name: str, message: str) -> None:
    with pytest.raises(DataError, match=f"^{name}: {message}"):
        opened(raw, name)


def test_a_packed_file_that_unpacks_to_very_much_is_refused_while_it_does(monkeypatch) -> None:
    monkeypatch.setattr(text_lines, "LARGEST_TEXT", 2**20)
    raw = gzip.compress(b"1,2\n" * 2**23)
    assert len(raw) < 2**20
    tracemalloc.start()
    with pytest.raises(DataError, match="is larger than"):
        opened(raw, "bomb.csv.gz")
    assert tracemalloc.get_traced_memory()[1] < 2**26
    tracemalloc.stop()


def test_a_line_without_an_end_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(text_lines, "LONGEST_LINE", 100)
    with pytest.raises(DataError, match="a line of more than 100 characters"):
        opened(b"1," * 200)


def test_a_quoted_cell_may_go_on_over_lines_and_comments_are_no_rows() -> None:
    rows = list(text_lines.rows_of(['a,"b\n', 'c"\n', "# no\n", "1,2\n"], ","))
    assert rows == [(2, ["a", "b\nc"]), (4, ["1", "2"])]
