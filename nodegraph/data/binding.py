"""Which node gets which data: from arguments to series by node name, and back to what came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, zip_longest
from math import inf
from types import MappingProxyType
from typing import Any

import numpy as np

from nodegraph.arrays import Array, is_plain
from nodegraph.data.assembly import Door, check_equal_columns, many_series, one_series, widths_of
from nodegraph.data.chunks import declared
from nodegraph.data.containers import is_lazy, is_stream
from nodegraph.data.index_times import check_times
from nodegraph.data.last_rows import LastRows, Times
from nodegraph.data.lazy_series import lazy_series
from nodegraph.data.leads import Lead, leads
from nodegraph.data.series import Series, Stream, split_series
from nodegraph.data.tables import Columns, check_order
from nodegraph.errors import DataError
from nodegraph.graph.plan import Plan

__all__ = ["BoundData", "bind", "shaped", "teaching_only", "with_zeros", "zeros"]


@dataclass(frozen=True)
class BoundData:
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
    once : frozenset of str
        Learners that were given one row or label for each series.
    columns, taught : dict of Columns
        Names of the columns of data and targets, by node, where they have any.
    times : dict of ndarray
        When the rows of one series, or of the first, were taken, by input and as "target of" a
        learner, where they are tables that tell.
    """

    series: Sequence[Series | Stream]
    form: str
    data: Mapping[str, int]
    targets: Mapping[str, int]
    again: bool = True
    once: frozenset[str] = frozenset()
    columns: Mapping[str, Columns] = field(default_factory=dict)
    taught: Mapping[str, Columns] = field(default_factory=dict)
    times: Times = field(default_factory=dict)
    own: bool = field(init=False)  # whether they are a part of the model's own stream
    lengths: tuple[int, ...] = field(init=False)  # steps of each series that is no stream
    n_steps: int | None = field(init=False)  # in all; None if that is not known

    def __post_init__(self) -> None:
        lengths = tuple(one.n_steps for one in self.series if isinstance(one, Series))
        known = len(lengths) == len(self.series)
        object.__setattr__(self, "own", self.form in ("one", "stream"))
        object.__setattr__(self, "lengths", lengths)
        object.__setattr__(self, "n_steps", sum(lengths) if known else None)

    @property
    def longest(self) -> float:
        """Steps of the longest series; a stream has no end."""
        return inf if self.n_steps is None else max(self.lengths, default=inf)

    @property
    def here(self) -> list[Series]:
        """The series, if the rows of all of them have been read; else none."""
        read = [one for one in self.series if type(one) is Series]
        return read if len(read) == len(self.series) else []

    def ticked(self, time: int) -> int:
        """Return how many steps clocks have seen, where the own stream stands at `time`."""
        return time if self.own else max(self.lengths, default=0)

    def leads(self, ahead: Mapping[str, int] = MappingProxyType({})) -> dict[str, Lead]:
        """Return how much later tables are than the first input, targets so many rows `ahead`."""
        return leads(self.times, list(self.data), ahead)


def bind(x: Any, y: Any, door: Door, steps: int | None = None) -> BoundData:
    """Return the series that `x` and `y` hold.

    Parameters
    ----------
    x, y : array_like, table, list, dict or iterable of chunks, or None
        Inputs and targets.
    door : Door
        Which nodes they go to.
    steps : int, optional
        How long to run if there are neither inputs nor targets.

    Raises
    ------
    DataError
        If a name is unknown, a length differs, or values are not finite numbers.
    """
    odd = [given for given in (x, y) if given is not None and not is_plain(given)]
    if any(map(is_lazy, odd)):
        read, once = lazy_series(x, y, door)
        return _fed(read, "list", read[0], once=once)
    if any(map(is_stream, odd)):
        return _feed_stream(x, y, door)
    if odd:
        check_order(x, y)
    data, targets = door.data(x), door.targets(y)
    forms = {split_series(value, name)[1] for name, value in data.items()}
    if len(forms) > 1:
        raise DataError("some inputs are one series and some a list of series; give all alike")
    if not data and not targets:
        return _feed_nothing(steps)
    form = forms.pop() if forms else split_series(*next((v, k) for k, v in targets.items()))[1]
    if form == "one":
        one = one_series(data, targets, "", door)
        plain = all(map(is_plain, (*data.values(), *targets.values())))
        times = {} if plain else check_times([(data, targets, "")])
        return _fed([one], form, one, times=times)
    series, once, times = many_series(data, targets, door)
    return _fed(series, form, series[0], once=once, times=times)


def _fed(series: Sequence[Series | Stream], form: str, head: Series, **rest: Any) -> BoundData:
    """Return data as they will go through, with what the first series tells of all."""
    widths = widths_of(head.data), widths_of(head.targets)
    return BoundData(series, form, *widths, columns=head.columns, taught=head.taught, **rest)


def _feed_nothing(steps: int | None) -> BoundData:
    if steps is None:
        raise DataError("there are no data: give x, or steps=... for a graph without inputs")
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 1:
        raise DataError(f"steps: expected a whole number of at least 1, got {steps!r}")
    return BoundData([Series({}, {}, int(steps))], "one", {}, {})


def _feed_stream(x: Any, y: Any, door: Door) -> BoundData:
    """Return a stream of chunks; the first one is looked at for its widths."""
    x, y = declared(x, "x"), declared(y, "y")
    again = all(part is None or iter(part) is not part for part in (x, y))
    times: dict[str, Any] = {}
    parts = _parts(x, y, door, times)
    head = next(parts, None)
    if head is None:
        raise DataError(
            f"the {'iterable' if again else 'iterator'} of chunks is empty; give a chunk at least"
        )
    whole = _Again(lambda: _parts(x, y, door, times)) if again else chain([head], parts)
    return _fed([Stream(whole)], "stream", head, again=again, times=times)


