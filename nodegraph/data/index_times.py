"""When the rows of tables were taken, as their index tells, and whether they go together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, tzinfo
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.instances import called
from nodegraph.data.last_rows import Times, other_pace
from nodegraph.data.leads import first_doubt, leads
from nodegraph.data.tables import are_several, index_of, is_labelled
from nodegraph.data.time_steps import are_steps_told, beside, odd_steps, told_in
from nodegraph.errors import warn
from nodegraph.files.table_times import as_dates, read_times

__all__ = ["Given", "TimesIn", "check_beside", "check_times", "read_index", "read_level"]

Given = tuple[Mapping[str, Any], Mapping[str, Any], str]  # inputs, targets, and of which series
Read = Mapping[str, tuple[Array | None, str]]  # by name: times, and which row has none

BOTH = "both = x.index.intersection(y.index); x.loc[both], y.loc[both]"
ALONE = "x.to_numpy() has no index, and is taken as it stands"
EQUAL = "each row is one step: bring all to equal steps, as by x.resample(...).mean()"
ALIGN = "x, y = xarray.align(x, y)"


class TimesIn(dict[str, Array | None]):
    """When rows were taken, by input and target, with the zone in which that is told."""

    def __init__(self, times: Times, zone: tzinfo | None):
        super().__init__(times)
        self.zone = zone


def check_times(series: Sequence[Given]) -> Times:
    """Warn once if rows of tables are not steps in a row, once if those of two do not go together.

    Once, too, if rows of targets are later than those of the input by another time in one series
    than in the first. Returns the times of the first series by input, and of targets by "target of"
    their learner, so that no index need be read again.

    Parameters
    ----------
    series : sequence of (inputs by node, targets by learner, which series it is)
        As they were given. What has no index of dates or numbers is passed over.
    """
    tables = [t for x, y, _ in series for t in (*x.values(), *y.values()) if _is_table(t)]
    if not tables:
        return dict.fromkeys(series[0][0])
    read = [({n: read_index(t) for n, t in x.items()}, _titled(y), which) for x, y, which in series]
    cure = _matched(*tables)
    zone = _zone(tables)
    with told_in(zone):
        odd = [next(_in_a_row(*given), "") for given in read]
        apart = [next(_together(*given), "") for given in read]
    _warn_first(odd, ALONE)
    _warn_first([next(_at_a_pace(read[0][0], *given), "") for given in read[1:]], EQUAL)
    if not _warn_first(apart, cure):
        first, *others = [(leads(_times(x, y), list(x), {}), which) for x, y, which in read]
        odd = [first_doubt(first[0], *other) for other in others]
        _warn_first([f"{said} in the first series" * bool(said) for said in odd], cure)
    return TimesIn(_times(*read[0][:2]), zone)


def _warn_first(odd: Sequence[str], cure: str) -> bool:
    """Warn of what is odd in the first of some series, and in how many more; tell whether any."""
    said = [each for each in odd if each]
    if said:
        more = f" (and so in {len(said) - 1} more series)" * (len(said) > 1)
        warn(f"{said[0]}; {cure}{more}")
    return bool(said)


def _times(data: Read, targets: Read) -> Times:
    return {name: times for name, (times, _) in {**data, **targets}.items()}


def check_beside(x: Any, y: Any, name: str) -> Times:
    """Warn if rows of a table of targets, called `name`, do not go together with those of inputs.

    Returns the times of the first series by input, and those of the targets by that name.

    Parameters
    ----------
    x, y : as in `fit`
        Pairs of a list are looked at one by one; what is no table with times is passed over.
    """
    pairs = [(x, y, "")]
    if are_several(x) and are_several(y):
        pairs = [(*p, f" ({called(i, x, y)})") for i, p in enumerate(zip(x, y, strict=False))]
    first: Times = {}
    for inputs, targets, which in pairs:
        data = inputs if isinstance(inputs, Mapping) else {"x": inputs}
        read, told = (
            {n: read_index(table) for n, table in data.items()},
            {name: read_index(targets)},
        )
        first = first or _times(read, told)
        with told_in(_zone([*data.values(), targets])):
            odd = next(_together(read, told, which), "")
        if odd:
            warn(f"{odd}; {_matched(targets, *data.values())}")
            return first
    return first


def _in_a_row(data: Read, targets: Read, which: str) -> Iterator[str]:
    timed = any(times is not None for times, _ in data.values())
    for name, (times, doubt) in {**data, **({} if timed else targets)}.items():
        odd = "" if times is None else odd_steps(times)
        if said := "; ".join(filter(None, [doubt, odd])):
            yield f"{name}{which}: {said}"


def _at_a_pace(first: Read, data: Read, targets: Read, which: str) -> Iterator[str]:
    for name, (times, _) in ({} if are_steps_told() else data).items():
        known = first[name][0] if name in first else None
        if known is not None and times is not None and (odd := other_pace(known, times)):
            yield f"{name}{which}: rows are {odd}"


def _together(data: Read, targets: Read, which: str) -> Iterator[str]:
    base: Array | None = None
    for name, (times, _) in {**data, **targets}.items():
        if base is None:
            base = times if name in data else None
        elif times is not None and (odd := beside(base, times)):
            yield f"{name}{which}: {odd}"


def _matched(*tables: Any) -> str:
    """Return how rows are brought together, in the words of the library of the tables."""
    how = ALIGN if all(map(is_labelled, filter(_is_table, tables))) else BOTH
    return (
        "each row goes with the input in the same place: take the rows that both have "
        f"({how}), or give y.to_numpy() if they are meant as they stand"
    )


def _zone(tables: Iterable[Any]) -> tzinfo | None:
    """Return the zone of the first table whose index has one."""
    indices = (index_of(table) for table in tables if _is_table(table))
    return next((zone for index in indices if (zone := getattr(index, "tz", None))), None)


def _titled(targets: Mapping[str, Any]) -> Read:
    return {f"target of {name}": read_index(table) for name, table in targets.items()}


def _is_table(value: Any) -> bool:
    return any(hasattr(type(value), word) for word in ("iloc", "indexes"))


def read_index(table: Any) -> tuple[Array | None, str]:
    """Return the times of a table's rows, and which row has none."""
    index = index_of(table)
    return (None, "") if index is None or index.nlevels > 1 else read_level(index)


