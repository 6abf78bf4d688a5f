"""Offline learners learn from more data, on top of what they have gathered before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nodegraph.data.binding import BoundData
from nodegraph.engines.first_use import concluded
from nodegraph.engines.slot import Slot
from nodegraph.errors import GraphError, named
from nodegraph.model.fit import Fit

__all__ = ["Update"]


@dataclass(frozen=True, kw_only=True)
class Update(Fit):
    """A fit that goes on; see `nodegraph.Model.update`.

    Parameters
    ----------
    first : int
        Number of the first of independent series.
    """

    first: int = 0

    def go_on(
        self, slots: dict[str, Slot], bound: BoundData, behind: bool = False
    ) -> tuple[list[dict[str, Any]], int]:
        """Let the learners learn; return a report of each and the steps gone.

        Right `behind` other such data, teachers go on from where they stood.
        """
        if len(self.stages) > 1:
            before = ", ".join(f'"{n}"' for stage in self.stages[:-1] for n in stage.learners)
            raise GraphError(
                f"update cannot change {', '.join(self.learners)} in turn: those downstream would "
                f"be stale; write model.freeze({before}).update(x, y), or fit on all data"
            )
        (stage,), moved, bound = self.stages, 0, self._dealt(bound)
        for slot in () if behind else slots.values():
            slot.taught = None  # teachers go on from the last outputs, those of a `run`
        self.check_again(slots, bound, 1)
        begun = {name: slot.standing() for name, slot in slots.items()}
        for i, series in enumerate(bound.series):
            place = slots if bound.own else self.initializer.fresh(slots, slots, self.first + i)
            moved = self.live(stage, place, series)
            self._keep(slots, place, stage)
        reports = [{"node": name, **self._finish(slots[name], name)} for name in stage.learners]
        if bound.own:
            self._settle(slots, bound, moved, begun)
        return reports, moved * bound.own

    def _finish(self, slot: Slot, name: str) -> dict[str, Any]:
        rule = self._rule(name)
        with named(name):
            slot.params, facts = concluded(name, rule, slot.params, slot.memory)
        slot.fitted = True
        return {"rule": type(rule).__name__, **facts}
