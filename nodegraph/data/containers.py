"""The door for whatever holds data: it becomes an array, a table, or a list of series."""

from __future__ import annotations

from array import array as flat_array
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from nodegraph.arrays import Array, is_plain, is_sparse
from nodegraph.data.cells import floats
from nodegraph.data.chunks import Chunks
from nodegraph.data.panels import instances
from nodegraph.data.tables import columns_of, frame_rows, is_frame, is_panel
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["SeriesOf", "as_array", "axes", "is_lazy", "is_stream", "opened"]

READ_BY_NUMPY = ("__array__", "__array_interface__", "__array_struct__", "to_numpy")
FLAT = (range, memoryview, flat_array)
TIME = ("time", "t", "step", "steps", "date", "datetime", "timestamp")


class SeriesOf:
    """Independent series that are read when they are asked for: ``ng.Series(texts)``.

    Each starts from the zero state, as those of a list do. What is read from need not fit in
    memory: `fit` reads each series once to measure and check it before anything is learned, and
    once more in each pass. A generator is read whole, at once.

    Parameters
    ----------
    source : sequence or iterable
        What has a length and gives series number i at ``source[i]``, such as an object of yours
        that opens a file there; on Ray it is sent to where it reads. Any other iterable is read
        into memory. A series is an array (T, d), a dict of such by node, or a pair (x, y) of
        inputs and targets. Inside a dict, each input may be a `Series` of its own.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Reduce
    >>> class Files:
    ...     def __len__(self):
    ...         return 3
    ...
    ...     def __getitem__(self, i):
    ...         return np.full((2, 1), 1.0 + i)  # or np.load(f"text{i}.npy")
    >>> [rows[-1].tolist() for rows in ng.Model(Reduce(kind="sum")).run(ng.Series(Files()))]
    [[2.0], [4.0], [6.0]]
    """

    @known_arguments
    def __init__(self, source: Any):
        able = hasattr(source, "__len__") and hasattr(source, "__getitem__")
        if isinstance(source, Mapping | str) or not (able or isinstance(source, Iterable)):
            raise DataError(
                f"Series: expected a sequence of series, got {type(source).__name__}; of inputs "
                "by node write {node: ng.Series(...)}, or let each series be a dict"
            )
        if isinstance(source, np.ndarray) and source.ndim != 3:
            raise DataError(
                f"Series: an array of shape {source.shape} holds no series; one has three axes, "
                "(series, steps, columns)"
            )
        self.source: Any = source if able else list(source)
        if not len(self):
            raise DataError("Series: there is none in it")

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, i: int) -> Any:
        return self.source[i]

    def __repr__(self) -> str:
        return f"Series({len(self)} of {type(self.source).__name__})"


def is_lazy(value: Any) -> bool:
    """Tell whether data are, or hold, series that are read when they are asked for."""
    parts = value.values() if isinstance(value, Mapping) else [value]
    return any(isinstance(part, SeriesOf) for part in parts)


def is_stream(x: Any) -> bool:
    """Tell whether `x` is an iterable of chunks rather than an array, a list or a dict."""
    if x is None or is_plain(x):
        return False
    if isinstance(x, Chunks):
        return True
    known = (list, tuple, deque, Mapping, str, bytes, bytearray, set, frozenset, *FLAT)
    read = any(hasattr(x, name) for name in READ_BY_NUMPY) or is_sparse(x)
    return isinstance(x, Iterable) and not isinstance(x, known) and not read


def axes(value: Any) -> int:
    """Return how many axes an array has; 1 for rows of different lengths."""
    if is_plain(value):
        return value.ndim  # type: ignore[no-any-return]
    if is_frame(value):
        return 2
    try:
        return np.ndim(value)
    except ValueError:
        return 1


