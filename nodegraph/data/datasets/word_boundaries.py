"""Letters of a text without blanks, and where words begin."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import count_rows
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["word_boundaries"]

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


@known_arguments
def word_boundaries(steps: int, discard: int = 0) -> tuple[Array, Array]:
    """Return letters of an English text, one a step, and whether a word begins with each.

    The text is that of Python's own help (`pydoc_data.topics` of the standard library), so that it
    differs a little from one version of Python to the next; blanks, digits and signs part words and
    are left out.

    Parameters
    ----------
    steps : int
        Letters to return.
    discard : int
        Letters to leave out before them.

    Returns
    -------
    u, y : arrays, shape (steps, 26) and (steps, 1)
        A row of zeros with a one in the column of the letter; 1 or 0.

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range, or the text is shorter.

    Examples
    --------
    >>> u, y = word_boundaries(1000)
    >>> u.shape, float(y[0, 0])
    ((1000, 26), 1.0)
    """
    steps, discard = count_rows("word_boundaries", steps, discard, width=27)
    from pydoc_data.topics import topics  # 600 kB, for this alone

    words = re.findall("[a-z]+", " ".join(topics[name] for name in sorted(topics)).lower())
    text = "".join(words)
    if steps + discard > len(text):
        raise DataError(
            f"word_boundaries: {steps} letters behind {discard}, but the text has {len(text)}"
        )
    starts = np.cumsum([0, *map(len, words)])[:-1]
    rows = slice(discard, discard + steps)
    begins = np.zeros((len(text), 1))
    begins[starts] = 1
    letters = np.frombuffer(text.encode()[rows], np.uint8) - ord("a")
    return np.eye(len(LETTERS))[letters], begins[rows]
