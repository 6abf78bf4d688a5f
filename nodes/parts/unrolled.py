"""Going back over the last steps of a cell, by its own equation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.maths import cond, repeat
from nodes.parts.past import Past
from nodes.parts.tape import Taped, gradients

__all__ = ["unrolled"]

Say = Callable[[Any, Array], tuple[Any, dict[str, Any]]]


def unrolled(
    cell: Any,
    params: Any,
    past: Past,
    change: tuple[Any, ...],
    say: Say,
    ports: Iterable[str],
    rows: Any,
) -> dict[str, Any]:
    """Return the gradient of a loss over the last steps of the past.

    Parameters
    ----------
    cell : node
        See `nodes.parts.cell_rule.CellRule`.
    params, past
    change : tuple of arrays
        The derivative of the loss by each carried array of the state after the last step.
    say : callable
        Takes the state before a step and the input of that step; returns what the loss of this
        step adds to the derivative by h before, and gradients of the head by name.
    ports : iterable of str
        The ports to which something is wired; of other ones than x the past holds the largest
        signal, and noise as it was drawn.
    rows : int
        How many steps it goes back, of those that are remembered.
    """
    names = (*cell.weights, "V", "offset")
    zeros = tuple(np.zeros_like(getattr(params, name), dtype=float) for name in names)
    steps, wired = len(past.x), frozenset(ports)

    def lived(back: Any, changes: Any, sums: Any) -> Any:
        state, x, others = past.at(back)
        changes, found = _pulled(cell, params, state, x, _row(cell, others, wired), changes)
        by_h, head = say(state, x)
        changes = (changes[0] + by_h, *changes[1:])
        found |= head
        added = tuple(total + found[name] for total, name in zip(sums, names, strict=True))
        return back + 1, changes, added

    def turn(carry: Any) -> Any:
        back = carry[0]  # steps that never were are not lived through: a dt of 0 makes NaN
        return cond((back < past.steps) & (back < rows), lived, *carry)

    _, _, sums = repeat(steps, turn, (np.zeros((), np.int64), change, zeros))
    return dict(zip(names, sums, strict=True))


def _row(cell: Any, others: Any, ports: frozenset[str]) -> dict[str, Any]:
    """Return what other ports heard at a step, of those that are wired."""
    names = [port for port in cell.step_ports if port not in ("x", "update")]
    row = {name: others[i : i + 1] for i, name in enumerate(names) if name in ports}
    return row | ({"noise": others[len(names) :]} if len(others) > len(names) else {})


def _pulled(
    cell: Any, params: Any, state: Any, x: Any, ports: Mapping[str, Any], changes: tuple[Any, ...]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the derivatives by what was carried before a step, and by the weights in it."""
    olds = [Taped(array) for array in cell.carry(state)]
    weights = [Taped(getattr(params, name)) for name in cell.weights]
    after = cell.relived(
        params._replace(**dict(zip(cell.weights, weights, strict=True))),
        cell.with_carry(state, olds),
        x,
        ports,
    )
    pairs = list(zip(cell.carry(after), changes, strict=True))
    found = gradients(pairs, [*olds, *weights])
    full = [
        np.zeros_like(leaf.value) if one is None else one
        for one, leaf in zip(found, [*olds, *weights], strict=True)
    ]
    before = tuple(full[: len(olds)])
    return before, dict(zip(cell.weights, full[len(olds) :], strict=True))
