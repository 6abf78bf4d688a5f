"""What cells share that stand around another cell and say when, or how much, it updates."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, PlainSerializer

from nodegraph.arrays import Array
from nodegraph.graph.messages import shown
from nodegraph.graph.registry import split_kind, written_kind
from nodegraph.node import Node
from nodes.parts.around_node import hands_on
from nodes.parts.cell import Cell

__all__ = ["AnyCell", "AroundCell", "BesideCell"]


def _by_kind(value: Any) -> Any:
    if isinstance(value, Cell):
        return value
    if isinstance(value, type) and issubclass(value, Cell):
        raise ValueError(f"is the class itself; write {value.__name__}(), with its fields in ()")
    if not isinstance(value, Mapping) or "kind" not in value:
        got = type(value).__name__ if isinstance(value, Node) else shown(value)
        raise ValueError(f"should be a cell, such as LSTM(units=100) (got {got})")
    fields = dict(value)
    kind, more = split_kind(fields.pop("kind"))
    if not issubclass(kind, Cell):
        raise ValueError(f"should be a cell, which {kind.__name__} is not")
    return kind(**more, **fields)


def _to_kind(cell: Cell) -> dict[str, Any]:
    return written_kind(cell, cell.as_given())


AnyCell = Annotated[
    Any, BeforeValidator(_by_kind), PlainSerializer(_to_kind, return_type=dict[str, Any])
]


class AroundCell(Cell, ABC):
    """A cell around another, which says what is given out and how it learns.

    Parameters
    ----------
    cell : node
        The cell inside, such as ``LSTM(units=100)``; in YAML ``{kind: LSTM, units: 100}``. Its
        ports, `emits`, `rule` and `frozen` are those of the whole.
    """

    cell: AnyCell

    rule = property(attrgetter("cell.taught"))
    taught = property(attrgetter("cell.taught"))
    frozen = property(attrgetter("cell.frozen"))
    given = property(attrgetter("cell.given"))
    width = property(attrgetter("cell.width"))
    weights = property(attrgetter("cell.weights"))
    carried = property(attrgetter("cell.carried"))
    unit_axis = property(attrgetter("cell.unit_axis"))
    floors = property(attrgetter("cell.floors"))

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:
        """Leave it to the cell inside which ports there are, and what it is told at first."""
        super().__pydantic_init_subclass__(**more)
        hands_on(cls, "cell.step_ports", "cell.takes", "cell.limits")

    def width_of(self, name: str) -> int:
        """Return of how many numbers that is which is given out by this name."""
        width: int = self.cell.width_of(name)
        return width

    def shown(self, state: Any, name: str) -> Array:
        """Return what the cell inside can give out, by name."""
        shown: Array = self.cell.shown(state, name)
        return shown

    def links(self, params: Any) -> dict[str, Array]:
        """Return where there are weights, of params that do not have all."""
        links: dict[str, Array] = self.cell.links(params)
        return links

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the weights will hold."""
        cost: dict[str, int] = self.cell.cost(n_in, n_out)
        return cost

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, **widths: int) -> Any:
        """Return the weights of the cell inside, which is told the widths that it asks for."""
        return self.cell.init(rng, n_in, n_out, **widths)

    def start(self, n_out: int, n_in: int = 0, **more: Any) -> Any:
        """Return the state of the cell inside, which remembers what is drawn around it, too."""
        return self.remembers(self.cell.start(n_out, n_in, **more)._replace(past=()), n_in)

    def draw_noise(self, rng: np.random.Generator, n_steps: int, n_out: int) -> Array | None:
        """Return the noise of the cell inside."""
        noise: Array | None = self.cell.draw_noise(rng, n_steps, n_out)
        return noise


class BesideCell(AroundCell, ABC):
    """A cell whose state has that of the cell inside, ``state.cell``, beside arrays of its own."""

    def carry(self, state: Any) -> list[Any]:
        """Return what is carried from step to step."""
        carry: list[Any] = self.cell.carry(state.cell)
        return carry

    def with_carry(self, state: Any, values: Sequence[Any]) -> Any:
        """Return the state with other arrays in place of what is carried."""
        return state._replace(cell=self.cell.with_carry(state.cell, values))

    def shown(self, state: Any, name: str) -> Array:
        """Return what can be given out, by name."""
        shown: Array = self.cell.shown(state.cell, name)
        return shown
