"""Tables of pandas, polars, pyarrow, xarray and numpy: their columns, index and rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, is_plain
from nodegraph.data.cells import floats
from nodegraph.errors import DataError

__all__ = [
    "Columns",
    "are_several",
    "check_columns",
    "check_order",
    "columns_of",
    "frame_rows",
    "index_of",
    "is_frame",
    "is_labelled",
    "is_panel",
]


class Columns(NamedTuple):
    """Names of columns; `firm` ones are a table's, others the name of one flat series.

    Not all are `text` in the table itself: numbers, dates and tuples are kept as they print. So
    '1' and '0' that are no text are the plain numbers of columns, in another order.
    """

    names: tuple[str, ...]
    firm: bool = True
    text: bool = True

    @property
    def choice(self) -> str:
        """How columns are chosen by a list of names."""
        return "x[{}]"


class ArrowColumns(Columns):
    """Names of the columns of a table of pyarrow."""

    @property
    def choice(self) -> str:
        """How columns are chosen by a list of names."""
        return "x.select({})"


class LabelledColumns(Columns):
    """Names along the last axis of an array of xarray."""

    @property
    def choice(self) -> str:
        """How columns are chosen by a list of names."""
        return "x.sel({{x.dims[-1]: {}}})"


def is_frame(value: Any) -> bool:
    """Tell whether `value` is a table of columns that may be of different types."""
    if is_plain(value):
        return False
    kind = type(value)  # an object of its own may have columns that are called like these
    named = any(hasattr(kind, word) for word in ("iloc", "get_columns", "column_names"))
    return _is_record(value) or (named and hasattr(kind, "columns"))


def is_labelled(value: Any) -> bool:
    """Tell whether `value` is an array of xarray, whose rows and columns have labels."""
    return hasattr(type(value), "dims") and hasattr(type(value), "coords")


def index_of(value: Any) -> Any:
    """Return what calls the rows of a table, an index of pandas; None if nothing does.

    Of a stack with labels, what calls its series.
    """
    if hasattr(type(value), "indexes") and np.ndim(value) in (1, 2, 3):
        return value.indexes.get(value.dims[0])
    return getattr(value, "index", None) if hasattr(type(value), "iloc") else None


def columns_of(value: Any) -> Columns | None:
    """Return the names of the columns of `value`; None if they have none, but for 0, 1, 2 ...

    Examples
    --------
    >>> columns_of(np.zeros(2, dtype=[("wind", float), ("rain", int)])).names
    ('wind', 'rain')
    """
    if is_plain(value):
        return None
    if is_frame(value):
        return _called_so(_names(value), ArrowColumns if _is_arrow(value) else Columns)
    if is_labelled(value):
        last = value.dims[-1] if np.ndim(value) > 1 else None
        if last not in value.coords:
            return None
        return _called_so(np.asarray(value.coords[last]).tolist(), LabelledColumns)
    flat = hasattr(type(value), "name") and np.ndim(value) == 1
    named = flat and isinstance(value.name, str) and value.name != ""
    return Columns((value.name,), firm=False) if named else None


def check_columns(known: Columns | None, new: Columns | None, where: str, before: str) -> None:
    """Refuse columns that are not those that were seen before, in their order.

    None are columns without names, or named 0, 1, 2 ...: they go with any names but these numbers
    in another order.

    Raises
    ------
    DataError
        With the columns that are missing or more, or with their right order.
    """
    known, new = known or _counted(new), new or _counted(known)
    if known is None or new is None or not new.firm or known.names == new.names:
        return
    missing = [name for name in known.names if name not in new.names]
    more = [name for name in new.names if name not in known.names]
    faults = [
        f"{w} {', '.join(map(repr, n))}" for w, n in (("without", missing), ("with", more)) if n
    ]
    what = " and ".join(faults) or f"in the order {', '.join(map(repr, new.names))}"
    cure = "" if missing else _chosen(known.names, new)
    raise DataError(f"{where}: columns {what}; {before} {', '.join(map(repr, known.names))}{cure}")


def _counted(other: Columns | None) -> Columns | None:
    """Return the names 0, 1, 2 ... if those are what `other` names in another order."""
    if other is None or other.text:
        return None
    plain = tuple(map(str, range(len(other.names))))
    return Columns(plain, text=False) if sorted(other.names) == sorted(plain) else None


def _chosen(names: tuple[str, ...], of: Columns) -> str:
    """Return how columns of these names are taken in this order, where that is short."""
    if of.text:
        return f"; write {of.choice.format(list(names))}"
    if not all(name.isdecimal() for name in names):
        return ""
    write = of.choice.format(f"[{', '.join(names)}]")
    return f"; write {write}, or x.to_numpy() if they are meant as they stand"


def frame_rows(value: Any, where: str) -> Array:
    """Return a table as an array of numbers, shape (n_rows, n_columns); gaps are NaN.

    Raises
    ------
    DataError
        If a column holds what are no numbers; it is named.
    """
    if hasattr(type(value), "iloc") and all(_plain(kind) for kind in value.dtypes):
        whole: Array = value.to_numpy()
        if whole.dtype.kind in "fiub":
            return whole if whole.dtype.kind == "f" else whole.astype(float)
    columns = [_column(c, where, n) for c, n in zip(_parts(value), _names(value), strict=True)]
    return np.stack(columns, axis=1) if columns else np.empty((len(value), 0))


def _is_arrow(value: Any) -> bool:
    return hasattr(type(value), "column_names")


def _is_record(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.names is not None


def _names(value: Any) -> list[Any]:
    if _is_record(value):
        return list(value.dtype.names)
    return list(value.column_names if _is_arrow(value) else value.columns)


def _parts(value: Any) -> list[Any]:
    if _is_record(value):
        return [value[name] for name in value.dtype.names]
    if hasattr(type(value), "iloc"):
        return [value.iloc[:, i] for i in range(value.shape[1])]
    return list(value.columns if _is_arrow(value) else value.get_columns())


def _called_so(names: list[Any], kind: type[Columns]) -> Columns | None:
    """Return the names of a table's columns; those that only count are none."""
    if not names or names == list(range(len(names))):
        return None
    text = all(isinstance(name, str) for name in names)
    return kind(tuple(map(str, names)), text=text)