class _Again:
    """An iterable that starts anew each time."""

    def __init__(self, make: Callable[[], Iterator[Series]]):
        self.make = make

    def __iter__(self) -> Iterator[Series]:
        return self.make()


def _parts(x: Any, y: Any, door: Door, began: dict[str, Any]) -> Iterator[Series]:
    """Yield the chunks, each looked at; when the rows of the first were taken goes to `began`."""
    first: Series | None = None
    last = LastRows()
    for i, (chunk, target) in enumerate(_pairs(x, y)):
        data, targets, which = door.data(chunk), door.targets(target), f" (chunk {i})"
        check_order(chunk, target, which)
        part = one_series(data, targets, which, door)
        times = check_times([(data, targets, which)])
        cure = f"chunk {i} goes on from the one before; ng.Series(...) takes series of their own"
        last = last.then(times, last.stop, part.n_steps, cure)
        if first is None:
            began |= times
        first = first or part
        widths, before = _widths(part), _widths(first)
        if widths != before:
            raise DataError(f"chunk {i} has columns {widths}, the chunks before it {before}")
        check_equal_columns([first, part], f"chunk {i}")
        yield part


def _widths(part: Series) -> tuple[dict[str, int], dict[str, int]]:
    return widths_of(part.data), widths_of(part.targets)


def _pairs(x: Any, y: Any) -> Iterator[tuple[Any, Any]]:
    """Yield ``(x, y)`` of each chunk: two iterables, or one of pairs."""
    if x is not None and y is not None:
        yield from _zipped(x, y)
        return
    for chunk in x if x is not None else y:
        if isinstance(chunk, tuple) and len(chunk) == 2:
            yield chunk
        else:
            yield (chunk, None) if x is not None else (None, chunk)


def _zipped(x: Any, y: Any) -> Iterator[tuple[Any, Any]]:
    for name, part in (("x", x), ("y", y)):
        if not is_stream(part) and not isinstance(part, list | tuple):
            other = "y" if name == "x" else "x"
            raise DataError(
                f"{other} is an iterable of chunks, {name} a {type(part).__name__}; give both as "
                "chunks, or one iterable of pairs (x, y)"
            )
    ended = object()
    for i, (chunk, target) in enumerate(zip_longest(x, y, fillvalue=ended)):
        if chunk is ended or target is ended:
            short = "x" if chunk is ended else "y"
            raise DataError(f"x and y are not as many chunks: {short} ends after {i}")
        yield chunk, target


def teaching_only(plan: Plan, wanted: Iterable[str] = ()) -> frozenset[str]:
    """Return the inputs that reach no output but through targets and ports of rules.

    Outputs are those of the graph, and others that are `wanted`.
    """
    heard = {*plan.outputs, *wanted}
    waiting = list(heard)
    while waiting:
        name = waiting.pop()
        rule = plan.rules.get(name)
        deaf = {"target", *(() if rule is None else rule.ports)}
        groups = [group for port, group in plan.reads[name].items() if port not in deaf]
        sources = {read.source for group in groups for read in group} - heard
        heard |= sources
        waiting.extend(sources)
    return frozenset(plan.inputs) - heard


def with_zeros(bound: BoundData, widths: Mapping[str, int]) -> BoundData:
    """Return the data with zeros for inputs of these widths that were not given."""
    wanted = {name: width for name, width in widths.items() if name not in bound.data}
    if not wanted:
        return bound
    series = [
        one.changed(partial(_with, wanted))
        if isinstance(one, Series)
        else Stream(_Filled(one.parts, wanted))
        for one in bound.series
    ]
    return replace(bound, series=series, data={**bound.data, **wanted})


class _Filled:
    """Parts of a stream with zeros for some inputs."""

    def __init__(self, parts: Iterable[Series], wanted: Mapping[str, int]):
        self._parts, self._wanted = parts, wanted

    def __iter__(self) -> Iterator[Series]:
        return (_with(self._wanted, part) for part in self._parts)


def _with(wanted: Mapping[str, int], one: Series) -> Series:
    return replace(one, data={**one.data, **zeros(one.n_steps, wanted)})


def zeros(n_steps: int, widths: Mapping[str, int]) -> dict[str, Array]:
    """Return rows of zeros by input."""
    return {name: np.broadcast_to(0.0, (n_steps, width)) for name, width in widths.items()}


class ByName(dict[str, Any]):
    """Outputs by node; the name of a composite stands for its node that is there."""

    def __missing__(self, name: str) -> Any:
        inside = [key for key in self if key.startswith(f"{name}.")]
        if len(inside) != 1:
            raise KeyError(name)
        return self[inside[0]]


def shaped(
    results: Sequence[Mapping[str, Array]], names: Sequence[str], form: str, by_name: bool
) -> Any:
    """Return the outputs of `names` in the form in which the data came; several are by name.

    There are none of a list of series that were all done before learning was resumed.
    """
    if form in ("one", "stream"):
        found: dict[str, Any] = {**results[0]}
    else:
        joined = {name: [result[name] for result in results] for name in names}
        stacked = form == "array" and results
        found = {name: np.stack(parts) if stacked else parts for name, parts in joined.items()}
    return ByName(found) if by_name or len(names) > 1 else next(iter(found.values()))
