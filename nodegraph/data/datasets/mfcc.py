"""Features of sound: cepstrum coefficients on the scale by which ears tell pitches."""

from __future__ import annotations

from typing import Final

import numpy as np

from nodegraph.arrays import Array

__all__ = ["HOP", "mfcc"]

HOP: Final = 0.01  # seconds from frame to frame
WINDOW: Final = 0.032
FILTERS, COEFFICIENTS = 40, 13
LEAST: Final = 1e-10  # energy, so that silence has a logarithm


def mfcc(sound: Array, rate: int) -> Array:
    """Return 13 mel-frequency cepstrum coefficients [1]_ of each frame, and their changes.

    Frames of 32 ms, 10 ms apart, under a Hann window; the energy of their spectrum in 40
    triangles that lie evenly on the mel scale, ``2595 log10(1 + f / 700)``; its logarithm; a cosine
    transform. The change is half of the next frame less the last.

    Parameters
    ----------
    sound : array (n,)
    rate : int
        Samples a second.

    Returns
    -------
    array, shape (frames, 26)

    References
    ----------
    .. [1] S. Davis, P. Mermelstein, IEEE Trans. Acoust. Speech Signal Process. 28 (1980) 357-366.

    Examples
    --------
    >>> mfcc(np.sin(np.arange(16000) / 3), 16000).shape
    (100, 26)
    """
    from scipy.fft import dct  # spared to those who ask for another data set

    width, hop = int(WINDOW * rate), int(HOP * rate)
    padded = np.pad(sound, (width // 2, width))
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)[::hop][: len(sound) // hop]
    energy = np.abs(np.fft.rfft(windows * np.hanning(width), axis=1)) ** 2
    heard = np.log(energy @ triangles(width, rate).T + LEAST)
    found = dct(heard, axis=1, norm="ortho")[:, :COEFFICIENTS]
    around = np.pad(found, ((1, 1), (0, 0)), mode="edge")
    return np.concatenate([found, (around[2:] - around[:-2]) / 2], axis=1)


def triangles(width: int, rate: int) -> Array:
    """Return how much each filter hears of each frequency, (40, width // 2 + 1)."""
    frequencies = np.fft.rfftfreq(width, 1 / rate)
    highest = 2595 * np.log10(1 + rate / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, highest, FILTERS + 2) / 2595) - 1)
    low, middle, high = (corners[i : FILTERS + i, None] for i in range(3))
    up, down = (frequencies - low) / (middle - low), (high - frequencies) / (high - middle)
    found: Array = np.maximum(0, np.minimum(up, down))
    return found
