"""What a model learns from, what it is scored on, and what it is to generate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.last_rows import KINDS, Last
from nodegraph.errors import DataError
from nodegraph.files.table_times import read_times
from nodegraph.files.yaml.task import GenerateTarget

__all__ = ["Examples", "NamedRows", "TaskData", "Titles", "Window", "named", "picked", "windows"]


LOOKED_AT = 4096  # rows whose times tell how far they are apart


class Examples(NamedTuple):
    """Inputs and targets as `Model.fit` takes them: an array, a list of series, or a dict."""

    x: Any
    y: Any

    @property
    def has_series(self) -> bool:
        """Whether these are lists of series."""
        y = self.y
        return isinstance(next(iter(y.values())) if isinstance(y, Mapping) else y, list)


class Titles(NamedTuple):
    """What the columns of a target are called, and each of its rows; None where nothing says so."""

    names: tuple[str, ...] | None = None
    times: tuple[str, ...] | None = None


@dataclass(frozen=True)
class NamedRows:
    """Rows of numbers with names of their columns, in the form of a labelled array of xarray."""

    rows: Array
    names: tuple[str, ...]
    dims: ClassVar[tuple[str, str]] = ("time", "column")

    @property
    def coords(self) -> dict[str, tuple[str, ...]]:
        """The names along each dimension that has some."""
        return {"column": self.names}

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its axes."""
        return self.rows.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.rows, dtype) if copy else np.asarray(self.rows, dtype)


class Window(NamedTuple):
    """What came before (prompt; None: go on from learning), and what really came after it.

    ``generate(len(w.truth), prompt=w.seen, x=w.outside)`` is to be like ``w.truth``; `seen` is the
    prompt as the model takes it, `outside` the data of inputs that stay outside the loop. `first`
    is the row of the data that the truth begins with.
    """

    prompt: Array | None
    truth: Array
    seen: Any = None
    outside: Any = None
    first: int = 0


@dataclass(frozen=True)
class TaskData:
    """The arrays of a task.

    Parameters
    ----------
    train : Examples
        What to learn from.
    test : Examples or None
        Rows right behind those; independent series if those of `train` are.
    windows : tuple of Window
        What to generate.
    labels : (Array, Array) or None
        Class of each series to learn from and to score, as an index into `classes`.
    classes : tuple
        What the classes are called, in the order of the target's columns.
    held_back : bool
        Whether the series of `test` are some that the data set has for learning.
    told : tuple of str
        What was read from each file, and what was taken for what there.
    titles : dict of Titles
        What columns and rows of the targets are called, by node; by "" where no node is named.
    columns : dict of tuple of str
        What the columns of the inputs are called, where they have names, by node or "" likewise.
    called : tuple of str
        What each series that is scored is called in the data; empty where nothing says so.
    times : tuple of tuple of str
        What the rows of their targets are called, series by series; likewise.
    rows : tuple of str
        What the rows of one series are called; likewise.
    """

    train: Examples
    test: Examples | None = None
    windows: tuple[Window, ...] = ()
    labels: tuple[Array, Array] | None = None
    classes: tuple[Any, ...] = ()
    held_back: bool = False
    told: tuple[str, ...] = ()
    titles: Mapping[str, Titles] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    called: tuple[str, ...] = ()
    times: tuple[tuple[str, ...], ...] = ()
    rows: tuple[str, ...] = ()

    def last(self, steps: int) -> Last | None:
        """Return when the last of the first `steps` rows was taken, as those before it tell."""
        times = self.rows[max(0, steps - LOOKED_AT) : steps]
        moments = read_times(times)[0] if 0 < steps <= len(self.rows) else None
        if moments is None or not (moments == moments).all():
            return None
        return Last.behind(moments.astype(KINDS[moments.dtype.kind][0]), None)


def windows(
    series: Array,
    train: int,
    target: GenerateTarget,
    x: Any = None,
    outside: Mapping[str, Array] | None = None,
) -> tuple[Window, ...]:
    """Return what to generate behind the first `train` rows of `series`.

    Parameters
    ----------
    series : array, shape (n_rows, d)
        What is generated.
    train : int
        Rows that are learned from.
    target : GenerateTarget
    x : array or dict of arrays, n_rows rows each, optional
        What goes in. Without it the model learned ``series[:train]`` and goes on with
        ``series[train]``, else it was shown the rows one step later and, without a prompt, goes
        on with ``series[train + 1]``.
    outside : dict of arrays, n_rows rows each, optional
        What goes into inputs that stay outside the loop.

    Raises
    ------
    DataError
        If there are too few rows.
    """
    steps, prompt = target.generate, target.prompt
    if x is None or prompt == 0:
        if target.windows > 1:
            raise DataError("several windows need a prompt, so that each begins anew")
        first = train if x is None else train + 1
        if first + steps > len(series):
            raise DataError(f"row {first} + generate {steps} rows; there are {len(series)}")
        after = picked(outside, slice(train, train + steps))
        return (Window(None, series[first : first + steps], outside=after, first=first),)
    last = len(series) - (prompt + steps)
    if last < train or last - train + 1 < target.windows:
        needed = train + prompt + steps + target.windows - 1
        raise DataError(
            f"train {train} + prompt {prompt} + generate {steps} and {target.windows} starts "
            f"need {needed} rows; there are {len(series)}"
        )
    starts = np.linspace(train, last, target.windows).astype(int)
    return tuple(
        Window(
            series[s : s + prompt],
            series[s + prompt : s + prompt + steps],
            picked(x, slice(s, s + prompt)),
            picked(outside, slice(s + prompt, s + prompt + steps)),
            s + prompt,
        )
        for s in starts
    )


def picked(data: Any, rows: slice) -> Any:
    """Return `rows` of each array; None stays None."""
    if isinstance(data, Mapping):
        return {name: array[rows] for name, array in data.items()}
    return None if data is None else data[rows]


def named(data: Any, columns: Mapping[str, tuple[str, ...]], node: str = "") -> Any:
    """Return arrays, or lists of them, with the names of their columns, where these are known."""
    if isinstance(data, Mapping):
        return {name: named(part, columns, name) for name, part in data.items()}
    if data is None or node not in columns:
        return data
    names = columns[node]
    if isinstance(data, list):
        return [NamedRows(rows, names) for rows in data]
    return NamedRows(data, names)
