"""From what users hand over to checked rows of numbers: arrays, lists of series, dicts, chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, is_plain
from nodegraph.data.cells import cell
from nodegraph.data.containers import as_array, axes, opened
from nodegraph.data.instances import Instances
from nodegraph.data.kept_rows import Part
from nodegraph.data.tables import Columns, columns_of, index_of, is_labelled
from nodegraph.errors import DataError

__all__ = [
    "MOST",
    "Chunk",
    "Recent",
    "Series",
    "Stream",
    "in_a_row",
    "is_short",
    "one_row",
    "split_series",
    "to_rows",
]

BLOCK = 1 << 20  # numbers that are checked at a time
FEW = 1 << 12  # numbers of a series that is short


MOST = 256  # rows that are kept

Rows = Mapping[str, Array]  # by node, (n_steps, n)


class Chunk(NamedTuple):
    """Some steps of one series, as they come from outside; or many series, each of them whole."""

    n_steps: int
    data: Mapping[str, Array]  # by node, (n_steps, n)
    targets: Mapping[str, Array]  # by node, (n_steps, n_out); NaN where there is none
    learn_from: int = 0  # rows before it only drive the states
    number: int | None = None  # of an independent series, when they are dealt out in turn
    known: Mapping[str, Array] = {}  # by node that does not run: its outputs
    lengths: tuple[int, ...] = ()  # of the series that lie in it one behind the other

    def lessons(self, steps: Array) -> Array:
        """Return which of `steps` are to be learned from."""
        if not self.lengths:
            return steps >= self.learn_from
        starts = np.cumsum(self.lengths) - self.lengths
        first = starts[np.searchsorted(starts, steps, side="right") - 1]
        return steps - first >= self.learn_from

    def parts(self, rows: Array) -> list[Array]:
        """Return of rows, one for each of its steps, those of each series."""
        return np.split(rows, np.cumsum(self.lengths[:-1])) if self.lengths else [rows]


@dataclass(frozen=True)
class Series:
    """One series: rows by input node, targets by learner, all of the same length.

    An independent one may have a number, see `nodegraph.data.binding`.
    `columns` and `taught` are the names of the columns of data and targets, where they have any;
    `known` are the outputs of nodes that need not run.
    """

    data: Mapping[str, Array]
    targets: Mapping[str, Array]
    n_steps: int
    number: int | None = None
    columns: Mapping[str, Columns] = field(default_factory=dict)
    taught: Mapping[str, Columns] = field(default_factory=dict)
    known: Mapping[str, Part] = field(default_factory=dict)

    def first(self, n_steps: int) -> Series:
        """Return the series without what comes after so many steps."""
        data, targets = (
            {name: rows[:n_steps] for name, rows in part.items()}
            for part in (self.data, self.targets)
        )
        return replace(self, data=data, targets=targets, n_steps=n_steps)

    def read(self) -> Series:
        """Return the series with its rows at hand."""
        return self

    def changed(self, how: Callable[[Series], Series]) -> Series:
        """Return what `how` makes of the series."""
        return how(self)

    def whole(self, warmup: int, dtype: np.dtype[Any]) -> Chunk:
        """Return the series as one chunk."""
        return next(self.chunks(self.n_steps, warmup, dtype))

    def chunks(
        self, size: int, warmup: int, dtype: np.dtype[Any], done: int = 0
    ) -> Iterator[Chunk]:
        """Yield the series in chunks of at most `size` steps, without the first `done` ones."""
        for start in range(done, self.n_steps, size):
            stop = min(start + size, self.n_steps)

            cut = slice(start, stop)
            data = {name: _cast(rows[cut], dtype, name) for name, rows in self.data.items()}
            targets = {name: _cast(rows[cut], dtype, name) for name, rows in self.targets.items()}
            known = {name: rows[cut] for name, rows in self.known.items()}
            yield Chunk(stop - start, data, targets, max(0, warmup - start), self.number, known)


class Recent(NamedTuple):
    """The last rows of inputs and targets that are equally wide: others cannot be compared."""

    data: Mapping[str, Array] = {}
    targets: Mapping[str, Array] = {}
    stop: int = 0  # number of the step behind the last one

    def after(self, data: Rows, targets: Rows, start: int) -> Recent:
        """Return the last rows when more have come, the first of them at step `start`.

        Rows that do not follow those that were there begin anew.
        """
        widths = {rows.shape[1] for rows in targets.values()}
        data = {name: rows for name, rows in data.items() if rows.shape[1] in widths}
        if not data:
            return Recent()
        n_steps = len(next(iter(data.values())))
        follows = start == self.stop and self.data.keys() == data.keys()
        follows = follows and self.targets.keys() == targets.keys()
        before: tuple[Rows, Rows] = (self.data, self.targets) if follows else ({}, {})
        return Recent(_last(before[0], data), _last(before[1], targets), start + n_steps)


def _last(before: Rows, rows: Rows) -> dict[str, Array]:
    """Return copies of the last rows of each."""
    return {
        name: np.concatenate([*([before[name]] if name in before else []), new[-MOST:]])[-MOST:]
        for name, new in rows.items()
    }


def in_a_row(series: Sequence[Series], warmup: int, dtype: np.dtype[Any]) -> Chunk:
    """Return independent series, which have no numbers, as one chunk of all of them."""
    lengths = tuple(one.n_steps for one in series)
    data, targets = (
        {name: _joined([one[name] for one in parts], dtype, name) for name in parts[0]}
        for parts in ([one.data for one in series], [one.targets for one in series])
    )
    parts = {name: [one.known[name][:] for one in series] for name in series[0].known}
    known = {name: np.concatenate(rows) for name, rows in parts.items()}
    return Chunk(sum(lengths), data, targets, warmup, None, known, lengths)


@dataclass
class Stream:
    """One long series that comes as an iterable of series, one after the other.

    `recent` are the last rows that came, `ends` the targets of the very last.
    """

    parts: Iterable[Series]
    recent: Recent = field(default_factory=Recent)
    ends: Rows = field(default_factory=dict)

    def chunks(
        self, size: int, warmup: int, dtype: np.dtype[Any], done: int = 0
    ) -> Iterator[Chunk]:
        """Yield the stream in chunks of at most `size` steps, without the first `done` ones."""
        self.recent = Recent()
        for part in self.parts:
            self.recent = self.recent.after(part.data, part.targets, self.recent.stop)
            self.ends = {name: rows[-1:].copy() for name, rows in part.targets.items()}
            if done < part.n_steps:
                yield from part.chunks(size, max(0, warmup), dtype, done)
            done, warmup = max(0, done - part.n_steps), warmup - part.n_steps


def _joined(parts: Sequence[Array], dtype: np.dtype[Any], name: str) -> Array:
    if len({part.dtype for part in parts}) > 1:  # each is to be rounded once
        parts = [_cast(part, dtype, name) for part in parts]
    return _cast(np.concatenate(parts), dtype, name)


def _cast(rows: Array, dtype: np.dtype[Any], name: str) -> Array:
    try:
        with np.errstate(over="raise"):
            return np.ascontiguousarray(rows, dtype)
    except FloatingPointError:
        raise DataError(
            f"{name}: values too large for {dtype.name}; scale the data, or write dtype='float64'"
        ) from None


def split_series(value: Any, where: str) -> tuple[list[Any], str]:
    """Return the series in `value` and its form: ``"one"``, ``"list"`` or ``"array"``."""
    if is_plain(value) and value.ndim != 3:
        return [value], "one"
    value = opened(value, where)
    if isinstance(value, list | tuple):
        if not len(value):
            raise DataError(f"{where}: an empty list; give at least one series of shape (T, d)")
        dims = {axes(item) for item in value}
        if dims == {2}:
            return value if isinstance(value, Instances) else list(value), "list"
        if all(_is_pair(item) for item in value):
            raise DataError(
                f"{where}: a list of pairs (x, y); write fit([x for x, _ in pairs], [y for _, y in "
                "pairs]), or fit(ng.Series(pairs))"
            )
        if max(dims) >= 2 or any(hasattr(item, "shape") and axes(item) for item in value):
            raise DataError(
                f"{where}: a list holds independent series, each of shape (T, d); got items with "
                f"{', '.join(str(d) for d in sorted(dims))} axes; write np.stack(rows) for the "
                f"rows of one series, {_as_column(value)} for a series of one column"
            )
    if axes(value) == 3:
        named = np.ma.isMaskedArray(value) or is_labelled(value)
        stack = value if named else np.asarray(value)
        if not len(stack):
            raise DataError(f"{where}: there is no series in it, its shape is {stack.shape}")
        names = index_of(stack) if is_labelled(stack) else None
        return list(stack) if names is None else Instances(list(stack), names), "array"
    return [value], "one"


def _is_pair(item: Any) -> bool:
    """Tell whether this is a tuple of two arrays: a series and its targets, as it seems."""
    return isinstance(item, tuple) and len(item) == 2 and all(axes(part) >= 2 for part in item)


def _as_column(items: Any) -> str:
    framed = all(hasattr(type(item), "to_frame") for item in items)
    return "a.to_frame()" if framed else "a.reshape(-1, 1)"


def to_rows(value: Any, where: str, *, gaps: bool = False) -> Array:
    """Return one series as an array of numbers of shape (T, d); checked, never modified.

    Parameters
    ----------
    value : array_like, shape (T, d) or (T,)
        A flat series is one column.
    where : str
        What the message of an error calls it.
    gaps : bool
        Whether NaN may stand in it, as in targets.

    Raises
    ------
    DataError
        If it is not numbers, has no rows, or has NaN or inf where none may be.
    """
    rows: Array = value if is_plain(value) else as_array(value, where)
    rows = rows if rows.dtype.kind == "f" else rows.astype(float)
    if rows.ndim == 1:
        rows = rows[:, None]
    if rows.ndim != 2:
        one = "; for one step write [[x]], as in model.partial_fit([[x]], [[y]])" * (not rows.ndim)
        raise DataError(f"{where}: expected shape (T, d), got {rows.shape}{one}")
    if not rows.shape[0] or not rows.shape[1]:
        raise DataError(f"{where}: there is nothing in it, its shape is {rows.shape}")
    _check_values(rows, where, gaps, value)
    return rows


def _check_values(rows: Array, where: str, gaps: bool, value: Any) -> None:
    """Refuse what is not finite, or no gap where there may be some; `value` is as it was given."""
    step = max(1, BLOCK // rows.shape[1])
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        if _is_bounded(part):
            continue
        bad = np.isinf(part) if gaps else ~np.isfinite(part)
        if bad.any():
            row, column = (int(i) for i in np.argwhere(bad)[0])
            gap = "a masked value" if np.ma.isMaskedArray(value) else "NaN"
            kind, columns = gap if np.isnan(part[row, column]) else "inf", columns_of(value)
            place = cell((start + row, column), columns.names if columns else ())
            raise DataError(
                f"{where}: {kind} in {place}; "
                "fill the gap or cut the series there before it goes in"
                + ", or let a node fill it: Input() >> Hold() >> ..., or Impute()"
                * (kind != "inf" and not gaps)
            )


def _is_bounded(rows: Array) -> bool:
    """Tell of a few rows whether all is finite, sooner than by a look at each; False: perhaps."""
    return rows.size <= FEW and isfinite(np.vdot(rows, rows))


def is_short(value: Any) -> bool:
    """Tell whether this is a short series that `to_rows` returns as it is."""
    plain = type(value) is np.ndarray and value.dtype.kind == "f"
    return plain and value.ndim == 2 and value.size > 0 and _is_bounded(value)


def one_row(value: Any, where: str) -> Any:
    """Return one step of data as a series of one row, or such by name."""
    if isinstance(value, Mapping):
        return {name: one_row(row, name) for name, row in value.items()}
    if np.ndim(value) > 1:
        raise DataError(
            f"{where}: step takes one step of shape (d,), got {np.shape(value)}; "
            "write model.run(x) for a series"
        )
    if hasattr(type(value), "to_frame") and all(isinstance(n, str) for n in value.index):
        return value.to_frame().T  # a row of a table, its columns still named
    return np.reshape(to_rows(np.atleast_1d(value), where, gaps=True), (1, -1))
