"""Numbers out of the rows of a text: by numpy where they are plain, else cell by cell."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.files.gap_filling import Gaps
from nodegraph.files.numerals import Grammar, NoNumber
from nodegraph.files.text_lines import Row, check_lines, is_note, rows_of

__all__ = ["Layout", "TextBlocks"]

BLOCK = 8192  # lines looked at together
_QUOTED = re.compile(r'"([^"\n]*)"')


class Layout(NamedTuple):
    """How a text is laid out as a table.

    Parameters
    ----------
    separator : str
    grammar : Grammar
    titles : tuple of str
        What each column is called, by its number if not by a name.
    named : bool
        Whether the titles are names.
    n_before : int
        How many lines come before the first row.
    texts : set of int
        Columns that look like text.
    """

    separator: str
    grammar: Grammar
    titles: tuple[str, ...]
    named: bool
    n_before: int
    texts: frozenset[int] = frozenset()


class Quotes(Enum):
    """What is between quotes in a block of lines: nothing, cells, also separators, anything."""

    NONE, CELLS, SEPARATORS, FREE = range(4)


class TextBlocks:
    """Reads some columns of a text, a block of lines after the other.

    Parameters
    ----------
    layout : Layout
    picked : list of int
        Columns of numbers, ascending.
    kept : list of int
        Columns that are kept as text.
    name : str
        Name of the file, for messages.
    others : str
        What to write so that only columns of numbers are read, for messages.
    """

    def __init__(
        self, layout: Layout, picked: Sequence[int], kept: Sequence[int], name: str, others: str
    ) -> None:
        self.layout, self.picked, self.kept = layout, list(picked), list(kept)
        self.name, self.others = name, others
        self.width = len(layout.titles)
        self.words: list[list[str]] = [[] for _ in kept]
        self.n_gaps = 0  # empty lines since the last row
        self.gappy, self.quotes = False, Quotes.NONE
        self.gaps = Gaps(layout.grammar.missing, layout.separator)
        self.simple, self.enclosed = _quotings(layout.separator)

    def read(self, lines: Iterator[str]) -> Array:
        """Return the numbers, of shape (n_rows, n_picked); empty lines at the edges are nothing.

        Raises
        ------
        DataError
            At the first row of another length, or the first cell that is no number.
        """
        parts: list[Array] = []
        for values in self._blocks(itertools.islice(lines, self.layout.n_before, None)):
            if parts and self.n_gaps:
                parts.append(np.full((self.n_gaps, len(self.picked)), np.nan))
            parts.append(values)
            self.n_gaps = 0
        return np.concatenate(parts) if parts else np.empty((0, len(self.picked)))

    def _blocks(self, lines: Iterator[str]) -> Iterator[Array]:
        number = self.layout.n_before
        while block := list(itertools.islice(lines, BLOCK)):
            check_lines(block, self.name)
            text = "".join(block)
            self.quotes = self._quotes(text)
            if self.quotes is Quotes.FREE:
                yield from self._quoted(itertools.chain(block, lines), number)
                return
            numbers: Sequence[int] = range(number + 1, number + 1 + len(block))
            noted = "#" in text or is_note(block[0])
            if noted:
                numbers = [n for n, line in zip(numbers, block, strict=True) if not is_note(line)]
            kept = [block[n - number - 1] for n in numbers] if noted else block
            yield from self._plain(kept, numbers)
            number += len(block)

    def _quotes(self, text: str) -> Quotes:
        """Return what quotes enclose in lines."""
        if '"' not in text:
            return Quotes.NONE
        if self.layout.separator == " ":  # by which an empty cell is none
            return Quotes.FREE
        if self.simple.fullmatch("\n" + text):
            return Quotes.CELLS
        if not self.kept and self.enclosed.fullmatch("\n" + text):
            return Quotes.SEPARATORS
        return Quotes.FREE

    def _plain(self, lines: list[str], numbers: Sequence[int]) -> Iterator[Array]:
        """Yield the numbers of lines that are a row each."""
        edge = self.layout.separator + ' \t\r\n"'
        n_after = _run(not line.strip(edge) for line in reversed(lines))
        ahead = _run(not line.strip(edge) for line in lines) if n_after < len(lines) else 0
        rows = lines[ahead : len(lines) - n_after]
        if rows:
            self.n_gaps += ahead
            yield self._numbers(rows, numbers[ahead:])
            self.n_gaps = 0
        self.n_gaps += n_after

    def _numbers(self, lines: list[str], numbers: Sequence[int]) -> Array:
        bare = lines if self.quotes is Quotes.NONE else self._bare(lines)
        values = self._fast(bare)
        if values is None:
            return self._converted(self._split(lines, numbers))
        for words, column in zip(self.words, self.kept, strict=True):
            words += self._cells(bare, column)
        return values

    def _bare(self, lines: list[str]) -> list[str]:
        """Return lines without quotes, and a quote for each cell that holds a separator."""
        text, mark = _joined(lines), self.layout.separator
        if self.quotes is Quotes.CELLS:
            text = text.replace('"', "")
        else:
            text = _QUOTED.sub(lambda cell: '"' if mark in cell[1] else cell[1], text)
        return [f"{line}\n" for line in text.split("\n")[:-1]]

    def _cells(self, lines: list[str], column: int) -> list[str]:
        """Return the cells of one column of lines that are all alike and have no quotes."""
        mark = None if self.layout.separator == " " else self.layout.separator
        if column == len(self.layout.titles) - 1:
            return [line.rsplit(mark, 1)[-1].strip() for line in lines]
        return [line.split(mark, column + 1)[column].strip() for line in lines]

    def _split(self, lines: list[str], numbers: Sequence[int]) -> list[Row]:
        found = rows_of(lines, self.layout.separator)
        return [Row(n, row.cells) for n, row in zip(numbers, found, strict=False)]

    def _quoted(self, lines: Iterable[str], number: int) -> Iterator[Array]:
        """Yield the numbers of all the lines to come; a quoted cell may hold anything."""
        rows = rows_of(lines, self.layout.separator, number)
        while block := list(itertools.islice(rows, BLOCK)):
            n_after = _run(_is_empty(row) for row in reversed(block))
            ahead = _run(_is_empty(row) for row in block) if n_after < len(block) else 0
            if block := block[ahead : len(block) - n_after]:
                self.n_gaps += ahead
                yield self._converted(block)
                self.n_gaps = 0
            self.n_gaps += n_after

    def _fast(self, lines: list[str]) -> Array | None:
        """Return the numbers of lines that numpy can read and that are all alike, else None."""
        if self.layout.separator == self.layout.grammar.decimal:
            return None
        if self.gappy:
            return self._loaded(self._filled(lines))
        values = self._loaded(lines)
        if values is None:
            values = self._loaded(self._filled(lines))
            self.gappy = values is not None
        return values

    def _loaded(self, lines: list[str]) -> Array | None:
        separator, k = self.layout.separator, len(self.picked)
        if k < self.width and not self._are_alike(lines):
            return None
        if self.layout.grammar.decimal == ",":
            lines = [line.replace(".", "'").replace(",", ".") for line in lines]
        if any(map(str.isspace, lines)):
            return None  # numpy would pass over it
        try:
            values = np.loadtxt(
                lines,
                comments=None,
                delimiter=None if separator == " " else separator,
                usecols=self.picked if k < self.width else None,
                ndmin=2,
            )
        except (ValueError, OverflowError):
            return None
        if values.shape != (len(lines), k) or np.isinf(values).any():
            return None
        values[np.isnan(values)] = np.nan  # of one sign
        return self.layout.grammar.without_codes(values)

    def _are_alike(self, lines: list[str]) -> bool:
        if self.layout.separator == " ":
            return set(map(len, map(str.split, lines))) == {self.width}
        counts = map(str.count, lines, itertools.repeat(self.layout.separator))
        return set(counts) == {self.width - 1}

    def _filled(self, lines: list[str]) -> list[str]:
        """Return lines with "nan" for each word that stands for a missing number."""
        return self.gaps.filled(_joined(lines)).split("\n")[:-1]

    def _converted(self, rows: list[Row]) -> Array:
        """Return the numbers of rows, each cell looked at."""
        cells = [self._fitted(row) for row in rows]
        columns = list(zip(*cells, strict=True))
        values, faults = np.empty((len(rows), len(self.picked))), list[tuple[int, int]]()
        for place, column in enumerate(self.picked):
            try:
                values[:, place] = self.layout.grammar.numbers(columns[column])
            except NoNumber as error:
                faults.append((error.index, column))
        if faults:
            row, column = min(faults)
            raise self._fault(rows[row].line, column, cells[row][column].strip())
        for words, place in zip(self.words, self.kept, strict=True):
            words += [cell.strip() for cell in columns[place]]
        return values

    def _fitted(self, row: Row) -> list[str]:
        """Return the cells of a row as wide as the table; empty ones may be too many or all."""
        cells, width = row.cells, self.width
        if len(cells) == width:
            return cells
        if _is_empty(row):
            return [""] * width
        if len(cells) > width and not any(map(str.strip, cells[width:])):
            return cells[:width]
        raise DataError(
            f"{self.name}: line {row.line} has {len(cells)} cell{'s' * (len(cells) > 1)}, "
            f"the first {width}; {self._cure(len(cells))}"
        )

    def _cure(self, n_cells: int) -> str:
        if self.layout.separator == "," and n_cells == 2 * self.width:
            return 'for a decimal comma write separator: ";" (or what parts them), decimal: ","'
        return "complete that line, or take it out"

    def _fault(self, line: int, column: int, cell: str) -> DataError:
        title = self.layout.titles[column]
        where = f"{self.name}: line {line}, column {title if title.isprintable() else repr(title)}"
        in_text = column in self.layout.texts
        complaint = self.layout.grammar.complaint(cell, self.others, in_text=in_text)
        below = self.layout.n_before and line == self.layout.n_before + 1
        units = below and self.layout.grammar.kind(cell) == "word"
        return DataError(
            f"{where}: {complaint}{f'; if line {line} has units, take it out' if units else ''}"
        )


def _joined(lines: Sequence[str]) -> str:
    """Return lines as one text in which each ends alike."""
    text = "".join(lines).replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"


def _run(truths: Iterable[bool]) -> int:
    """Return how many are true before the first that is not."""
    return sum(1 for _ in itertools.takewhile(bool, truths))


def _is_empty(row: Row) -> bool:
    return not any(map(str.strip, row.cells))


def _quotings(separator: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what matches an end of a line and lines in which quotes enclose cells, nothing else.

    No quote and no end of a line is in quotes; for the first one no separator either.
    """
    mark = re.escape(separator)
    simple, enclosed = (
        re.compile(rf'(?:[^"]*+(?<=[{mark}\r\n])"[^"{inside}\r\n]*+"(?=[{mark}\r\n]|$))*+[^"]*+')
        for inside in (mark, "")
    )
    return simple, enclosed