def read_level(index: Any) -> tuple[Array | None, str]:
    """Return the times that an index of one level tells, and which row has none."""
    if hasattr(index, "to_timestamp"):
        index = index.to_timestamp()  # periods
    kind = index.dtype.kind
    if kind in "Mmiuf":
        times = index.to_numpy(f"{kind}8[us]" if kind in "Mm" else None)
        return as_dates(times) if kind in "iuf" else times, _unknown(times)
    return _written(np.asarray(index.to_numpy(), object)) if kind in "OUST" else (None, "")


def _unknown(times: Array) -> str:
    unknown = np.flatnonzero(times != times)
    if not unknown.size:
        return ""
    more = f" and {len(unknown) - 1} more" * (len(unknown) > 1)
    return f"row {unknown[0]}{more} has no time ({times[unknown[0]]}); write it, or leave it out"


def _written(labels: Array) -> tuple[Array | None, str]:
    """Return labels that are dates, or words for such."""
    if not len(labels):
        return None, ""
    if all(isinstance(label, date) for label in labels):
        aware = any(getattr(label, "tzinfo", None) for label in labels)
        return (None, "") if aware else (labels.astype("M8[us]"), "")
    first = labels[0]
    if not isinstance(first, str) or not any(map(str.isdigit, first)):
        return None, ""
    times, doubt = read_times([str(label) for label in labels])
    dated = times is not None and times.dtype.kind == "M"
    return (times.astype("M8[us]"), doubt) if times is not None and dated else (None, "")
