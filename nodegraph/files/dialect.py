"""How a text is a table: what parts its cells, how numbers are written, where names stand."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from nodegraph.errors import DataError
from nodegraph.files.numerals import Decimal, Grammar, grammar, looks_like_decimal_comma
from nodegraph.files.text_lines import Row, check_lines, rows_of
from nodegraph.graph.messages.phrases import shown

__all__ = ["SEPARATORS", "Sample", "has_names", "sample_of", "width_of"]

SEPARATORS: tuple[str, ...] = ("\t", ";", "|", ",", " ")  # the first of equals is taken
MOST_LINES = 200
MOST_CHARACTERS = 2**20
MOST_CELLS = 5_000
EARLIEST_YEAR = 1000  # of names that count years

_EITHER_DECIMAL = re.compile(r"[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")
Kind = Literal["gap", "number", "time", "word", "mark"]


class Sample(NamedTuple):
    """The first rows of a text, and how they are written."""

    rows: list[Row]
    separator: str
    grammar: Grammar

    @property
    def body(self) -> list[Row]:
        """All rows but the first."""
        return self.rows[1:]

    def first(self, column: int) -> str:
        """Return the cell of the first row, "" where it is too short."""
        return _cell(self.rows[0], column)

    def below(self, column: int) -> list[str]:
        """Return the cells of the other rows."""
        return [_cell(row, column) for row in self.body]

    def is_numeric(self, column: int) -> bool:
        """Tell whether most cells below the first row are numbers, or all are missing."""
        kinds = Counter(map(self.grammar.kind, self.below(column)))
        n_others = kinds["word"] + kinds["time"] + kinds["mark"]
        return kinds["number"] >= max(n_others, 1) or not n_others

    def is_text(self, column: int) -> bool:
        """Tell whether the cells below the first row are text: no number is among them."""
        kinds = Counter(map(self.grammar.kind, self.below(column)))
        return not kinds["number"] and kinds["word"] + kinds["time"] > 0

    def is_time(self, column: int) -> bool:
        """Tell whether the cells below the first row are dates or times."""
        kinds = Counter(map(self.grammar.kind, self.below(column)))
        return kinds["time"] > 0 and kinds["time"] + kinds["gap"] == len(self.body)

    def counts(self, column: int) -> bool:
        """Tell whether the cells below the first row are whole numbers that grow."""
        cells = [cell.strip() for cell in self.below(column)]
        if not cells or not all(cell.isascii() and cell.isdigit() for cell in cells):
            return False
        return all(int(a) < int(b) for a, b in itertools.pairwise(cells))


def sample_of(
    lines: Iterable[str],
    separator: str | None,
    decimal: Decimal | None,
    missing: Sequence[str | float],
    name: str,
) -> Sample | None:
    """Return the first rows of a text, what was not said about them found out; None of none.

    The separator is the one that parts the most rows into equally many cells, and of several the
    one that leaves the most numbers.
    """
    head = _head(lines)
    check_lines(head, name)
    marks = SEPARATORS if separator is None else (separator,)
    if separator is None and decimal == "," and not any('"' in line for line in head):
        marks = tuple(mark for mark in marks if mark != ",")
    tried = [_rows(head, mark) for mark in marks]
    if not tried[0]:
        return None
    best = max(range(len(marks)), key=lambda i: (*_fitness(tried[i]), -i))
    if separator is None and not _fitness(tried[best])[0]:
        best = len(marks) - 1 if marks[-1] == "," else marks.index("," if "," in marks else ";")
    rows, found = tried[best], marks[best]
    cells = [cell.strip() for row in rows for cell in row.cells]
    comma = decimal is None and found != "," and looks_like_decimal_comma(cells)
    return _with_row_names(
        Sample(rows, found, grammar(decimal or ("," if comma else "."), missing))
    )


def _with_row_names(sample: Sample) -> Sample:
    """Return the sample with a name more, "", if words stand over rows of one cell more.

    So R writes the names of rows, words or numbers that count, without a name over them.
    """
    first, width = sample.rows[0], width_of(sample) + 1
    wider = bool(sample.body) and all(len(row.cells) == width for row in sample.body)
    if not wider or not any(sample.below(width - 1)):
        return sample
    kinds = {sample.grammar.kind(cell) for cell in first.cells}
    numbered = sample.separator != "," and sample.counts(0)  # 1,5 may be a number
    if "number" in kinds or "word" not in kinds or not (numbered or sample.is_text(0)):
        return sample
    return sample._replace(rows=[first._replace(cells=["", *first.cells]), *sample.body])


def width_of(sample: Sample) -> int:
    """Return how many columns there are: those of the first row."""
    return len(sample.rows[0].cells)


def _head(lines: Iterable[str]) -> list[str]:
    head, n_characters = list[str](), 0
    for line in itertools.islice(lines, MOST_LINES):
        n_characters += len(line)
        if head and n_characters > MOST_CHARACTERS:
            break
        head.append(line)
    return head


def _rows(head: list[str], separator: str) -> list[Row]:
    rows, n_cells = [], 0
    for row in rows_of(head, separator, strict=False):
        if any(map(str.strip, row.cells)):
            rows.append(row)
            n_cells += len(row.cells)
        if n_cells > MOST_CELLS and len(rows) > 2:
            break
    return rows


def _fitness(rows: list[Row]) -> tuple[float, float]:
    """Return which share of rows is equally wide, and which share of cells is numbers."""
    width, n_alike = Counter(len(row.cells) for row in rows).most_common(1)[0]
    if width < 2:
        return 0.0, 0.0
    cells = [cell.strip() for row in rows[1:] or rows for cell in row.cells]
    n_numbers = sum(1 for cell in cells if _EITHER_DECIMAL.fullmatch(cell))
    return round(n_alike / len(rows), 2), n_numbers / max(len(cells), 1)


def _cell(row: Row, column: int) -> str:
    return row.cells[column].strip() if column < len(row.cells) else ""


def has_names(sample: Sample, columns: Iterable[int], name: str, *, renamed: bool) -> bool:
    """Tell whether the first row gives the names of columns.

    It does if, in the columns of numbers, its own cells are none; or if it has a word above
    dates. Columns of text say nothing.

    Parameters
    ----------
    sample : Sample
    columns : iterable of int
        Those that matter.
    name : str
        Name of the file, for messages.
    renamed : bool
        Whether names were given, so that nothing can be asked.

    Raises
    ------
    DataError
        If the row may be either.
    """
    columns = list(columns)
    numeric = [i for i in columns if sample.is_numeric(i)]
    kinds = [sample.grammar.kind(sample.first(i)) for i in numeric]
    every = range(width_of(sample))
    times = [sample.grammar.kind(sample.first(i)) for i in every if sample.is_time(i)]
    if "word" in times or _is_index_row(sample):
        return True
    says_names = "word" in kinds or "time" in kinds
    says_data = "number" in kinds or "time" in times
    doubtful = (says_names and says_data) or (not says_names and _could_be_either(sample, numeric))
    if doubtful and not renamed:
        cells = ", ".join(shown(sample.first(i)) for i in numeric[:4])
        raise DataError(
            f"{name}: line {sample.rows[0].line} ({cells}{', ...' * (len(numeric) > 4)}) may be "
            "names of columns or numbers; write names: true or names: false"
            f"{_missing_hint(sample, numeric)}"
        )
    return says_names and not says_data


def _missing_hint(sample: Sample, numeric: Sequence[int]) -> str:
    cells = [sample.first(i) for i in numeric]
    word = next((c for c in cells if sample.grammar.kind(c) == "word"), None)
    return f', or, where {shown(word)} is a missing number, missing: ["{word}"]' if word else ""


def _is_index_row(sample: Sample) -> bool:
    """Tell whether the row is empty over a column that counts, and then counts on from 0 or 1."""
    firsts = [sample.first(i) for i in range(1, width_of(sample))]
    return not sample.first(0) and sample.counts(0) and _are_consecutive(firsts)


def _could_be_either(sample: Sample, numeric: Sequence[int]) -> bool:
    """Tell whether the row counts columns, or years, over numbers with a decimal point."""
    firsts = [sample.first(i) for i in numeric]
    has_text = len(numeric) < width_of(sample)
    if not _are_consecutive(firsts) or len(firsts) < 2:
        return False
    if len(firsts) == 2 and not has_text and int(firsts[0]) < EARLIEST_YEAR:
        return False
    point = sample.grammar.decimal
    return all(any(point in cell for cell in sample.below(i)) for i in numeric)


def _are_consecutive(cells: Sequence[str]) -> bool:
    if not cells or not all(cell.isascii() and cell.isdigit() for cell in cells):
        return False
    return all(int(b) == int(a) + 1 for a, b in itertools.pairwise(cells))
