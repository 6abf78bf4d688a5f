"""Japanese vowels: tell nine speakers by two vowels."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.datasets.one_hot import one_hot
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.messages.phrases import shown

__all__ = ["Utterances", "japanese_vowels"]


class Utterances(NamedTuple):
    """Series and the speaker of each, to learn from and to be tested on."""

    x_train: list[Array]
    y_train: Array | list[Array]
    x_test: list[Array]
    y_test: Array | list[Array]


@known_arguments
def japanese_vowels(targets: str = "labels") -> Utterances:
    """Return utterances of nine male speakers, 270 to learn from and 370 to be tested on.

    Parameters
    ----------
    targets : {"labels", "one_hot", "repeat"}
        What tells the speaker: numbers from 1 to 9; for each utterance an array of shape (1, 9)
        that is 1 in the column of the speaker and 0 elsewhere; or that row for each row of the
        utterance.

    Returns
    -------
    x_train, y_train, x_test, y_test
        Utterances are a list of arrays of shape (T_i, 12), 7 to 29 rows of cepstrum
        coefficients; labels an array of shape (n_utterances,), other targets a list of arrays of
        shape (1, 9) or (T_i, 9).

    Raises
    ------
    DataError
        If `targets` is none of these words.

    References
    ----------
    M. Kudo, J. Toyama, M. Shimbo, Multidimensional curve classification using passing-through
    regions, Pattern Recognition Letters 20 (1999) 1103-1111. UCI Machine Learning Repository,
    CC BY 4.0.

    Examples
    --------
    >>> x_train, y_train, x_test, y_test = japanese_vowels(targets="one_hot")
    >>> len(x_train), len(x_test), x_train[0].shape, y_train[0].shape
    (270, 370, (20, 12), (1, 9))
    """
    if targets not in ("labels", "one_hot", "repeat"):
        raise DataError(
            f"japanese_vowels.targets: should be 'labels', 'one_hot' or 'repeat' "
            f"(got {shown(targets)})"
        )
    packed = files("nodegraph.data.datasets") / "data" / "japanese_vowels.npz"
    with as_file(packed) as path, np.load(path, allow_pickle=False) as arrays:
        parts = [_unpack(arrays, part, targets) for part in ("train", "test")]
    return Utterances(*parts[0], *parts[1])


def _unpack(
    arrays: Mapping[str, Array], part: str, targets: str
) -> tuple[list[Array], Array | list[Array]]:
    lengths, labels = arrays[f"{part}_lengths"], arrays[f"{part}_labels"]
    x = [rows.copy() for rows in np.split(arrays[f"{part}_x"], np.cumsum(lengths)[:-1])]
    if targets == "labels":
        return x, labels
    times = lengths if targets == "repeat" else np.ones_like(lengths)
    speakers = one_hot(labels, classes=range(1, 10))
    return x, [np.tile(row, (count, 1)) for row, count in zip(speakers, times, strict=True)]
