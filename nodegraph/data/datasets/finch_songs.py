"""Songs of birds, frame by frame: real syllables and times, sounds that are made here."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.datasets.mfcc import HOP, mfcc
from nodegraph.data.ranges import generator, real, whole
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["Note", "finch_songs", "sung"]

RATE: Final = 16000  # samples a second
PAUSE: Final = 0.05  # seconds of silence around a song
SYLLABLES: Final = 9
JITTER: Final = 0.04  # how much pitch differs from one rendition to the next
# where each syllable begins and ends, in Hz, how it bends between, and how loud overtones are
SWEEPS: Final = (
    (2000, 2000, 0.0, 0.6), (2000, 3200, 0.0, 0.6), (3200, 2000, 0.0, 0.6),
    (2600, 2600, 900.0, 0.3), (2600, 2600, -900.0, 0.3), (1400, 1400, 0.0, 0.9),
    (1400, 2200, 0.0, 0.9), (3600, 3600, 0.0, 0.2), (3600, 2400, 600.0, 0.2),
)  # fmt: skip


class Note(NamedTuple):
    """One syllable of a song."""

    onset: float  # seconds from the beginning of the song
    length: float
    label: int


@known_arguments
def finch_songs(songs: int = 40, noise: float = 0.5, seed: int = 0) -> tuple[list[Array], ...]:
    """Return songs as features of sound, and which syllable each frame is of.

    Order, times and names of the syllables are real: songs of one Bengalese finch [1]_. The sound
    is NOT: each of the nine syllables is a sweep with overtones, a little different at each
    rendition, laid over these times in white noise. A frame is 10 ms; its features are 13
    cepstrum coefficients and how they change (`nodegraph.data.datasets.mfcc`), its target a row of
    zeros with a one: syllables 0 to 8, then silence.

    Parameters
    ----------
    songs : int from 1 to 40
        How many of them.
    noise : float, at least 0
        Deviation of the noise; syllables have an amplitude of 1.
    seed : int
        Starts the random numbers.

    Returns
    -------
    u, y : lists of arrays, shape (T_i, 26) and (T_i, 10)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    .. [1] T. Koumura, K. Okanoya, PLoS ONE 11 (2016) e0159188; data: T. Koumura,
       BirdsongRecognition, figshare (2016).

    Examples
    --------
    >>> u, y = finch_songs(songs=2)
    >>> u[0].shape[1], y[0].shape[1], len(u[0]) == len(y[0])
    (26, 10, True)
    """
    known = _excerpt()
    n = whole("finch_songs.songs", songs)
    if n > len(known):
        raise DataError(f"finch_songs.songs: should be from 1 to {len(known)} (got {n})")
    loud, rng = real("finch_songs.noise", noise, low=0.0), generator("finch_songs", seed)
    found = [sung(notes, loud, rng) for notes in known[:n]]
    return [u for u, _ in found], [y for _, y in found]


def sung(notes: Sequence[Note], noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return features and targets of one song.

    Parameters
    ----------
    notes : sequence of Note
    noise : float
        Deviation of the white noise.
    rng : Generator
    """
    ends = max(note.onset + note.length for note in notes) + 2 * PAUSE
    sound = noise * rng.standard_normal(int(ends * RATE))
    labels = np.full(len(sound), SYLLABLES)
    for note in notes:
        start, count = int((PAUSE + note.onset) * RATE), int(note.length * RATE)
        sound[start : start + count] += _syllable(note.label, count, rng)
        labels[start : start + count] = note.label
    features = mfcc(sound, RATE)
    middles = np.arange(len(features)) * int(HOP * RATE) + int(HOP * RATE) // 2
    return features, np.eye(SYLLABLES + 1)[labels[middles]]


def _syllable(label: int, count: int, rng: np.random.Generator) -> Array:
    """Return a sweep with overtones that fades in and out, of amplitude 1."""
    low, high, bend, overtones = SWEEPS[label]
    t = np.linspace(0, 1, count)
    pitch = (low + (high - low) * t + bend * np.sin(np.pi * t)) * (1 + JITTER * rng.normal())
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = sum(overtones**k * np.sin((k + 1) * phase) for k in range(3))
    envelope = np.sin(np.pi * t) ** 0.5
    found: Array = envelope * sound / np.abs(sound).max()
    return found


def _excerpt() -> list[list[Note]]:
    """Return the songs that ship."""
    text = (files("nodegraph.data.datasets") / "data" / "finch_songs.csv").read_text("utf-8")
    songs: dict[str, list[Note]] = {}
    for line in text.splitlines()[1:]:
        song, onset, length, label = line.split(",")
        songs.setdefault(song, []).append(Note(float(onset), float(length), int(label)))
    return list(songs.values())
