"""Ports that tell how much time has passed: one signal, above 0 at every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nodegraph.arrays import Array
from nodegraph.errors import DataError, GraphError
from nodegraph.graph.node import Node

__all__ = ["check_above_zero", "check_one_signal", "goes_forward"]


def check_one_signal(name: str, node: Node, widths: Mapping[str, int]) -> None:
    """Refuse a duration of several signals.

    Raises
    ------
    GraphError
    """
    for port in node.durations:
        if (width := widths.get(port, 1)) != 1:
            raise GraphError(
                f"{name}: {port} should be one signal, the time since the step before, got "
                f"{width}; wire Select(columns=...) of one column to {name}[{port!r}]"
            )


def check_above_zero(name: str, durations: Mapping[str, Array], clock: int) -> None:
    """Refuse durations that are not above 0, NaN among them; row 0 is step number `clock`.

    Raises
    ------
    DataError
    """
    for port, rows in durations.items():
        if goes_forward(rows):
            continue
        at = int((rows > 0).all(axis=1).argmin())
        raise DataError(
            f"{name}: {port} should be above 0, for it is the time since the step before, got "
            f"{rows[at, 0]:.6g} at step {clock + at}; mend or leave out that row"
        )


def goes_forward(rows: Array) -> bool:
    """Tell whether all durations are above 0."""
    return bool((rows > 0).all())


def recent(sources: Sequence[Any], start: int, stop: int) -> bool:
    """Tell whether what rings of rows hold of these steps goes forward."""
    for rows, zero in sources:
        steps = [(zero + step) % len(rows) for step in range(start, stop)]
        if not goes_forward(rows[steps]):
            return False
    return True
