"""Independent series dealt out in turn, class by class, whatever order they came in."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from hashlib import blake2b

import numpy as np

from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series, Stream

__all__ = ["IDLE", "dealt_out"]

Label = tuple[float, ...]
IDLE = -2  # the number of series that nothing is learned from, which are none of the others


def dealt_out(bound: BoundData, warmup: int) -> BoundData:
    """Return the data with a number for each independent series: its turn when all are dealt.

    Series are sorted by their label, then by what is in them, and numbered from 0 on. So each run
    of neighbouring numbers has as much of every class as can be, and neither the order in which
    series or classes came nor how they are grouped shows. A target that is the same at every
    step that is learned from is a label; series without one differ by their data alone. Those that
    nothing is learned from have no turn, and one alone that is learned from has no number.
    """
    if bound.own or len(bound.series) < 2:
        return bound
    labels = [_label(one, warmup) for one in bound.series]
    taught = [i for i, label in enumerate(labels) if label is not None]
    order = sorted(taught, key=lambda i: (labels[i] or (), _digest(bound.series[i])))
    turns = {i: turn if len(taught) > 1 else None for turn, i in enumerate(order)}
    return replace(
        bound, series=[_numbered(one, turns.get(i, IDLE)) for i, one in enumerate(bound.series)]
    )


def _numbered(series: Series | Stream, turn: int | None) -> Series | Stream:
    return series.changed(partial(replace, number=turn)) if isinstance(series, Series) else series


def _label(series: Series | Stream, warmup: int) -> Label | None:
    """Return the targets that stay the same, and None if there is nothing to learn from."""
    if not isinstance(series, Series) or series.n_steps <= warmup:
        return None
    label: list[float] = []
    parts = [rows[warmup:] for _, rows in sorted(series.targets.items())]
    known = [rows[np.isfinite(rows).all(axis=1)] for rows in parts]
    if known and not any(map(len, known)):
        return None
    for rows in known:
        if len(rows) and (rows == rows[0]).all():
            label += rows[0].tolist()
    return tuple(label)


def _digest(series: Series | Stream) -> bytes:
    """Return a number made of all inputs of a series."""
    made = blake2b(digest_size=16)
    if isinstance(series, Series):
        for name in sorted(series.data):
            made.update(np.ascontiguousarray(series.data[name]).data)
    return made.digest()
