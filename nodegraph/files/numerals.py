"""What a number is in a text file, and what stands for a missing one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.graph.messages.phrases import shown

__all__ = ["Decimal", "Grammar", "NoNumber", "grammar", "looks_like_decimal_comma"]

Decimal = Literal[".", ","]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_COMMA_NUMBER = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:[,. '\u00a0\u202f][0-9]{3})+(?:[.,][0-9]*)?")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_TIME = re.compile(
    r"[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}([T ].*)?|[0-9]{4}[-/][0-9]{1,2}"
    r"|[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
)
_PLAIN = b"0123456789+-.eE\n"  # of these float() makes what _NUMBER has, and nothing else
_NAN = {
    sign + "".join(letters)
    for sign in ("", "+", "-")
    for letters in itertools.product("nN", "aA", "nN")
}
_MISSING = frozenset(
    {"", "NA", "na", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NULL", "Null", "null"}
    | {"None", "none", "NONE"}
    | _NAN
)
_TRUTH = {"true", "false"}


class NoNumber(Exception):
    """A cell that is no number.

    Parameters
    ----------
    index : int
        Which of the cells that were looked at.
    """

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


class Grammar(NamedTuple):
    """How numbers and gaps are written.

    Parameters
    ----------
    decimal : "." or ","
    missing : set of str
        Words for a missing number.
    codes : tuple of float
        Numbers that stand for a missing one.
    """

    decimal: Decimal
    missing: frozenset[str]
    codes: tuple[float, ...] = ()

    def is_number(self, cell: str) -> bool:
        """Tell whether `cell` is a number, as it is written in this file."""
        if self.decimal == ",":
            cell = cell.replace(".", "'").replace(",", ".")
        return _NUMBER.fullmatch(cell) is not None

    def is_given(self, cell: str) -> bool:
        """Tell whether `cell` is one of the words or numbers that were added to the usual ones."""
        cell = cell.strip()
        if not self.codes or not self.is_number(cell):
            return cell in self.missing - _MISSING
        return float(cell.replace(",", ".")) in self.codes

    def kind(self, cell: str) -> str:
        """Return what `cell` looks like: a gap, a number, a time, a word, or a mark (all else)."""
        cell = cell.strip()
        if cell in self.missing or _INFINITE.fullmatch(cell):
            return "gap"
        if self.is_number(cell):
            return "number"
        if _TIME.fullmatch(cell):
            return "time"
        return "word" if "_" in cell or any(letter.isalpha() for letter in cell) else "mark"

    def numbers(self, cells: Sequence[str]) -> Array:
        """Return what `cells` say, NaN where one is missing.

        Raises
        ------
        NoNumber
            With the first cell that is neither.
        """
        bare = [cell.strip() for cell in cells]
        gaps = [cell in self.missing for cell in bare]
        values = self._values(["0" if gap else cell for cell, gap in zip(bare, gaps, strict=True)])
        values[gaps] = np.nan
        return self.without_codes(values)

    def without_codes(self, values: Array) -> Array:
        """Return `values` with NaN in place of numbers that stand for a missing one."""
        if self.codes:
            values[np.isin(values, self.codes)] = np.nan
        return values

    def _values(self, cells: list[str]) -> Array:
        text = "\n".join(cells)
        if self.decimal == ",":
            text = text.replace(".", "'").replace(",", ".")
        if text.isascii() and not text.encode().translate(None, _PLAIN):
            try:
                values = np.fromiter(map(float, text.split("\n")), float)
            except ValueError:
                values = np.empty(0)
            if len(values) == len(cells) and np.isfinite(values).all():
                return values
        raise NoNumber(next(i for i, cell in enumerate(cells) if not self._is_finite(cell)))

    def _is_finite(self, cell: str) -> bool:
        return self.is_number(cell) and bool(np.isfinite(float(cell.replace(",", "."))))

    def complaint(self, cell: str, others: str, *, in_text: bool) -> str:
        """Return what is wrong with `cell`, and what to write.

        Parameters
        ----------
        cell : str
        others : str
            How to leave columns of text out.
        in_text : bool
            Whether its column looks like one.
        """
        kind = self.kind(cell)
        if kind == "time":
            return f"{shown(cell)} is a date or time, not a number; {others}"
        if kind == "word" and in_text:
            truth = "write 1 and 0 for true and false, or " * (cell.strip().lower() in _TRUTH)
            return f"{shown(cell)} is text, not a number; {truth}{others}"
        return f"should be a finite number (got {shown(cell)}){self._hint(cell, others)}"

    def _hint(self, cell: str, others: str) -> str:
        if _THOUSANDS.fullmatch(cell) and not self.is_number(cell):
            comma = '; if the comma is decimal, write decimal: ","' if _is_comma(cell) else ""
            return f"; marks between thousands are not read, write the digits alone{comma}"
        if self.decimal == "." and _is_comma(cell):
            return '; for a decimal comma write decimal: ","'
        if self.decimal == "," and _NUMBER.fullmatch(cell):
            return '; for a decimal point write decimal: "."'
        if self.kind(cell) == "gap" or self.is_number(cell):
            return ""
        return f"; if it stands for a missing one write missing: [{_quoted(cell)}]; {others}"


def grammar(decimal: Decimal = ".", missing: Sequence[str | float] = ()) -> Grammar:
    """Return the grammar with further words, or numbers, for what is missing.

    Examples
    --------
    >>> grammar(missing=["?", -999]).numbers(["1.5", "NA", "?", "-999.0"])
    array([1.5, nan, nan, nan])
    """
    words = [word.strip() for word in missing if isinstance(word, str)]
    codes = [float(code) for code in missing if not isinstance(code, str)]
    plain = Grammar(decimal, _MISSING | set(words))
    codes += [float(word.replace(",", ".")) for word in words if plain.is_number(word)]
    return plain._replace(codes=tuple(codes))


def looks_like_decimal_comma(cells: Sequence[str]) -> bool:
    """Tell whether some cells have a decimal comma, and all numbers may have one.

    ``1,234`` alone says nothing: it may be a thousand.
    """
    commas = [cell for cell in cells if _COMMA_NUMBER.fullmatch(cell)]
    points = any("." in cell and _NUMBER.fullmatch(cell) for cell in cells)
    return not points and any(not _THOUSANDS.fullmatch(cell) for cell in commas)


def _is_comma(cell: str) -> bool:
    return _COMMA_NUMBER.fullmatch(cell) is not None


def _quoted(cell: str) -> str:
    return '"' + cell.replace("\\", "\\\\").replace('"', '\\"') + '"' if len(cell) < 40 else "..."
