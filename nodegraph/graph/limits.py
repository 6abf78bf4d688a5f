"""Between which numbers the signals of a port lie, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nodegraph.arrays import Array
from nodegraph.errors import DataError, GraphError

__all__ = ["DURATION", "Limits", "check_signals", "check_within", "recent"]


class Limits(NamedTuple):
    """What may arrive at a port.

    Parameters
    ----------
    low, high : float
        Bounds that belong to what may be; NaN may not.
    open : bool
        Whether `low` itself may not be.
    signals : int, optional
        How many signals arrive there.
    meaning : str
        What they are, for messages.
    """

    low: float
    high: float = math.inf
    open: bool = False
    signals: int | None = None
    meaning: str = ""

    def hold(self, rows: Array) -> Array:
        """Return which numbers of `rows` may be."""
        above = rows > self.low if self.open else rows >= self.low
        held: Array = above & (rows <= self.high)
        return held

    def brought_in(self, rows: Array) -> Array:
        """Return numbers that may be, made of any, to try a step with."""
        size = 0.1 + rows * rows
        if self.high < math.inf:
            size = (self.high - self.low) * size / (1 + size)
        return (self.low + size).astype(rows.dtype)

    def __str__(self) -> str:
        if self.high < math.inf:
            return f"from {self.low:g} to {self.high:g}"
        return f"above {self.low:g}" if self.open else f"{self.low:g} or more"


DURATION = Limits(0.0, open=True, signals=1, meaning="the time since the step before")


def check_signals(
    name: str, known: Mapping[str, Limits], single: Iterable[str], widths: Mapping[str, int]
) -> None:
    """Refuse more or fewer signals than a port of a node, or of its rule, takes.

    Parameters
    ----------
    name : str
        Of the node.
    known : dict of Limits
        By port.
    single : iterable of str
        Ports that take one signal.
    widths : dict of int
        How many arrive, by port.

    Raises
    ------
    GraphError
    """
    alone = {port: Limits(-math.inf, signals=1) for port in single}
    for port, limits in {**known, **alone}.items():
        wanted = limits.signals
        if wanted is not None and (width := widths.get(port, wanted)) != wanted:
            few = "one signal" if wanted == 1 else f"{wanted} signals"
            raise GraphError(
                f"{name}: {port} should be {few}{_that_is(limits, ', ')}, got {width}; wire "
                f"Select(columns=...) to {name}[{port!r}]"
            )


def check_within(
    name: str, limits: Mapping[str, Limits], signals: Mapping[str, Array], clock: int
) -> None:
    """Refuse signals out of their limits, NaN among them; row 0 is step number `clock`.

    Raises
    ------
    DataError
    """
    for port, rows in signals.items():
        held = limits[port].hold(rows)
        if held.all():
            continue
        at = int(held.all(axis=1).argmin())
        raise DataError(
            f"{name}: {port} should be {limits[port]}{_that_is(limits[port], ', for it is ')}, got "
            f"{rows[at][~held[at]][0]:.6g} at step {clock + at}; mend or leave out that row"
        )


def _that_is(limits: Limits, between: str) -> str:
    return between + limits.meaning if limits.meaning else ""


def recent(sources: Sequence[Any], limits: Limits, start: int, stop: int) -> bool:
    """Tell whether what rings of rows hold of these steps is within its limits."""
    for rows, zero in sources:
        steps = [(zero + step) % len(rows) for step in range(start, stop)]
        if not limits.hold(rows[steps]).all():
            return False
    return True
