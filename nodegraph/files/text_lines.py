"""Lines and rows of a text file, packed or not, of bounded size."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO, NamedTuple, cast

from nodegraph.errors import DataError
from nodegraph.graph.messages.phrases import shown

__all__ = ["Row", "check_lines", "is_note", "rows_of", "text_lines"]

LARGEST_TEXT = 2**28
LONGEST_LINE = 2**24

_ERROR = r"#(?:N/?A|NV|[^\W\d_]+(?:/0)?[!?])"  # as spreadsheets write them: cells, no comments
_CELL = re.compile(rf"\s*{_ERROR}\s*(?:[,;|\t]|$)")
_SEP = re.compile(r"sep=.\s*$", re.IGNORECASE)


class Row(NamedTuple):
    """Cells, and the number of the line they end in, from 1."""

    line: int
    cells: list[str]


@contextmanager
def text_lines(file: BinaryIO, name: str, encoding: str | None = None) -> Iterator[Iterator[str]]:
    """Open the lines of a file of text, from its start; a name in .gz is of a packed one.

    Parameters
    ----------
    file : binary file
    name : str
    encoding : str, optional
        How letters are written, such as latin-1; UTF-8 without it.

    Raises
    ------
    DataError
        If it is larger than 256 MiB (unpacked), has a line of more than 16 million characters, is
        no text in that encoding or no .gz file.
    """
    if file.seek(0, 2) > LARGEST_TEXT:
        raise _too_large(name)
    file.seek(0)
    packed = name.lower().endswith(".gz")
    raw = io.BufferedReader(cast("Any", _Unpacked(file, name))) if packed else file
    text = io.TextIOWrapper(raw, encoding=_codec(encoding, name), newline="")
    try:
        yield iter(partial(text.readline, LONGEST_LINE), "")
    except UnicodeError as error:
        raise DataError(f"{name}: {_undecodable(error, encoding)}") from None
    except csv.Error as error:
        raise DataError(f"{name}: cannot be read as a table: {error}") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{name}: is no whole .gz file: {error}") from None
    finally:
        text.detach()


def _codec(encoding: str | None, name: str) -> str:
    """Return the codec of Python for `encoding`."""
    if encoding is None:
        return "utf-8-sig"
    try:
        found = codecs.lookup(encoding)
        "".encode(encoding)  # fails where it is not for text
    except (LookupError, ValueError):
        raise DataError(
            f"{name}: there is no encoding {shown(encoding)}; write latin-1, cp1252, utf-16 ..."
        ) from None
    return "utf-8-sig" if found.name == "utf-8" else found.name


def _undecodable(error: UnicodeError, encoding: str | None) -> str:
    """Return what to write for bytes that are no text in `encoding`."""
    if encoding is not None:
        return f"is not text in {encoding}; write another encoding, or save it as UTF-8"
    begin = error.object[:2] if isinstance(error, UnicodeDecodeError) else b""
    if begin in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "is not UTF-8 text; write encoding: utf-16, as it begins, or save it as UTF-8"
    return "is not UTF-8 text; write encoding: latin-1, or what it is in, or save it as UTF-8"


def check_lines(lines: Collection[str], name: str) -> None:
    """Refuse lines that were cut, as each is read up to its longest length only.

    Raises
    ------
    DataError
    """
    if lines and max(map(len, lines)) >= LONGEST_LINE:
        raise DataError(f"{name}: a line of more than {LONGEST_LINE} characters")


def _too_large(name: str) -> DataError:
    return DataError(f"{name}: is larger than 256 MiB of text; save it as .npy")


class _Unpacked(io.RawIOBase):
    """Bytes of a packed file, up to the largest size of a text."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.file, self.name, self.count = gzip.GzipFile(fileobj=file), name, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self.file.read(len(buffer))
        self.count += len(data)
        if self.count > LARGEST_TEXT:
            raise _too_large(self.name)
        buffer[: len(data)] = data
        return len(data)


def is_note(line: str) -> bool:
    """Tell whether a line is a comment: it begins with #, or is Excel's ``sep=;``.

    Examples
    --------
    >>> [is_note(line) for line in ("# t, v", "#N/A,2", "#DIV/0!;1", "sep=;", "sep=1,2")]
    [True, False, False, True, False]
    """
    if line.lstrip().startswith("#"):
        return _CELL.match(line) is None
    return _SEP.match(line) is not None


def rows_of(
    lines: Iterable[str], separator: str, start: int = 0, *, strict: bool = True
) -> Iterator[Row]:
    """Yield the cells of each line, or of several where a quoted cell goes on; no comments.

    Parameters
    ----------
    lines : iterable of str
    separator : str
        One character; a blank stands for any number of blanks and tabs.
    start : int
        How many lines came before.
    strict : bool
        Whether quotes that do not match are refused.
    """
    content = _Content(lines, start)
    source: Iterable[str] = content
    if separator == " ":
        source = (" ".join(line.split()) + "\n" for line in content)
    reader = csv.reader(
        source, delimiter=separator, skipinitialspace=separator != " ", strict=strict
    )
    try:
        for cells in reader:
            yield Row(content.number, cells)
    except csv.Error as error:
        raise csv.Error(f"line {content.number}: {error}") from None


class _Content:
    """Lines that are no comments, and the number of the last one."""

    def __init__(self, lines: Iterable[str], start: int) -> None:
        self.lines, self.number = lines, start

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.number += 1
            if not is_note(line):
                yield line
