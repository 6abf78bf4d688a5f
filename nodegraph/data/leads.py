"""How much later the rows of one table were taken than those beside them in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.last_rows import KINDS, MOST, Times
from nodegraph.data.time_steps import duration, usual_step
from nodegraph.errors import warn

__all__ = ["Lead", "Leads", "first_doubt", "leads", "warn_of_other_leads"]

FEWEST = 8  # rows that tell how far they are apart, where that is not the same in all


class Lead(NamedTuple):
    """How much later rows are than those of `base` in the same place: at least, usually, at most.

    `step` is the one that most rows of the base take.
    """

    base: str
    low: Any
    usual: Any
    high: Any
    step: Any

    @classmethod
    def between(cls, base: str, times: Array, others: Array, ahead: int = 0) -> Lead | None:
        """Return that of rows `ahead` later in `others`; None if times do not tell.

        Examples
        --------
        >>> days = np.arange("2020-01-01", "2020-01-09", dtype="M8[D]")
        >>> Lead.between("u", days, days, ahead=2).words
        '2 d later than'
        """
        count = len(times) - ahead
        kinds = {times.dtype.kind, others.dtype.kind}
        if count < 1 or len(times) != len(others) or len(kinds) > 1 or not kinds <= KINDS.keys():
            return None
        of_time = KINDS[times.dtype.kind][0]
        apart = others[ahead:][:count].astype(of_time) - times[:count].astype(of_time)
        apart = apart[apart == apart]
        if not len(apart):
            return None
        middle = np.sort(apart)[len(apart) // 2]
        step = usual_step(np.diff(times.astype(of_time)))
        told = count >= FEWEST or apart.min() == apart.max()
        return cls(base, apart.min(), middle, apart.max(), step) if told else None

    @property
    def words(self) -> str:
        """How far rows are from those of the base."""
        zero = self.usual - self.usual
        if self.usual == zero:
            return "of one time with"
        return f"{duration(abs(self.usual))} {'later' if self.usual > zero else 'earlier'} than"

    def takes(self, new: Lead) -> bool:
        """Tell whether rows of another call are as far apart, to half a step."""
        if new.base != self.base or type(new.usual) is not type(self.usual):
            return True
        half = abs(self.step) / 2
        return bool(self.low - half <= new.usual <= self.high + half)

    def plain(self) -> list[Any]:
        """Return it as its base, its kind and four numbers; times are microseconds."""
        kind = np.asarray(self.usual).dtype.kind
        whole = "f8" if kind == "f" else "i8"
        return [self.base, kind, *(np.asarray(part).astype(whole).item() for part in self[1:])]

    @classmethod
    def of(cls, plain: Sequence[Any]) -> Lead:
        """Return what `plain` told.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it told something else.
        """
        base, kind, *parts = plain
        of_step, numbers = KINDS[kind][1], {int, float} if kind == "f" else {int}
        if len(parts) != 4 or any(type(n) not in numbers or abs(n) > MOST for n in parts):
            raise ValueError(f"expected four numbers of how far rows are apart, got {plain!r}")
        return cls(str(base), *np.array(parts).astype(of_step))


Leads = Mapping[str, Lead]  # by further input, or "target of" a learner


def leads(times: Times, inputs: Sequence[str], ahead: Mapping[str, int]) -> dict[str, Lead]:
    """Return how much later all tables are than the first of the inputs that has times.

    Parameters
    ----------
    times : dict of ndarray
        Of inputs, and of targets as "target of" their learner.
    inputs : sequence of str
    ahead : dict of int
        How many rows later the target of a learner stands than the row that learns it.
    """
    known = {name: rows for name, rows in times.items() if rows is not None and len(rows)}
    base = min((name for name in inputs if name in known), default=None)
    if base is None:
        return {}
    rows = {f"target of {name}": count for name, count in ahead.items()}
    found = {
        name: Lead.between(base, known[base], others, rows.get(name, 0))
        for name, others in known.items()
        if name != base
    }
    return {name: lead for name, lead in found.items() if lead is not None}


def first_doubt(known: Leads, new: Leads, which: str = "") -> str:
    """Return which rows are other than as far apart as was known; else nothing."""
    for name, lead in new.items():
        before = known.get(name)
        if before is not None and not before.takes(lead):
            return (
                f"{name}{which}: its rows are {lead.words} those of {lead.base}, and were "
                f"{before.words} them"
            )
    return ""


def warn_of_other_leads(known: Leads, new: Leads, call: str = "") -> None:
    """Warn of rows that are not as far apart in time as those that a model learned from."""
    if odd := first_doubt(known, new):
        warn(
            f"{call}{odd} when the model learned; give rows that are as far apart, or values that "
            "were shifted themselves, as by y.shift, without their index: y.to_numpy()"
        )
