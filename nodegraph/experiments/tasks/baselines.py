"""What a model is to beat: the last value, a linear autoregression, the mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nodegraph.arrays import Array, is_constant

__all__ = ["Autoregression", "LinearClassifier", "filled", "majority", "mean", "persistence"]

LAGS = (1, 2, 5, 10, 20, 40)
STRENGTHS = (1e-12, 1e-9, 1e-6, 1e-3, 1e-1)  # of ridge, as shares of the largest eigenvalue
MOST_FEATURES = 400
HELD_BACK = 4  # one in so many of the rows to learn from chooses lags and strength
FAR = 10.0  # ranges of the training data beyond which a generated value is held


def persistence(y: Array, start: int, lag: int = 1) -> Array:
    """Return the value `lag` steps before each row of `y` from `start` on.

    ``y_hat[t] = y[t - lag]``; before the first known value it is that one.

    Examples
    --------
    >>> persistence(np.array([[1.0], [2.0], [3.0], [4.0]]), start=2, lag=1).ravel()
    array([2., 3.])
    """
    known = filled(y)
    return known[np.maximum(np.arange(start, len(y)) - lag, 0)]


def filled(x: Array) -> Array:
    """Return `x` with each gap filled by the last value of its column before it.

    Before the first known value it is that one; a column without any is zero.

    Examples
    --------
    >>> filled(np.array([[np.nan, 1.0], [2.0, np.nan]])).tolist()
    [[2.0, 1.0], [2.0, 1.0]]
    """
    known = np.isfinite(x)
    rows = np.where(known, np.arange(len(x))[:, None], known.argmax(axis=0))
    found: Array = np.take_along_axis(x, np.maximum.accumulate(rows), axis=0)
    return np.where(np.isfinite(found), found, 0.0)


def mean(y: Array, n_steps: int) -> Array:
    """Return `n_steps` times the mean of `y`, rows with gaps left out.

    Examples
    --------
    >>> mean(np.array([[1.0], [np.nan], [3.0]]), 2).ravel()
    array([2., 2.])
    """
    return np.tile(y[_complete(y)].mean(axis=0), (n_steps, 1))


def majority(labels: Array, n_classes: int, n_series: int) -> Array:
    """Return, for each of `n_series`, the share of each class among `labels`."""
    shares = np.bincount(labels, minlength=n_classes) / len(labels)
    return np.tile(shares, (n_series, 1))


@dataclass(frozen=True)
class _Ridge:
    """``y = (x - centre) @ weights + offset``, for one strength of ridge."""

    centre: Array
    weights: Array
    offset: Array

    def __call__(self, x: Array) -> Array:
        return (x - self.centre) @ self.weights + self.offset


def _ridges(x: Array, y: Array) -> Iterator[_Ridge]:
    """Yield the ridge regression of `y` on `x` for each of `STRENGTHS`."""
    centre, offset = x.mean(axis=0), y.mean(axis=0)
    still = is_constant(x.min(axis=0), x.max(axis=0))
    size = np.where(still, 1.0, x.std(axis=0))  # strengths are the same in any unit
    around = (x - centre) / size
    values, vectors = np.linalg.eigh(around.T @ around)
    turned = vectors.T @ (around.T @ (y - offset))
    largest = max(float(values[-1]), np.finfo(float).tiny)
    for strength in STRENGTHS:
        held = np.maximum(values, 0.0) + strength * largest
        yield _Ridge(centre, vectors @ (turned / held[:, None]) / size[:, None], offset)


@dataclass(frozen=True)
class Autoregression:
    """Ridge regression on the last rows of a series, learned from the rows that the model has.

    ``y_hat[t] = offset + sum_k weights[k] x[t - k]`` for k below `lags`. The number of lags and
    the strength of ridge are those with the least squared error on the last quarter of these
    rows, learned from the other three; then all of them are learned from.

    Parameters
    ----------
    lags : int
    ridge : callable
    """

    lags: int
    ridge: _Ridge

    @classmethod
    def fit(cls, x: Array, y: Array, warmup: int = 0, most_lags: int = LAGS[-1]) -> Autoregression:
        """Learn from ``x`` of shape (n_steps, n_in) and ``y`` (n_steps, n_out).

        Examples
        --------
        >>> x = np.sin(np.arange(300) / 3)[:, None]
        >>> model = Autoregression.fit(x[:200], x[1:201])
        >>> bool(np.abs(model.predict(x[:299], start=200) - x[201:]).max() < 1e-4)
        True
        """
        room = min(most_lags, MOST_FEATURES // x.shape[1], max(1, (len(x) - warmup) // 8))
        choices = [lags for lags in LAGS if lags <= room] or [1]
        cut = len(x) - (len(x) - warmup) // HELD_BACK
        errors = {
            (lags, i): _squared_error(ridge, lags, x, y, cut)
            for lags in choices
            for i, ridge in enumerate(_ridges(*_examples(x[:cut], y[:cut], lags, warmup)))
        }
        lags, strength = min(errors, key=errors.__getitem__)
        return cls(lags, list(_ridges(*_examples(x, y, lags, warmup)))[strength])

    @classmethod
    def of_series(cls, xs: Sequence[Array], ys: Sequence[Array], warmup: int = 0) -> Autoregression:
        """Learn from independent series; every fourth one chooses lags and strength."""
        shortest = min(map(len, xs)) - warmup
        room = max(1, min(LAGS[-1], MOST_FEATURES // xs[0].shape[1], shortest // 8))
        held = np.arange(len(xs)) % HELD_BACK == HELD_BACK - 1
        told = np.flatnonzero(held if held.any() else ~held)
        errors = {}
        for lags in (lags for lags in LAGS if lags <= room):
            parts = [_examples(x, y, lags, warmup) for x, y in zip(xs, ys, strict=True)]
            x, y = _joined(parts, told)
            for i, ridge in enumerate(_ridges(*_joined(parts, np.flatnonzero(~held)))):
                errors[lags, i] = float(((ridge(x) - y) ** 2).sum()) / max(1, len(x))
        lags, strength = min(errors, key=errors.__getitem__)
        parts = [_examples(x, y, lags, warmup) for x, y in zip(xs, ys, strict=True)]
        return cls(lags, list(_ridges(*_joined(parts, range(len(parts)))))[strength])

    def predict(self, x: Array, start: int) -> Array:
        """Return the forecasts from row `start` of `x` on."""
        return self.ridge(_lagged(x, self.lags)[start:])

    def generate(self, history: Array, n_steps: int) -> Array:
        """Return what comes after `history`, each forecast taken as the next input."""
        low, high = history.min(axis=0), history.max(axis=0)
        room = FAR * (high - low)
        rows = list(_lagged(history, self.lags)[-1].reshape(self.lags, -1))
        for _ in range(n_steps):
            seen = np.concatenate(rows[-self.lags :])
            rows.append(np.clip(self.ridge(seen), low - room, high + room))
        return np.array(rows[-n_steps:])


def _joined(parts: Sequence[tuple[Array, Array]], which: Iterable[int]) -> tuple[Array, Array]:
    """Return the rows and targets of some series, one after the other."""
    some = [parts[i] for i in which]
    return np.vstack([x for x, _ in some]), np.vstack([y for _, y in some])


def _examples(x: Array, y: Array, lags: int, warmup: int) -> tuple[Array, Array]:
    """Return lagged rows and targets, without those before `warmup` or with gaps."""
    start = max(warmup, lags - 1)
    features, targets = _lagged(x, lags)[start:], y[start:]
    kept = _complete(targets)
    return features[kept], targets[kept]


def _squared_error(ridge: _Ridge, lags: int, x: Array, y: Array, start: int) -> float:
    off = ridge(_lagged(x, lags)[start:]) - y[start:]
    return float(np.nansum(off**2))


def _lagged(x: Array, lags: int) -> Array:
    """Return each row with the ``lags - 1`` rows before it, oldest first; zeros before all."""
    padded = np.vstack([np.zeros((lags - 1, x.shape[1])), x])
    windows = np.lib.stride_tricks.sliding_window_view(padded, lags, axis=0)
    return windows.transpose(0, 2, 1).reshape(len(x), -1)


@dataclass(frozen=True)
class LinearClassifier:
    """Ridge regression of classes on the mean and the last row of each series.

    Parameters
    ----------
    ridge : callable
    """

    ridge: _Ridge

    @classmethod
    def fit(cls, series: Sequence[Array], one_hot: Array) -> LinearClassifier:
        """Learn from series of shape (n_steps, n_in) and rows of zeros with a one."""
        features = _summaries(series)
        held = np.zeros(len(series), bool)
        held[np.argsort(one_hot.argmax(axis=1), kind="stable")[::HELD_BACK]] = True  # of each class
        ridges = list(_ridges(features[~held], one_hot[~held]))
        errors = [float(((ridge(features[held]) - one_hot[held]) ** 2).sum()) for ridge in ridges]
        return cls(list(_ridges(features, one_hot))[int(np.argmin(errors))])

    def predict(self, series: Sequence[Array]) -> Array:
        """Return a number for each series and class, the greatest for the likeliest."""
        return self.ridge(_summaries(series))


def _summaries(series: Sequence[Array]) -> Array:
    return np.array([np.concatenate([rows.mean(axis=0), rows[-1]]) for rows in series])


def _complete(y: Array) -> Array:
    return np.asarray(np.isfinite(y).all(axis=1))
