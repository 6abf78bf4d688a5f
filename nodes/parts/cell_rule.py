"""What rules share that teach a cell by its own equation."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from pydantic import PrivateAttr

from nodegraph.arrays import Array
from nodegraph.errors import ContractError, DataError
from nodegraph.maths import mean, where
from nodegraph.node import Node
from nodes.parts.descent import Descent, moments

__all__ = ["CellRule", "Wrong", "by_unit", "gathered"]

HEAD = ("V", "offset")
LASTING = 0.99  # of what is summed up of errors


class Wrong(NamedTuple):
    """Fading sums of what a head said wrong, in double precision."""

    squares: Array  # () the mean squares of its errors
    steps: Array  # () 1 for each

    @classmethod
    def nothing(cls) -> Wrong:
        """Return the sums before the first error."""
        return cls(np.zeros(()), np.zeros(()))

    def and_of(self, error: Array, steps: Any = 1) -> Wrong:
        """Return the sums with one more error, unless `steps` is 0."""
        fading = where(steps == 0, 1.0, LASTING)
        squares = fading * self.squares + mean(error * error)
        return Wrong(squares.astype(float), (fading * self.steps + steps).astype(float))


class CellRule(Descent, ABC):
    """Teach a cell and its head, from the error of what the head says.

    A cell that can be taught has ``V`` (n_heard, n), ``offset`` (n_heard,) and ``feedback``
    (n, n_heard) among its params, and says

    - ``relived(params, state, x, ports)``: its state one step later, in operators and words that
      `nodes.parts.tape` knows;
    - ``carry(state)``: the arrays of its state, (n,) each, that are carried from step to step; the
      head reads the first; ``with_carry(state, values)``: the state with others in their place;
      ``carried``: their names;
    - ``weights``: names of the params that learn;
    - ``unit_axis``: of params whose first axis is not that of the units (gate by gate), which is;
    - ``links(params)``: of params that have weights at some places alone, where they are;
    - ``floors``: of params that have a least number, which;
    - ``frozen``: whether only the head learns.
    """

    _cell: Any = PrivateAttr(None)

    @property
    def window(self) -> int:
        """How many steps of its own past the cell is to remember for it."""
        return 0

    def of(self, node: Node) -> CellRule:
        """Return this rule as it teaches `node`."""
        if not hasattr(type(node), "relived"):
            return self
        known = self.model_copy()
        known._cell = node.model_copy()
        return known

    @property
    def cell(self) -> Any:
        """The cell that it teaches, as a description."""
        if self._cell is None:
            kind = type(self).__name__
            raise ContractError(f"{kind} teaches a cell: write LSTM(rule={kind}()).learner")
        return self._cell

    @property
    def modifies(self) -> tuple[str, ...]:  # type: ignore[override]
        """Names of the arrays that it may change."""
        return HEAD if self._cell is None else (*self.cell.weights, *HEAD)

    @property
    def moving(self) -> tuple[str, ...]:
        """Names of the arrays that learn."""
        return HEAD if self._cell is None or self.cell.frozen else self.modifies

    def within(self, name: str, array: Array) -> Array:
        """Return an array with numbers that the cell takes, none below its floor."""
        floors: Mapping[str, float] = {} if self._cell is None else self.cell.floors
        return np.maximum(array, array.dtype.type(floors[name])) if name in floors else array

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        kind = type(self).__name__
        if node.arriving:
            array = node.arriving[0]
            return (
                f"{array} arrives by an edge, and {kind} goes by the one that the cell holds; "
                f"write rule=None, or leave out the edge"
            )
        if hasattr(type(node), "relived"):
            return None
        return (
            f"{kind} teaches a cell, which {type(node).__name__} is not; write LSTM(rule={kind}())"
        )

    def sums(self, params: Any) -> Any:
        """Return like params, the `moments` of each array that learns; of others ()."""
        none: dict[str, Any] = dict.fromkeys(params._fields, ())
        return params._replace(**none | {n: moments(getattr(params, n)) for n in self.moving})

    def measure(self, params: Any, memory: Any) -> dict[str, float]:
        """Return the error of the head, before it learned from it: the root of its mean square."""
        squares, steps = (float(number) for number in memory.wrong)
        return {"error": np.sqrt(squares / steps) if steps else np.nan}

    def require_steps(self, steps: int, seen: int) -> None:
        """Raise DataError if a course had fewer steps than the rule is to go back over."""
        if seen < steps:
            raise DataError(
                f"{type(self).__name__} goes back over steps={steps}, but saw {seen} to learn "
                f"from; give more data or write steps={max(1, seen)}"
            )

    def finish(self, params: Any, memory: Any) -> Any:
        """Return the params as they are."""
        self.require_update(memory.clock)
        return params


def gathered(sums: Any, gradients: dict[str, Any], links: Mapping[str, Any]) -> Any:
    """Return `sums` with gradients added, of weights that are there."""
    found = {}
    for name, gradient in gradients.items():
        found[name] = getattr(sums, name).copy()
        found[name][0] += gradient * links[name] if name in links else gradient
    return sums._replace(**found)


def by_unit(numbers: Array, array: Array, axis: int = 0) -> Array:
    """Return `array` times a number for each unit, whose axis may be repeated gate by gate.

    An array of fewer is of the first units.

    Examples
    --------
    >>> by_unit(np.array([1.0, 2.0]), np.ones(4))
    array([1., 2., 1., 2.])
    """
    length = array.shape[axis]
    repeated = length // len(numbers)
    along: Array = np.concatenate([numbers] * repeated) if repeated > 1 else numbers[:length]
    scaled: Array = along[:, None] * array if array.ndim == 2 and axis == 0 else along * array
    return scaled
