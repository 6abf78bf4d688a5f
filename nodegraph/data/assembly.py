"""From values by node to series: rows of data and of targets that belong together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nodegraph.arrays import Array, is_plain
from nodegraph.data.containers import opened
from nodegraph.data.index_times import Given, check_times
from nodegraph.data.instances import called
from nodegraph.data.last_rows import Times
from nodegraph.data.series import Series, is_short, split_series, to_rows
from nodegraph.data.tables import Columns, are_several, check_columns, columns_of
from nodegraph.data.targets import Lesson, one_target, series_targets
from nodegraph.errors import DataError
from nodegraph.graph.names import node_name

__all__ = [
    "Door",
    "check_equal_columns",
    "check_equal_widths",
    "many_series",
    "one_series",
    "widths_of",
]


@dataclass(frozen=True)
class Door:
    """Who takes what.

    Parameters
    ----------
    inputs, learners : sequence of str
        The nodes that data and targets go to if they are no dict.
    known : collection of str
        All nodes that a dict of data may name.
    lessons : dict of Lesson
        How learners take their targets, if not as quantities.
    gappy : collection of str
        The nodes whose data may have NaN, since who hears of them fills the gaps.
    """

    inputs: Sequence[str]
    learners: Sequence[str]
    known: Collection[str]
    lessons: Mapping[str, Lesson] = field(default_factory=dict)
    gappy: Collection[str] = ()

    def data(self, x: Any) -> dict[str, Any]:
        """Return data by node, whatever they came in."""
        return _by_name(x, self.inputs, self.known, "input")

    def targets(self, y: Any) -> dict[str, Any]:
        """Return targets by learner."""
        named = y if isinstance(y, Mapping) else ()
        if deaf := [n for n in named if n in self.known and n not in self.learners]:
            raise DataError(
                f"target for {deaf[0]!r}: that node learns from none that is given (one that is "
                "frozen does not, nor one whose target an edge brings); leave it out"
            )
        return _by_name(y, self.learners, self.learners, "target")

    def lesson(self, name: str) -> Lesson:
        """Return how a learner takes its targets."""
        return self.lessons.get(name, Lesson())


def _by_name(value: Any, names: Sequence[str], known: Collection[str], role: str) -> dict[str, Any]:
    where = "{}" if role == "input" else "target of {}"
    by_name = _given_to(value, names, known, role)
    return {
        name: part if is_plain(part) else opened(part, where.format(name))
        for name, part in by_name.items()
    }


def _given_to(
    value: Any, names: Sequence[str], known: Collection[str], role: str
) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        if hasattr(type(value), "data_vars") and not set(value) <= set(known):
            raise DataError(
                f"{role}: a Dataset of xarray is an array for each name, and its names are not "
                f"those of nodes; write x[{list(value)!r}].to_dataframe() for one series of its "
                "columns, or {node: x[name]}"
            )
        return {node_name(name, known, role): part for name, part in value.items()}
    if not names:
        raise DataError(
            "an input was given, but an edge reaches every node; write Input() >> before the one "
            "that is meant, or {name: x} for the node of that name"
            if role == "input"
            else "a target was given, but no node learns from one (those that are frozen do not)"
        )
    if role == "input" and len(names) > 1:
        raise DataError(
            f"the graph has {len(names)} inputs: give a dict, "
            f"{{{', '.join(f'{name!r}: ...' for name in names)}}}, of one series or of a list of "
            "series each"
        )
    return dict.fromkeys(names, value)


def one_series(
    data: Mapping[str, Any], targets: Mapping[str, Any], which: str, door: Door
) -> Series:
    """Return one series of data and targets by node; `which` says which one it is.

    Raises
    ------
    DataError
        If values cannot be read, or lengths differ.
    """
    outs = {
        name: _target(rows, f"target of {name}{which}", door.lesson(name))
        for name, rows in targets.items()
    }
    return _joined(data, outs, which, door, _columns(_of_quantities(targets, door)))


def _target(value: Any, where: str, lesson: Lesson) -> Array:
    if is_plain(value) and not lesson.classes:  # numbers, neither labels nor words
        return to_rows(value, where, gaps=True)
    return one_target(value, where, lesson)


def _joined(
    data: Mapping[str, Any],
    outs: Mapping[str, Array],
    which: str,
    door: Door,
    taught: Mapping[str, Columns],
) -> Series:
    """Return a series of data, and of targets that were read, whose columns are `taught`."""
    ins = {
        name: to_rows(rows, f"{name}{which}", gaps=name in door.gappy)
        for name, rows in data.items()
    }
    n_steps = max(map(len, (ins or outs).values()), default=0)
    if any(len(rows) != n_steps for rows in (*ins.values(), *outs.values())):
        _refuse_lengths(ins, outs, n_steps, which)
    return Series(ins, outs, n_steps, columns=_columns(data), taught=taught)


def _refuse_lengths(
    ins: Mapping[str, Array], outs: Mapping[str, Array], n_steps: int, which: str
) -> None:
    """Say which of inputs and targets has other rows than the longest of them."""
    longest = max(ins, key=lambda name: len(ins[name]), default="")
    of = f" {longest}" * (len(ins) > 1)
    for name, rows in {**ins, **outs}.items():
        if len(rows) != n_steps:
            what = "target" if rows is outs.get(name) else "input"
            turned = n_steps in rows.shape or any(
                len(rows) in r.shape for r in ins.values() if r is not rows
            )
            cure = "; rows are steps: one of them seems to be turned round, as by .T" * turned
            if len(rows) == 1 and ins and ins[longest].shape[1] == 1:
                cure = f"; rows are steps: {n_steps} numbers of one step are x[None]"
            raise DataError(
                f"{name}{which}: the {what} has {len(rows)} rows, the input{of} {n_steps}; "
                f"each step needs one row of both{cure}"
            )


def _of_quantities(targets: Mapping[str, Any], door: Door) -> dict[str, Any]:
    """Return the targets whose columns are those of the output; labels are in one column."""
    return {name: value for name, value in targets.items() if not door.lesson(name).classes}


def _columns(data: Mapping[str, Any]) -> dict[str, Columns]:
    return {
        name: names
        for name, value in data.items()
        if not is_plain(value) and (names := columns_of(value))
    }


def many_series(
    data: Mapping[str, Any], targets: Mapping[str, Any], door: Door
) -> tuple[list[Series], frozenset[str], Times]:
    """Return independent series, the learners who were given one row for each, and the times.

    Raises
    ------
    DataError
        If values cannot be read, or lengths, widths or names of columns differ.
    """
    base = data or targets
    parts = {name: split_series(value, name)[0] for name, value in base.items()}
    counts = {name: len(each) for name, each in parts.items()}
    if len(set(counts.values())) > 1:
        shown = ", ".join(f"{n} series for {name}" for name, n in counts.items())
        raise DataError(f"inputs and targets must be as many: {shown}")
    if data and (plain := _plain_series(parts, targets, door)):
        return plain, frozenset(), dict.fromkeys(data)
    lengths = [_length(part) for part in next(iter(parts.values()))]
    outs = {n: series_targets(v, n, lengths, door.lesson(n)) for n, v in targets.items()}
    series, given = [], list[Given]()
    listed = {name: value for name, value in targets.items() if are_several(value)}
    named = _of_quantities(targets, door)
    for i in range(len(lengths)):
        x = {name: each[i] for name, each in parts.items()} if data else {}
        y = {name: rows[i] for name, (rows, _) in outs.items()}
        which = f" ({called(i, *parts.values())})"
        taught = _columns({name: _item(value, i) for name, value in named.items()})
        series.append(_joined(x, y, which, door, taught))
        given.append((x, {name: value[i] for name, value in listed.items()}, which))
    times = check_times(given)
    check_equal_widths(series)
    check_equal_columns(series)
    return series, frozenset(name for name, (_, once) in outs.items() if once), times


def _plain_series(
    parts: Mapping[str, Sequence[Any]], targets: Mapping[str, Any], door: Door
) -> list[Series]:
    """Return series of short arrays of which there is nothing to say; else none.

    They are what `many_series` finds on its way past all that may be odd, in a third of the time.
    """
    count = len(next(iter(parts.values())))
    listed = all(isinstance(y, list | tuple) and len(y) == count for y in targets.values())
    if not listed or any(door.lesson(name).classes for name in targets):
        return []
    series, widths = [], set()
    for rows in zip(*parts.values(), *targets.values(), strict=True):
        if not all(map(is_short, rows)) or len({len(part) for part in rows}) > 1:
            return []
        widths.add(tuple([part.shape[1] for part in rows]))
        ins, outs = dict(zip(parts, rows, strict=False)), rows[len(parts) :]
        series.append(Series(ins, dict(zip(targets, outs, strict=True)), len(rows[0])))
    return series if len(widths) == 1 else []


def _item(targets: Any, i: int) -> Any:
    """Return the targets of series number `i`, or a table that has a row for each."""
    return targets[i] if are_several(targets) else targets


def _length(part: Any) -> int:
    return int(part.shape[0]) if hasattr(part, "shape") else len(part)


def check_equal_widths(series: Sequence[Series], number: int = 1) -> None:
    """Refuse series that are not as wide as the first; the second one is that of this number.

    Raises
    ------
    DataError
    """
    for role in ("data", "targets"):
        expected = widths_of(getattr(series[0], role))
        for i, one in enumerate(series[1:], number):
            found = widths_of(getattr(one, role))
            for name, width in found.items() if found != expected else ():
                if width != expected[name]:
                    raise DataError(
                        f"{name} (series {i}): {width} columns, but series 0 has {expected[name]}"
                        + _turned(getattr(series[0], role)[name], getattr(one, role)[name])
                    )


def _turned(first: Array, other: Array) -> str:
    """Return a hint if rows seem to be columns: as many in both, and fewer than columns."""
    if len(first) != len(other) or len(first) >= max(first.shape[1], other.shape[1]):
        return ""
    return (
        f"; rows are steps in time: for series of {len(first)} channels, shape (channels, time), "
        "write [a.T for a in x]"
    )


def check_equal_columns(series: Sequence[Series], where: str = "") -> None:
    """Refuse tables whose columns are not called alike, or stand in another order.

    Raises
    ------
    DataError
        With the node and what differs.
    """
    first = series[0]
    for i, one in enumerate(series[1:], 1):
        for known, new in ((first.columns, one.columns), (first.taught, one.taught)):
            for name in {**known, **new}:
                place = f"{name} ({where or f'series {i}'})"
                check_columns(known.get(name), new.get(name), place, "there were first")


def widths_of(rows: Mapping[str, Array]) -> dict[str, int]:
    """Return the number of columns by node."""
    return {name: part.shape[1] for name, part in rows.items()}
