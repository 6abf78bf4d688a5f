"""Which node gets which data: from the arguments of `fit` and `run` to series by node name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.intake import Series, Stream, axes, is_stream, split_series, to_rows

__all__ = ["Fed", "feed", "node_name", "total_steps"]


@dataclass(frozen=True)
class Fed:
    """Data as they will go through the graph.

    Parameters
    ----------
    series : list of Series, or Stream
    form : {"one", "list", "array", "stream"}
        One series or stream goes on the model's own stream; the others are independent.
    data, targets : dict of int
        Widths by node.
    again : bool
        Whether the data can be gone through more than once.
    """

    series: Sequence[Series | Stream]
    form: str
    data: Mapping[str, int]
    targets: Mapping[str, int]
    again: bool = True

    @property
    def own(self) -> bool:
        """Whether the data are a part of the model's own stream."""
        return self.form in ("one", "stream")


def feed(
    x: Any,
    y: Any,
    inputs: Sequence[str],
    learners: Sequence[str],
    known: Collection[str],
    steps: int | None = None,
) -> Fed:
    """Return the series that `x` and `y` hold.

    Parameters
    ----------
    x, y : array_like, list, dict or iterable of chunks, or None
        Inputs and targets.
    inputs, learners : sequence of str
        The nodes that they go to if they are no dict.
    known : collection of str
        All nodes that a dict may name.
    steps : int, optional
        How long to run if there are neither inputs nor targets.

    Raises
    ------
    DataError
        If a name is unknown, a length differs, or values are not finite numbers.
    """
    if is_stream(x) or is_stream(y):
        return _feed_stream(x, y, inputs, learners, known)
    data = _by_name(x, inputs, known, "input")
    targets = {} if y is None else _by_name(y, learners, known, "target")
    forms = {split_series(value, name)[1] for name, value in data.items()}
    if len(forms) > 1:
        raise DataError("some inputs are one series and some a list of series; give all alike")
    if not data and not targets:
        return _feed_nothing(steps)
    form = forms.pop() if forms else split_series(*next((v, k) for k, v in targets.items()))[1]
    if form == "one":
        series = [_one_series(data, targets, "")]
    else:
        series = _many_series(data, targets)
    first = series[0]
    return Fed(series, form, _widths(first.data), _widths(first.targets))


def node_name(name: str, known: Collection[str], role: str) -> str:
    """Return `name`, or that of the only node of a composite called so.

    Raises
    ------
    DataError
        If there is no such node; the message has the nearest one.
    """
    if name in known:
        return name
    inside = [other for other in known if other.startswith(f"{name}.")]
    if len(inside) == 1:
        return inside[0]
    near = get_close_matches(str(name), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    raise DataError(f"{role} for {name!r}: no node is named so; {hint}")


def total_steps(fed: Fed) -> int | None:
    """Return how many steps there are in all, or None if that is not known."""
    counts = [one.n_steps for one in fed.series if isinstance(one, Series)]
    return sum(counts) if len(counts) == len(fed.series) else None


def _by_name(value: Any, names: Sequence[str], known: Collection[str], role: str) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        places = names if role == "target" else known
        return {node_name(name, places, role): part for name, part in value.items()}
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
            f"{{{', '.join(f'{name!r}: ...' for name in names)}}}"
        )
    return dict.fromkeys(names, value)


def _one_series(data: Mapping[str, Any], targets: Mapping[str, Any], which: str) -> Series:
    ins = {name: to_rows(rows, f"{name}{which}") for name, rows in data.items()}
    outs = {
        name: to_rows(rows, f"target of {name}{which}", gaps=True) for name, rows in targets.items()
    }
    lengths = {**{n: len(r) for n, r in ins.items()}}
    n_steps = max(lengths.values(), default=max(map(len, outs.values()), default=0))
    for name, rows in {**ins, **outs}.items():
        if len(rows) != n_steps:
            what = "target" if rows is outs.get(name) else "input"
            turned = n_steps in rows.shape or any(
                len(rows) in r.shape for r in ins.values() if r is not rows
            )
            raise DataError(
                f"{name}{which}: the {what} has {len(rows)} rows, the input {n_steps}; "
                "each step needs one row of both"
                + "; rows are steps: one of them seems to be turned round, as by .T"
                * turned
            )
    return Series(ins, outs, n_steps)


def _many_series(data: Mapping[str, Any], targets: Mapping[str, Any]) -> list[Series]:
    ins = {name: split_series(value, name)[0] for name, value in data.items()}
    count = len(next(iter(ins.values()))) if ins else None
    lengths = [len(part) for part in next(iter(ins.values()), [])]
    for name, value in targets.items():
        _check_no_flat_series(value, name, lengths)
    outs = {name: _target_series(value, name, count) for name, value in targets.items()}
    counts = {name: len(parts) for name, parts in {**ins, **outs}.items()}
    if len({*map(len, ins.values()), *map(len, outs.values())}) > 1:
        shown = ", ".join(f"{n} series for {name}" for name, n in counts.items())
        raise DataError(f"inputs and targets must be as many: {shown}")
    total = max(counts.values())
    series = []
    for i in range(total):
        x = {name: parts[i] for name, parts in ins.items()}
        y = {name: _spread(parts[i], x) for name, parts in outs.items()}
        series.append(_one_series(x, y, f" (series {i})"))
    _check_equal_widths(series)
    return series


