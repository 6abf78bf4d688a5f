"""Whether a model that runs by itself lives on the attractor of its data."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import real, whole
from nodegraph.data.series import to_rows
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["histogram_distance", "power_spectrum", "power_spectrum_error", "return_map"]


@known_arguments
def histogram_distance(y: Any, y_hat: Any, bins: int = 50) -> float:
    """Return how much two series differ in what values they take, whatever the order.

    ``H = sqrt(sum_i (sqrt(p_i) - sqrt(q_i))**2 / 2)``, the Hellinger distance of the histograms
    over the range of both, the mean over columns: 0 for the same, 1 for nothing in common.

    Parameters
    ----------
    y, y_hat : array_like, shape (T, d)
        The data, and what a model made; they may be of different lengths.
    bins : int

    Examples
    --------
    >>> import nodegraph as ng
    >>> x = ng.datasets.lorenz(4000, discard=500)
    >>> histogram_distance(x, x), round(histogram_distance(x, x + 100), 12)
    (0.0, 1.0)
    """
    where = "histogram_distance"
    one, other = _pair(where, y, y_hat)
    bins = whole(f"{where}.bins", bins)
    found = []
    for a, b in zip(one.T, other.T, strict=True):
        ends = min(a.min(), b.min()), max(a.max(), b.max())
        p, q = (np.histogram(x, bins, ends)[0] / len(x) for x in (a, b))
        found.append(_hellinger(p, q))
    return float(np.mean(found))


@known_arguments
def power_spectrum(series: Any, dt: float = 1.0, smooth: int = 20) -> tuple[Array, Array]:
    """Return frequencies and the share of the power of each column at each of them.

    ``|F(w (x - mean x))|**2 / sum``, F being Fourier's transform and w the window of Hann.

    Parameters
    ----------
    series : array_like, shape (T, d)
    dt : float
        Time between rows.
    smooth : int
        Over how many frequencies a running mean goes; 1 for none. There are ``T // 2 + 1``.

    Returns
    -------
    ndarray (n,), ndarray (n, d)
        Frequencies in 1 / time, and shares, of which those of a column sum to about 1.

    Raises
    ------
    DataError
        If `smooth` is more than there are frequencies.
    """
    where = "power_spectrum"
    rows, dt = to_rows(series, f"{where}: series"), real(f"{where}.dt", dt, above=0.0)
    window = np.hanning(len(rows))[:, None]
    power = np.abs(np.fft.rfft((rows - rows.mean(axis=0)) * window, axis=0)) ** 2
    smooth = whole(f"{where}.smooth", smooth)
    if smooth > len(power):
        raise DataError(
            f"{where}.smooth: a series of {len(rows)} rows has {len(power)} frequencies, and the "
            f"mean would go over {smooth}; give more rows, or write smooth={len(power)} or less"
        )
    kernel = np.ones(smooth)
    power = np.stack([np.convolve(p, kernel / kernel.size, "same") for p in power.T], axis=1)
    sums = power.sum(axis=0)
    return np.fft.rfftfreq(len(rows), dt), power / np.where(sums > 0, sums, 1.0)


@known_arguments
def power_spectrum_error(y: Any, y_hat: Any, smooth: int = 20) -> float:
    """Return how much two series differ in their frequencies.

    The Hellinger distance of their smoothed power spectra, the mean over columns: 0 for the same,
    1 for nothing in common.

    Parameters
    ----------
    y, y_hat : array_like, shape (T, d)
        The data, and what a model made; of the longer one the first rows are taken.
    smooth : int
        As in `power_spectrum`.

    References
    ----------
    J. Mikhaeil, Z. Monfared, D. Durstewitz, On the difficulty of learning chaotic dynamics with
    RNNs, NeurIPS (2022).

    Examples
    --------
    >>> t = np.arange(2000)
    >>> round(power_spectrum_error(np.sin(t / 5), np.sin(t / 5 + 1)), 2)
    0.0
    """
    one, other = _pair("power_spectrum_error", y, y_hat)
    n = min(len(one), len(other))
    _, p = power_spectrum(one[:n], smooth=smooth)
    _, q = power_spectrum(other[:n], smooth=smooth)
    return float(np.mean([_hellinger(a, b) for a, b in zip(p.T, q.T, strict=True)]))


@known_arguments
def return_map(series: Any, column: int = 0) -> Array:
    """Return each maximum of a column beside the one that follows it.

    Maxima are those of parabolas through three rows, so that a curve shows however coarse the rows
    are. For the third column of Lorenz it is the tent that he drew in 1963.

    Parameters
    ----------
    series : array_like, shape (T, d)
    column : int

    Returns
    -------
    ndarray, shape (n, 2)

    Raises
    ------
    DataError
        If there are fewer than two maxima.

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.dynamics.return_map(ng.datasets.lorenz(2000), column=2).shape
    (55, 2)
    """
    rows = to_rows(series, "return_map: series")
    column = whole("return_map.column", column, least=0)
    if column >= rows.shape[1]:
        raise DataError(f"return_map.column: there are {rows.shape[1]} columns (got {column})")
    x = rows[:, column]
    left, peak, right = x[:-2], x[1:-1], x[2:]
    top = (peak > left) & (peak >= right)
    a, b, c = left[top], peak[top], right[top]
    maxima = b + (a - c) ** 2 / (8 * (2 * b - a - c))
    if len(maxima) < 2:
        raise DataError(f"return_map: column {column} has {len(maxima)} maxima; give more rows")
    return np.stack([maxima[:-1], maxima[1:]], axis=1)


def _pair(where: str, y: Any, y_hat: Any) -> tuple[Array, Array]:
    one, other = to_rows(y, f"{where}: y"), to_rows(y_hat, f"{where}: y_hat")
    if one.shape[1] != other.shape[1]:
        raise DataError(f"{where}: y has {one.shape[1]} columns, y_hat {other.shape[1]}")
    return one, other


def _hellinger(p: Array, q: Array) -> float:
    return float(np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2))
