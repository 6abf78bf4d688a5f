"""From a trace to loops: what is kept and where, in which order, and what goes together.

A plan knows operations and places in memory, and nothing of the language that it will be spelt in.
"""

from __future__ import annotations

from typing import Any

from nodegraph.compiling.ir import Op, Trace, TraceError
from nodegraph.compiling.planning.claims import memory_for, users_of
from nodegraph.compiling.planning.dependence import Dependence
from nodegraph.compiling.planning.layout import settle
from nodegraph.compiling.planning.rematerialisation import roots_of
from nodegraph.compiling.planning.scheduling import NO_ORDER, grouped, in_order, looked_at, loosen

__all__ = ["Plan"]

_TRIES = 20  # each gives one array a buffer of its own


class Plan:
    """What generated code does.

    Parameters
    ----------
    trace : Trace
    finals : dict of path to Op
        What makes ``"y"`` and each leaf that changes, as `finals_of` returns it.

    Attributes
    ----------
    memory : Memory
        Where everything that is kept lies.
    groups : list of Group
        What is done, in order; a `Block` has groups of its own.
    outside : set of Op
        What is read outside of the loop that makes it.
    """

    def __init__(self, trace: Trace, finals: dict[Any, Op]):
        self.trace, self.finals = trace, dict(finals)
        trace.open = False
        live = users_of(self.finals)
        self.memory = memory_for(trace, self.finals, live)
        settle(self.memory, live)
        self.roots = roots_of(trace, self.memory, set(self.finals.values()), live)
        self.live = live
        work = self._scheduled()
        self.groups = grouped(work.items[trace.top])
        for body, block in work.blocks.items():
            block.groups = grouped(work.items[body])
        self.outside = looked_at(work, live)

    def _scheduled(self) -> Dependence:
        """Return all items in order; arrays that cannot change in place move elsewhere."""
        for _ in range(_TRIES):
            work = Dependence(self.trace, self.memory, self.roots, self.live)
            stuck: list[Any] = [*work.conflicts]
            for region, items in work.items.items():
                if stuck:
                    break
                work.items[region], stuck = in_order(items)
            if not stuck:
                return work
            loosen(self.memory, self.roots, stuck)
        raise TraceError(NO_ORDER)
