"""What an engine is asked to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nodegraph.engines.checkpointer import Checkpointer
from nodegraph.engines.meter import Point
from nodegraph.engines.vitals import Vitals

__all__ = ["Request"]


class Request(NamedTuple):
    """What an engine is asked to do with the chunks."""

    wanted: tuple[str, ...] = ()  # nodes whose outputs are to be returned
    learn: frozenset[str] = frozenset()  # nodes that learn
    clock: int = 0  # number of the first step, for nodes on a clock
    noise: bool = False  # whether nodes with noise are noisy
    checkpointer: Checkpointer | None = None  # to be told of moments when the slots can be kept
    final: frozenset[str] = frozenset()  # offline learners who may conclude at the end of it
    every: int = 0  # steps from point to point of learning curves; 0: none are taken
    vitals: Vitals | None = None  # who takes rows to judge nodes by
    tell: Callable[[Point], None] | None = None  # to be given each point