def _target_series(value: Any, name: str, count: int | None) -> list[Any]:
    """Return the targets of each series; labels, one row a series, belong to its last step."""
    labels = count is not None and (
        axes(value) in (1, 2)
        if not isinstance(value, list | tuple)
        else all(axes(item) < 2 for item in value)
    )
    if not labels:
        return split_series(value, f"target of {name}")[0]
    rows = to_rows(value, f"target of {name}", gaps=True)
    if len(rows) != count:
        raise DataError(f"target of {name}: {len(rows)} labels for {count} series")
    return [rows[i : i + 1] for i in range(len(rows))]


def _check_no_flat_series(value: Any, name: str, lengths: Sequence[int]) -> None:
    """Refuse a list of flat targets as long as their series: they are no labels."""
    if not isinstance(value, list | tuple) or not lengths:
        return
    flat = [axes(item) == 1 and len(item) for item in value]
    if max(lengths) > 1 and flat == lengths:
        raise DataError(
            f"target of {name}: flat arrays, each as long as its series; write "
            "[a.reshape(-1, 1) for a in y] for a target at every step, np.array(y) for one row "
            "of labels a series"
        )


def _spread(target: Any, data: Mapping[str, Any]) -> Any:
    """Return a target of one row as that of the last step: NaN before it."""
    n_steps = max((np.shape(rows)[0] for rows in data.values()), default=1)
    if np.shape(target)[0] != 1 or n_steps <= 1:
        return target
    row = to_rows(target, "target", gaps=True)
    spread = np.full((n_steps, row.shape[1]), np.nan)
    spread[-1] = row[0]
    return spread


def _check_equal_widths(series: Sequence[Series]) -> None:
    for role in ("data", "targets"):
        expected = _widths(getattr(series[0], role))
        for i, one in enumerate(series):
            for name, width in _widths(getattr(one, role)).items():
                if width != expected[name]:
                    raise DataError(
                        f"{name} (series {i}): {width} columns, but series 0 has {expected[name]}"
                    )


def _widths(rows: Mapping[str, Array]) -> dict[str, int]:
    return {name: part.shape[1] for name, part in rows.items()}


def _feed_nothing(steps: int | None) -> Fed:
    if steps is None:
        raise DataError("there are no data: give x, or steps=... for a graph without inputs")
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 1:
        raise DataError(f"steps: expected a whole number of at least 1, got {steps!r}")
    return Fed([Series({}, {}, int(steps))], "one", {}, {})


def _feed_stream(
    x: Any, y: Any, inputs: Sequence[str], learners: Sequence[str], known: Collection[str]
) -> Fed:
    """Return a stream of chunks; the first one is looked at for its widths."""
    again = all(part is None or iter(part) is not part for part in (x, y))
    first = next(_parts(x, y, inputs, learners, known), None) if again else None
    if again and first is None:
        raise DataError("the iterable of chunks is empty")
    if first is not None:
        stream = Stream(_Again(lambda: _parts(x, y, inputs, learners, known)))
        return Fed([stream], "stream", _widths(first.data), _widths(first.targets))
    parts = _parts(x, y, inputs, learners, known)
    head = next(parts, None)
    if head is None:
        raise DataError("the iterator of chunks is empty")
    stream = Stream(_chain(head, parts))
    return Fed([stream], "stream", _widths(head.data), _widths(head.targets), again=False)


class _Again:
    """An iterable that starts anew each time."""

    def __init__(self, make: Any):
        self.make = make

    def __iter__(self) -> Iterator[Series]:
        return iter(self.make())


def _chain(head: Series, parts: Iterable[Series]) -> Iterator[Series]:
    yield head
    yield from parts


def _parts(
    x: Any, y: Any, inputs: Sequence[str], learners: Sequence[str], known: Collection[str]
) -> Iterator[Series]:
    widths: tuple[dict[str, int], dict[str, int]] | None = None
    for i, (chunk, target) in enumerate(_pairs(x, y)):
        data = _by_name(chunk, inputs, known, "input")
        targets = {} if target is None else _by_name(target, learners, known, "target")
        part = _one_series(data, targets, f" (chunk {i})")
        found = _widths(part.data), _widths(part.targets)
        if widths is not None and found != widths:
            raise DataError(f"chunk {i} has columns {found}, the chunks before it {widths}")
        widths = found
        yield part


def _pairs(x: Any, y: Any) -> Iterator[tuple[Any, Any]]:
    """Yield ``(x, y)`` of each chunk: two iterables, or one of pairs."""
    if x is not None and y is not None:
        yield from zip(x, y, strict=True)
        return
    for chunk in x if x is not None else y:
        if isinstance(chunk, tuple) and len(chunk) == 2:
            yield chunk
        else:
            yield (chunk, None) if x is not None else (None, chunk)