def _plain(kind: Any) -> bool:
    return isinstance(kind, np.dtype) and kind.kind in "fiub"


def _column(column: Any, where: str, name: Any) -> Array:
    kind = getattr(column, "dtype", None)
    if getattr(kind, "kind", "O") in "fiub" and hasattr(type(column), "iloc"):
        number: Array = column.to_numpy(dtype=float, na_value=np.nan)
        return number
    array = np.asarray(column)
    place = f"{where}: column {name!r}"
    if array.dtype.kind == "O" and any(np.ndim(item) for item in array[:1]):
        raise DataError(
            f"{place}: each cell holds a series; write [np.column_stack(row) for row in "
            "x.to_numpy()], a list of series of shape (T, d)"
        )
    if array.dtype.kind == "O" and array.ndim == 1:
        return floats(array, place)
    if array.dtype.kind not in "fiub" or array.ndim != 1:
        raise DataError(
            f"{place}: expected numbers, got {array.dtype} values; leave the column out"
            + ", or make it the index" * (array.dtype.kind == "M" and hasattr(column, "iloc"))
        )
    return array.astype(float)


def is_panel(value: Any) -> bool:
    """Tell whether `value` is a table or a flat series with more than one level of index."""
    return hasattr(type(value), "iloc") and getattr(value.index, "nlevels", 1) > 1


def check_order(x: Any, y: Any, which: str = "") -> None:
    """Refuse tables whose index calls the rows of the input, or the first one, in another order.

    Those of further inputs are looked at before those of targets. Rows count as they stand,
    whatever they are called. Labels of a panel may be called by instance.

    Parameters
    ----------
    x, y : as in `fit`
    which : str
        Of which chunk they are, for the message.

    Raises
    ------
    DataError
        With how to put them in order.
    """
    inputs = list(x.items()) if isinstance(x, Mapping) else [("", x)]
    (first, given), *others = inputs or [("", None)]
    for name, other in others:
        _refuse_mixed(f"{name}{which}{{}}", first, [(given, other)])
    targets = y.items() if isinstance(y, Mapping) else [("", y)]
    for name, target in targets:
        where = f"target of {name}" if name else "target"
        _refuse_mixed(f"{where}{which}{{}}", "", [(one, target) for _, one in inputs])


def _refuse_mixed(where: str, first: str, pairs: Sequence[tuple[Any, Any]]) -> None:
    """Refuse the second of two tables, or of two lists of them, if its rows are in another order.

    Parameters
    ----------
    where : str
        What it is called, with {} for the number of the series.
    first : str
        What the first one is called; empty for the input that targets belong to.
    pairs : sequence of (table, table) or (list of tables, list of tables)
    """
    for which, given, other in _by_series(pairs):
        index = index_of(other)
        called = None if index is None else _called(given, other)
        if called is None or not _mixed(called, index):
            continue
        what = "series" if _is_stack(other) else "rows"
        mine, theirs = (where.split()[0].format(""), first) if first else ("y", "x")
        panel = " (labels of a panel: y.loc[x.index.get_level_values(0).unique()])" * (not first)
        if is_labelled(other):
            cure = f"{mine}.sel({other.dims[0]}=...) with the labels of {theirs}"
        elif is_labelled(given):
            cure = f"{mine}.loc[{theirs}.indexes[{given.dims[0]!r}]]"
        else:
            cure = f"{mine}.loc[{theirs}.index]{panel}"
        raise DataError(
            f"{where.format(which)}: its {what} stand in another order than those of "
            f"{first or 'the input'}; write {cure}, or {mine}.to_numpy() if they are meant as they "
            "stand"
        )


def _by_series(pairs: Sequence[tuple[Any, Any]]) -> Iterator[tuple[str, Any, Any]]:
    """Yield two tables at a time, with the number of the series."""
    for given, other in pairs:
        if _is_stack(given) and _is_stack(other):
            yield "", given, other  # the series themselves
        if are_several(given) and are_several(other):
            for i, pair in enumerate(zip(given, other, strict=False)):
                yield f" (series {i})", *pair
        else:
            yield "", given, other


def are_several(value: Any) -> bool:
    """Tell whether `value` holds a table, or an array of its own, for each of some series."""
    return isinstance(value, list | tuple) or _is_stack(value)


def _is_stack(value: Any) -> bool:
    return is_labelled(value) and np.ndim(value) == 3


def _called(given: Any, target: Any) -> Any:
    """Return what the rows of targets should be called: the instances, for labels of a panel."""
    by_instance = is_panel(given) and not is_panel(target)
    return given.index.get_level_values(0).unique() if by_instance else index_of(given)


def _mixed(one: Any, other: Any) -> bool:
    if len(one) != len(other) or one.nlevels != other.nlevels:
        return False
    if one.equals(other) or np.all(one == other):  # the same times may be told in two zones
        return False
    return bool(one.is_unique and other.is_unique and other.isin(one).all())
