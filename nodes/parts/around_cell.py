"""What cells share that stand around another cell and say when, or how much, it updates."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, PlainSerializer

from nodegraph.arrays import Array
from nodegraph.graph.messages import shown
from nodegraph.graph.registry import split_kind, written_kind
from nodegraph.node import Node
from nodes.parts.around_node import hands_on
from nodes.parts.cell import Cell
from nodes.parts.cell_rule import CellRule

__all__ = ["AnyCell", "AroundCell"]


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

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:
        """Leave it to the cell inside which ports there are, and what it is told at first."""
        super().__pydantic_init_subclass__(**more)
        hands_on(cls, "cell.step_ports", "cell.takes", "cell.limits")

    @property
    def rule(self) -> CellRule | None:
        """The rule of the cell inside."""
        return self.taught

    @property
    def frozen(self) -> bool:
        """Whether only the head learns."""
        frozen: bool = self.cell.frozen
        return frozen

    @property
    def taught(self) -> CellRule | None:
        """The rule that it learns by."""
        rule: CellRule | None = self.cell.taught
        return rule

    @property
    def given(self) -> tuple[str, ...]:
        """What is given out."""
        given: tuple[str, ...] = self.cell.given
        return given

    @property
    def width(self) -> int:
        """The number of units."""
        width: int = self.cell.width
        return width

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the params that can learn."""
        weights: tuple[str, ...] = self.cell.weights
        return weights

    @property
    def carried(self) -> tuple[str, ...]:  # type: ignore[override]
        """Names of what is carried from step to step."""
        carried: tuple[str, ...] = self.cell.carried
        return carried

    @property
    def unit_axis(self) -> Mapping[str, int]:  # type: ignore[override]
        """The axis of the units in params where it is not the first."""
        axes: Mapping[str, int] = self.cell.unit_axis
        return axes

    @property
    def floors(self) -> Mapping[str, float]:  # type: ignore[override]
        """The least numbers of params that have some."""
        floors: Mapping[str, float] = self.cell.floors
        return floors

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
        """Return the state of the cell inside."""
        return self.cell.start(n_out, n_in, **more)

    def draw_noise(self, rng: np.random.Generator, n_steps: int, n_out: int) -> Array | None:
        """Return the noise of the cell inside."""
        noise: Array | None = self.cell.draw_noise(rng, n_steps, n_out)
        return noise
