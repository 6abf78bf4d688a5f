"""What members of an ensemble say: asked of each, together, and between which bounds; checked."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError, FieldError, warn
from nodegraph.model.checks import rows_like

__all__ = [
    "ALIKE",
    "TOGETHER",
    "alike",
    "by_series",
    "checked_forecasts",
    "checked_levels",
    "checked_pair",
    "checked_samples",
    "factors",
    "of_each",
    "warn_of_other_factors",
]

S = TypeVar("S")
T = TypeVar("T")

ALIKE = (
    "all members say the same, for nothing in the graph is drawn from a seed: take a node with "
    "random weights, or bagged=True and lists of series"
)


def _trimmed(samples: Array) -> Array:
    """Return the mean over members without a fifth at each end, at least one."""
    n = len(samples)
    cut = min(max(1, n // 5), (n - 1) // 2)
    mean: Array = np.sort(samples, axis=0)[cut : n - cut].mean(axis=0)
    return mean


TOGETHER: dict[str, Callable[[Array], Any]] = {
    "mean": partial(np.mean, axis=0),
    "median": partial(np.median, axis=0),
    "trimmed": _trimmed,
}


def factors(told: Sequence[tuple[Array, Array]], came: Sequence[Array], share: float) -> Array:
    """Return how many times wider bounds must be at each step to hold that share of what came.

    Parameters
    ----------
    told : sequence of (ndarray (n_steps, n_out), ndarray (n_steps, n_out, 2))
        Of each forecast the centre, and the two bounds about it.
    came : sequence of ndarray (n_steps, n_out)
    share : float
    """
    shares = []
    for (centre, bounds), y in zip(told, came, strict=True):
        off = y - centre
        half = np.where(off < 0, centre - bounds[..., 0], bounds[..., 1] - centre)
        shares.append(np.abs(off) / np.maximum(half, np.finfo(float).tiny))
    ratios = np.stack(shares)  # (forecasts, n_steps, n_out)
    near = [ratios[:, max(0, t - 2) : t + 3] for t in range(ratios.shape[1])]
    return np.array([np.quantile(part, share) for part in near])


def alike(samples: Array) -> bool:
    """Tell whether all members say the same."""
    return bool((samples == samples[:1]).all())


def checked_levels(levels: Any, call: str) -> list[float]:
    """Return levels, each between 0 and 1."""
    try:
        found = np.asarray(levels, float)
    except (TypeError, ValueError):
        found = np.empty(())
    if found.ndim != 1 or not found.size or not ((found > 0) & (found < 1)).all():
        raise FieldError(
            f"{call}: levels should be numbers between 0 and 1, such as [0.05, 0.95], "
            f"got {levels!r}"
        )
    return [float(level) for level in found]


def checked_pair(levels: Any) -> tuple[float, float]:
    """Return the lower and the upper one of two levels."""
    found = sorted(checked_levels(levels, "calibrate"))
    if len(found) != 2 or found[0] == found[1]:
        raise FieldError(
            f"calibrate: levels should be two, such as [0.05, 0.95], got {levels!r}; calibrate "
            "anew for other ones"
        )
    return found[0], found[1]


def warn_of_other_factors(
    levels: Sequence[float], known: tuple[float, float], n_steps: int, n_known: int
) -> None:
    """Warn of intervals that `calibrate` has not looked at: other levels, or later steps."""
    if strangers := [level for level in levels if level not in (*known, 0.5)]:
        warn(
            f"Ensemble.intervals: calibrated for levels {known[0]:g} and {known[1]:g}, so at "
            f"{strangers[0]:g} nobody knows how much they hold; calibrate(samples, truths, "
            "levels=...) with those before"
        )
    if n_steps > n_known:
        warn(
            f"Ensemble.intervals: calibrated on forecasts of {n_known} steps, and these have "
            f"{n_steps}: the factor of the last one goes on, and errors grow; calibrate on as many "
            "steps, or, for samples(x), on lists of such: a loop that is closed errs in another way"
        )


def by_series(samples: Any) -> Any:
    """Return what members said of a stack of series, (n_members, n_series, ...), as a list."""
    stacked = isinstance(samples, np.ndarray) and samples.ndim == 4
    return list(np.moveaxis(samples, 1, 0)) if stacked else samples


def checked_samples(samples: Any, members: int, call: str) -> Array:
    """Return what members said, (n_members, n_steps, n_out)."""
    wanted = f"samples should have shape ({members}, n_steps, n_out), one of each member"
    cure = "write e.intervals(e.samples(x)) for data x, or e.generated(...) for forecasts"
    if call == "calibrate":
        cure = "write e.calibrate(e.generated(n, prompt=[...]), [...]), lists of one length"
    try:
        found = np.asarray(samples, float)
    except (TypeError, ValueError):
        said = type(samples).__name__
        raise DataError(f"{call}: {wanted}, got a {said}; {cure}") from None
    if found.ndim != 3 or len(found) != members:
        raise DataError(f"{call}: {wanted}, got shape {found.shape}; {cure}")
    return found


def checked_forecasts(
    samples: Any, truths: Any, members: int
) -> tuple[Sequence[Array], Sequence[Array]]:
    """Return forecasts of one length, and what came at each of their steps."""
    for name, what in (("samples", samples), ("truths", truths)):
        if not isinstance(what, list | tuple | np.ndarray):
            raise DataError(f"calibrate: {name} should be a list, got {type(what).__name__}")
    if len(samples) != len(truths) or not len(samples):
        raise DataError(f"calibrate: {len(samples)} forecasts for {len(truths)} truths")
    said = [checked_samples(one, members, "calibrate") for one in samples]
    if len(shapes := sorted({one.shape[1:] for one in said})) > 1:
        raise DataError(
            f"calibrate: forecasts should be of one length, got {shapes[0]} and {shapes[-1]}"
        )
    if all(alike(one) for one in said):
        raise DataError(f"calibrate: {ALIKE}; no factor widens intervals of width 0")
    came = [
        rows_like(y, said[i].shape[1:], f"calibrate: truths[{i}]") for i, y in enumerate(truths)
    ]
    if odd := [i for i, y in enumerate(came) if not np.isfinite(y).all()]:
        raise DataError(f"calibrate: truths[{odd[0]}] has values that are not finite")
    return said, came


_NUMBER = re.compile(r"(?<![\w.])[0-9][0-9.]*(e[+-]?[0-9]+)?")


def of_each(members: Sequence[T], what: Callable[[int, T], S]) -> list[S]:
    """Return ``what(i, member)`` of each; what several warn of, but for numbers, is said once."""
    said: dict[tuple[type[Warning], str], tuple[str, set[int]]] = {}
    found = []
    try:
        for i, member in enumerate(members):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    found.append(what(i, member))
                finally:
                    for one in caught:
                        text = str(one.message)
                        key = one.category, _NUMBER.sub("", text)
                        said.setdefault(key, (text, set()))[1].add(i)
    finally:
        for (category, _), (text, who) in said.items():
            more = f" (and so of {len(who) - 1} more of {len(members)} members)"
            warn(text + more * (len(who) > 1), category)
    return found
