"""Words for missing numbers in a text, written as numpy knows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np

from nodegraph.arrays import Array

__all__ = ["Gaps"]


class Gaps:
    """What stands for a missing number in a table, the empty cell among it.

    Parameters
    ----------
    words : set of str
    separator : str
        A blank stands for any number of blanks and tabs, between which no cell is empty.
    """

    def __init__(self, words: Iterable[str], separator: str) -> None:
        self.words, self.separator = {*words}, separator

    def filled(self, text: str) -> str:
        r"""Return lines, each with its end, with "nan" in place of each of these words.

        Examples
        --------
        >>> Gaps({"", "NA"}, ",").filled("1,,2\nNA,3,\n")
        '1,nan,2\nnan,3,nan\n'
        """
        if self.separator == " " or " " in text or not text.isascii():
            return self._pattern.sub(r"\1nan", "\n" + text)[1:]
        letters = np.frombuffer(text.encode(), np.uint8)
        ends = np.flatnonzero((letters == ord("\n")) | (letters == ord(self.separator)))
        starts = np.concatenate([[0], ends[:-1] + 1])
        gaps = ends == starts
        for size, words in self._by_size.items():
            places = np.flatnonzero(ends - starts == size)
            inside = starts[places, None] + np.arange(size)
            gaps[places[np.isin(letters[inside].view(f"S{size}")[:, 0], words)]] = True
        begins, stops = [0, *ends[gaps].tolist()], [*starts[gaps].tolist(), len(text)]
        return "nan".join([text[i:j] for i, j in zip(begins, stops, strict=True)])

    @cached_property
    def _by_size(self) -> Mapping[int, Array]:
        """The words that numpy does not know, by their length."""
        words = [w.encode() for w in self.words if w.isascii() and w and w.lower() != "nan"]
        sizes = {len(word) for word in words}
        return {size: np.array([w for w in words if len(w) == size]) for size in sizes}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """What finds each word behind a separator or the end of a line (group 1)."""
        words = sorted(self.words - {""}, key=len, reverse=True)
        listed = "|".join(map(re.escape, words))
        if self.separator == " ":
            return re.compile(rf"([ \t\n])(?:{listed})(?=[ \t\n])")
        mark = re.escape(self.separator)
        return re.compile(rf"([{mark}\n])[ ]*(?:{listed})?[ ]*(?=[{mark}\n])")
