"""A node with its params as engines run it, and a step of it as machine code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, read_only
from nodegraph.engines.each_step import moved, stacked

__all__ = ["Blocks", "FromEnd", "LanesCode", "Prepared", "StepCode", "fold", "one_by_one"]


class StepCode(NamedTuple):
    """One step of a node as compiled code, which a loop can call without Python.

    ``io`` has the address of the output row, of a row for each of the node's ``step_ports`` in
    their order (0 for one that is not wired), of a row of noise (0 for none), and where it learns
    of a row of targets and of one for each of the rule's ports.
    """

    function: int  # where its address is
    arguments: tuple[Any, ...] | Array  # C-contiguous arrays, by their addresses, and whole numbers
    state: Any  # a tree of arrays that the step changes in place
    unpack: Callable[[Any], Any] = lambda state: state  # from that tree to the node's own state
    n_out: int | None = None  # how many numbers it writes, where it knows
    release: Callable[[], None] = lambda: None  # to be called when it is unpacked for good
    expect: Callable[[int], None] = lambda n_steps: None  # to be called before so many steps more


class LanesCode(ABC):
    """One step of a node for many series, each in a lane of its own.

    Attributes
    ----------
    step : StepCode
        Each of its rows is of all series: the numbers of one column lie side by side.
    """

    step: StepCode

    @abstractmethod
    def put(self, states: Sequence[Any], acts: Sequence[int]) -> None:
        """Begin with these states; that of a series stays as it is after so many steps."""

    @abstractmethod
    def take(self, states: Sequence[Any]) -> list[Any]:
        """Return the states now, of series that began with these."""

    @abstractmethod
    def release(self) -> None:
        """Be done with it."""


class Prepared(ABC):
    """A node with its params: what engines run.

    Parameters
    ----------
    node : Node
    params
        They must not be changed as long as this is in use.
    """

    def __init__(self, node: Any, params: Any):
        self.node, self.params = node, params

    @abstractmethod
    def run(self, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        """Return ``(state, ys)`` after ``len(xs)`` steps."""

    def run_many(
        self, states: Sequence[Any], xs: Sequence[Array], **ports: Sequence[Array]
    ) -> tuple[list[Any], list[Array]]:
        """Return ``(states, ys)`` of many independent series."""
        return one_by_one(self.run, states, xs, ports)

    def run_in_a_row(self, state: Any, lengths: Sequence[int], xs: Array, **ports: Array) -> Array:
        """Return the outputs of many series whose rows lie behind each other, all from `state`."""
        cuts = np.cumsum(lengths[:-1])
        parts = {port: np.split(rows, cuts) for port, rows in ports.items()}
        return np.concatenate(self.run_many([state] * len(lengths), np.split(xs, cuts), **parts)[1])

    def step_code(
        self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int]
    ) -> StepCode | None:
        """Return one step from `state` on as compiled code, or None if there is none.

        It leaves the same bits as `run`; `widths` are those of the ports. Without it a loop calls
        `run` for each step.
        """
        return None

    def lanes_code(
        self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int], lanes: int
    ) -> LanesCode | None:
        """Return one step for so many series, whose states are like `state`; None if there is none.

        It leaves the same bits in each lane as `run` does.
        """
        return None

    def fits(self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int], n_out: int) -> bool:
        """Tell whether it is known that each step returns what it should."""
        return False


class Blocks(Prepared):
    """A node that is `Blockwise`."""

    def run(self, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        """Return ``(state, ys)`` after ``len(xs)`` steps."""
        return self.node.run_block(self.params, state, xs, **ports)  # type: ignore[no-any-return]


class FromEnd(Prepared):
    """A node that reads each series from its end; there are no steps of it for a loop.

    Parameters
    ----------
    own : Prepared
        The node as it runs on rows turned round.
    """

    def __init__(self, own: Prepared):
        super().__init__(own.node, own.params)
        self.own = own

    def run(self, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        """Return the state after the first row, which is read last, and ``ys``."""
        turned = {port: _turned(rows) for port, rows in ports.items()}
        state, ys = self.own.run(state, _turned(xs), **turned)
        return state, _turned(ys)

    def run_many(
        self, states: Sequence[Any], xs: Sequence[Array], **ports: Sequence[Array]
    ) -> tuple[list[Any], list[Array]]:
        """Return ``(states, ys)`` of many independent series."""
        turned = {port: [*map(_turned, series)] for port, series in ports.items()}
        states, ys = self.own.run_many(states, [*map(_turned, xs)], **turned)
        return states, [*map(_turned, ys)]

    def fits(self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int], n_out: int) -> bool:
        """Tell whether it is known that each step returns what it should."""
        return self.own.fits(state, dtype, widths, n_out)


def _turned(rows: Array) -> Array:
    return np.ascontiguousarray(rows[::-1])


def fold(
    node: Any, params: Any, state: Any, xs: Array, ports: Mapping[str, Array]
) -> tuple[Any, Array]:
    """Return ``(state, ys)``: `step` called for each row, in Python."""
    ys, shown = [], read_only(params)
    for t, x in enumerate(xs):
        found = node.step(shown, state, x, **{p: rows[t] for p, rows in ports.items()})
        state, y = moved(found, node, state)
        ys.append(y)
    return state, stacked(ys, node)


def one_by_one(
    run: Callable[..., tuple[Any, Array]],
    states: Sequence[Any],
    xs: Sequence[Array],
    ports: Mapping[str, Sequence[Array]],
) -> tuple[list[Any], list[Array]]:
    """Return ``(states, ys)`` of many series, each from a call of `run`."""
    runs = [
        run(state, x, **{port: series[i] for port, series in ports.items()})
        for i, (state, x) in enumerate(zip(states, xs, strict=True))
    ]
    return [state for state, _ in runs], [ys for _, ys in runs]
