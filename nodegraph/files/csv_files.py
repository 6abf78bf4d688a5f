"""Columns of numbers in a text file, and a sentence that says what was taken for what."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.files.dialect import Sample, has_names, sample_of, width_of
from nodegraph.files.numerals import Decimal, grammar
from nodegraph.files.table_columns import Columns, Table, chosen, listed
from nodegraph.files.text_blocks import Layout, TextBlocks
from nodegraph.files.text_lines import rows_of, text_lines

__all__ = ["TextOptions", "read_csv"]

Names = bool | Sequence[str] | None
_MARKS = {"\t": "tabs", " ": "blanks", ";": "semicolons", "|": "bars"}


class TextOptions(NamedTuple):
    """What is said about a text file; what is not is found out.

    Parameters
    ----------
    names : bool, list of str or None
        Whether the first row gives names, or the names.
    separator : str or None
        What parts cells: ``,`` ``;`` ``|``, a tab or a blank (any number of blanks and tabs).
    decimal : "." or "," or None
    missing : list of str or float
        Words, or numbers, that stand for a missing number, beside the usual ones.
    encoding : str or None
        How letters are written, such as latin-1; else UTF-8.
    """

    names: Names = None
    separator: str | None = None
    decimal: Decimal | None = None
    missing: tuple[str | float, ...] = ()
    encoding: str | None = None


def read_csv(
    file: BinaryIO,
    name: str,
    columns: Columns = None,
    options: TextOptions | None = None,
    kept: Sequence[str | int] = (),
) -> Table:
    """Return numbers of a text file and what its columns are called; missing ones are NaN.

    A number is an optional sign, digits with an optional decimal mark, and an optional exponent.
    An empty cell, NA, N/A, #N/A, <NA>, NaN, null and None are missing. Lines that begin with #
    are left out. The first row is names if its cells in the columns of numbers are none.

    Parameters
    ----------
    file : binary file
        A text, packed if the name ends in .gz.
    name : str
        Name of the file, for messages.
    columns : list of str or int, optional
        Which columns, by name or by number from 0; else all.
    options : TextOptions, optional
    kept : list of str or int
        Columns that may hold any text and are no columns of numbers, such as that of times; their
        cells are the `words` of the table.

    Raises
    ------
    DataError
        With line and column of the first cell that is no number, and what to write.
    """
    return _TextTable(file, name, columns, options or TextOptions(), kept).read()


class _TextTable:
    """One text file on its way to a table."""

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        columns: Columns,
        options: TextOptions,
        kept: Sequence[str | int],
    ) -> None:
        self.file, self.name, self.columns = file, name, columns
        self.options, self.asked_as_text = options, list(kept)
        self.notes: list[str] = []

    def read(self) -> Table:
        """Return the table."""
        sample = self._sample()
        layout = self._layout(sample)
        kept = self._kept(layout)
        picked, doubtful = self._picked(sample, layout, kept)
        asked = sorted({*picked, *doubtful})
        others = self._others(sample, layout, kept)
        blocks = TextBlocks(layout, asked, kept, self.name, others)
        with text_lines(self.file, self.name, self.options.encoding) as lines:
            found = blocks.read(lines)
        if not len(found):
            raise DataError(f"{self.name}: has names of columns but no rows")
        self._check_doubtful(found, asked, doubtful, layout)
        values = found[:, [asked.index(i) for i in picked]]
        names = tuple(layout.titles[i] for i in picked) if layout.named else None
        words = tuple(map(tuple, blocks.words))
        told, idle = self._told(values, layout), self._idle(layout)
        return Table(values, names, None, told, words, idle=idle)

    def _idle(self, layout: Layout) -> tuple[str | float, ...]:
        """Return what was to stand for a missing number and is in no cell; reads once more."""
        idle = list(self.options.missing)
        if not idle:
            return ()
        alone = {word: grammar(layout.grammar.decimal, [word]) for word in idle}
        with text_lines(self.file, self.name, self.options.encoding) as lines:
            rows = rows_of(itertools.islice(lines, layout.n_before, None), layout.separator)
            for row in rows:
                idle = [word for word in idle if not any(map(alone[word].is_given, row.cells))]
                if not idle:
                    break
        return tuple(idle)

    def _sample(self) -> Sample:
        given = self.options
        with text_lines(self.file, self.name, given.encoding) as lines:
            sample = sample_of(lines, given.separator, given.decimal, given.missing, self.name)
        if sample is None:
            raise DataError(f"{self.name}: is empty")
        return sample

    def _layout(self, sample: Sample) -> Layout:
        """Return how the text is laid out, having decided whether its first row is names."""
        given, width = self.options.names, width_of(sample)
        row = self._is_named(sample)
        titles: Sequence[str] = [cell.strip() for cell in sample.rows[0].cells] if row else [""]
        if given is not None and not isinstance(given, bool):
            n_columns = width - _n_empty_at_the_end(sample.rows[0].cells)
            if len(given) not in (width, n_columns):
                raise DataError(f"{self.name}: {len(given)} names for {width} columns")
            titles = given
            if row:
                self.notes.append(f"line {sample.rows[0].line} gives names too, not used")
        elif row:
            self.notes.append(f"line {sample.rows[0].line} gives the names")
        padded = itertools.islice(itertools.chain(titles, itertools.repeat("")), width)
        return Layout(
            sample.separator,
            sample.grammar,
            tuple(title or str(i) for i, title in enumerate(padded)),
            row or not isinstance(given, bool | None),
            sample.rows[0].line if row else 0,
            frozenset(i for i in range(width) if sample.is_text(i)),
        )

    def _is_named(self, sample: Sample) -> bool:
        given, asked = self.options.names, self.columns
        if isinstance(given, bool):
            return given
        listed_ = [asked] if isinstance(asked, (str, int)) else list(asked or ())
        by_name = any(isinstance(column, str) for column in [*listed_, *self.asked_as_text])
        if by_name and given is None:
            return True
        numbers = [i for i in listed_ if isinstance(i, int)]
        every = not numbers or by_name
        columns = range(width_of(sample)) if every else numbers
        return has_names(sample, columns, self.name, renamed=given is not None)

    def _kept(self, layout: Layout) -> list[int]:
        names, width = self._names(layout), len(layout.titles)
        return [chosen(each, names, width, self.name)[0] for each in self.asked_as_text]

    def _names(self, layout: Layout) -> tuple[str, ...] | None:
        return layout.titles if layout.named else None

    def _picked(
        self, sample: Sample, layout: Layout, kept: Sequence[int]
    ) -> tuple[list[int], list[int]]:
        """Return the columns to read, and those behind the last name that should be empty."""
        width = len(layout.titles)
        picked = chosen(self.columns, self._names(layout), width, self.name)
        if self.columns is not None:
            if both := [layout.titles[i] for i in kept if i in picked]:
                raise DataError(
                    f"{self.name}: column {both[0]} is kept as text and is no input; leave it out "
                    "of columns"
                )
            return picked, []
        empty = [i for i in picked if i >= width - self._n_unnamed(sample, layout)]
        index = [0] if self._is_index(sample, layout) and 0 not in kept and width > 1 else []
        if index:
            self.notes.append("the first column, which has no name and counts the rows, left out")
        return [i for i in picked if i not in (*kept, *empty, *index)], empty

    def _n_unnamed(self, sample: Sample, layout: Layout) -> int:
        """Return how many columns at the end have neither a name nor, as far as seen, a cell."""
        most = _n_empty_at_the_end(sample.rows[0].cells)
        for i in range(most):
            if any(sample.below(width_of(sample) - 1 - i)):
                return i
        return most

    def _is_index(self, sample: Sample, layout: Layout) -> bool:
        return bool(layout.n_before) and not sample.first(0) and sample.counts(0)

    def _others(self, sample: Sample, layout: Layout, kept: Sequence[int]) -> str:
        """Return what to write so that columns of text are left out."""
        width = len(layout.titles) - self._n_unnamed(sample, layout)
        fit = [i for i in range(width) if sample.is_numeric(i) and sample.body and i not in kept]
        if len(fit) in (0, width):
            return "choose the columns of numbers by columns: [...]"
        words = listed([layout.titles[i] if layout.named else i for i in fit])
        text = next((i for i in range(width) if i not in fit), 0)
        call = layout.titles[text] if layout.named else text
        also = f" (or time: {call})" if not kept and sample.is_time(text) else ""
        return f"leave text out by columns: [{words}]{also}"

    def _check_doubtful(
        self, found: Array, asked: list[int], doubtful: list[int], layout: Layout
    ) -> None:
        for i in doubtful:
            if not np.isnan(found[:, asked.index(i)]).all():
                raise DataError(
                    f"{self.name}: column {i} has numbers but no name; write names: [...], or "
                    "choose by columns: [...]"
                )
        if doubtful:
            self.notes.append(f"{_counted(len(doubtful), 'empty column')} at the end left out")

    def _told(self, values: Array, layout: Layout) -> str:
        n_rows, n_columns = values.shape
        rows, numbers = _counted(n_rows, "row"), _counted(n_columns, "number")
        read = f"read {rows} of {numbers} from {self.name}"
        if not layout.named:
            self.notes.insert(0, "no line gives names")
        if self.options.separator is None and layout.separator != ",":
            self.notes.append(f"{_MARKS[layout.separator]} part the cells")
        if self.options.decimal is None and layout.grammar.decimal == ",":
            self.notes.append("numbers have a decimal comma")
        if self.columns is None and self.asked_as_text:
            calls, *more = map(str, self.asked_as_text)
            also = f", {', '.join(more)} kept as text" * bool(more)
            self.notes.append(f"column {calls} calls the rows and is no input{also}")
        elif n_columns < len(layout.titles) and self.columns is not None:
            self.notes.append(f"{n_columns} of {len(layout.titles)} columns asked for")
        if n_missing := int(np.isnan(values).sum()):
            self.notes.append(f"{_counted(n_missing, 'missing cell')} {_are(n_missing)} NaN")
        return "; ".join([read, *self.notes])


def _n_empty_at_the_end(cells: Sequence[str]) -> int:
    return sum(1 for _ in itertools.takewhile(lambda cell: not cell.strip(), reversed(cells)))


def _counted(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def _are(n: int) -> str:
    return "is" if n == 1 else "are"
