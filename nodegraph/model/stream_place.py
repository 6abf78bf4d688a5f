"""Where the model's own stream stands, for who goes on with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from nodegraph.data.binding import BoundData
from nodegraph.data.index_times import TimesIn
from nodegraph.data.last_rows import Last, LastRows
from nodegraph.data.series import Series
from nodegraph.model.drift import Drift

__all__ = ["StreamPlace"]

GOES_ON = (
    "one series goes on where the last call stopped: run what lies between as well, or write "
    "model.reset() where another series begins ([x] is one of its own)"
)


class StreamPlace(NamedTuple):
    """Where the model's own stream stands."""

    time: int = 0  # steps that it has gone
    drift: Drift | None = None  # how far its intervals have moved by what came
    unsaid: int | None = None  # the `time` of last outputs that say the next step, given to nobody
    last: LastRows = LastRows()  # when its last rows were taken, where they came in tables
    told: int | None = None  # the `time` at which the last targets stand for last outputs

    def gone(self, steps: int) -> StreamPlace:
        """Return where it stands so many steps later."""
        return self._replace(time=self.time + steps)

    def ended(self, last: Last, inputs: Iterable[str]) -> StreamPlace:
        """Return it with the last row that was taken, where no table told."""
        return self._replace(last=LastRows(self.time, dict.fromkeys(inputs, last)))

    def followed(self, bound: BoundData, remembers: bool = False) -> StreamPlace:
        """Return where the last rows of tables that come next were taken.

        A warning says if they do not follow those before, where nodes remember them.
        """
        timed = bound.times or self.last.by_input
        if not (timed and bound.own and isinstance(one := bound.series[0], Series)):
            return self
        cure = GOES_ON if remembers else ""
        times = {name: rows for name, rows in bound.times.items() if name in bound.data}
        told = TimesIn(times, getattr(bound.times, "zone", None))
        return self._replace(last=self.last.then(told, self.time, one.n_steps, cure))

    def plain(self) -> dict[str, Any]:
        """Return what there is beside `time`, as plain values."""
        at = {"unsaid": self.unsaid, "told": self.told}
        drift = {} if self.drift is None else {"drift": self.drift.plain()}
        last = {name: one.plain() for name, one in self.last.by_input.items()}
        return {
            **{what: time for what, time in at.items() if time is not None},
            **drift,
            **({"last": last} if self.last.stop == self.time and last else {}),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> StreamPlace:
        """Return what `plain` told, with the time; files of before may lack all but that.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it told something else.
        """
        time = int(plain["time"])
        drift = Drift.of(plain["drift"]) if "drift" in plain else None
        last = {name: Last.of(one) for name, one in plain.get("last", {}).items()}
        return cls(time, drift, plain.get("unsaid"), LastRows(time, last), plain.get("told"))