def opened(value: Any, where: str) -> Any:
    """Return a list of series if `value` holds such in a form of its own; else `value`.

    Arrays of arrays, as ragged series come out of an ``.npz`` file, and tables with an index
    (instance, time) are lists of series; a deque is a list.

    Raises
    ------
    DataError
        If it holds data that must be got out of it first, with how to write that.
    """
    if is_plain(value):
        return value
    _refuse_closed(value, where)
    if isinstance(value, deque):
        return list(value)
    if is_panel(value):
        return instances(value, where)
    if is_frame(value):
        return value
    if hasattr(type(value), "dims"):
        _check_dims(value, where)
    kind = getattr(value, "dtype", None)
    if isinstance(kind, np.dtype) and kind.kind == "O":
        return _of_objects(value, where)
    return value


def as_array(value: Any, where: str) -> Array:
    """Return one series as an array of numbers of whatever shape; masked values are NaN."""
    if is_sparse(value):
        raise DataError(f"{where}: a sparse matrix; write x.toarray()")
    columns = columns_of(value)
    if is_frame(value):
        return frame_rows(value, where)
    array = _read(value, where)
    if array.dtype == object:
        array = floats(array, where, columns.names if columns else ())
    if array.dtype.kind not in "fiub":
        raise DataError(f"{where}: expected numbers, got {array.dtype} values{_as(array)}")
    array = array if array.dtype.kind == "f" else array.astype(float)
    if np.ma.isMaskedArray(value):
        array = np.where(np.ma.getmaskarray(value), array.dtype.type(np.nan), array)
    return array


def _read(value: Any, where: str) -> Array:
    try:
        return np.asarray(value)
    except ValueError:
        if not isinstance(value, list | tuple):
            raise
        raise DataError(
            f"{where}: rows of different lengths; a series is an array of shape (T, d), and "
            "independent series are a list of such arrays"
        ) from None
    except Exception as error:  # whatever another library says
        raise DataError(f"{where}: numpy cannot read a {type(value).__name__}: {error}") from error


def _as(array: Array) -> str:
    """Return an example of values that are no numbers, and for text the cure."""
    if not array.size or array.dtype.kind not in "UST":
        return ""
    first = repr(array.ravel()[0].item() if array.dtype.kind != "T" else str(array.ravel()[0]))
    if array.ndim == 0:
        return f", {first}; read a file first, as with np.loadtxt or pandas.read_csv"
    return f", as {first}"


def _refuse_closed(value: Any, where: str) -> None:
    """Refuse what holds data only once it is asked, or in no order."""
    kind = type(value).__name__
    if isinstance(value, set | frozenset):
        raise DataError(f"{where}: a {kind} has no order; give a list")
    for method in ("collect", "compute", "execute"):
        if hasattr(type(value), method) and not any(hasattr(value, n) for n in READ_BY_NUMPY):
            raise DataError(f"{where}: a {kind} holds no data yet; write x.{method}()")


def _check_dims(value: Any, where: str) -> None:
    """Refuse a labelled array whose dimension of time is not where steps are."""
    dims = [str(dim) for dim in value.dims]
    wanted = max(len(dims) - 2, 0)
    times = [i for i, dim in enumerate(dims) if dim.lower() in TIME]
    if len(times) == 1 and times[0] != wanted and len(dims) in (2, 3):
        rest = [dim for i, dim in enumerate(dims) if i != times[0]]
        order = [*rest[:wanted], dims[times[0]], *rest[wanted:]]
        raise DataError(
            f"{where}: its dimensions are ({', '.join(dims)}), and rows are steps in time; write "
            f"x.transpose({', '.join(map(repr, order))})"
        )


def _of_objects(value: Any, where: str) -> Any:
    """Return an array of arrays as a list of them; an array of numbers and gaps as it is."""
    if value.ndim == 0:
        kind = type(value.item()).__name__
        raise DataError(f"{where}: an array around one {kind}; write x.item()")
    if value.ndim == 1:
        return list(value) if any(_holds_rows(item) for item in value) else value
    if value.ndim == 2 and any(_holds_rows(item) for item in value.flat):
        raise DataError(
            f"{where}: an array of shape {value.shape} that holds arrays; write "
            "[np.stack(row, axis=1) for row in x] where each is a channel of a series"
        )
    return value


def _holds_rows(item: Any) -> bool:
    return axes(item) > 0
