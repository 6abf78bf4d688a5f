"""Who holds the arrays of a model, and the compiled steps that may be ahead of them."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Any, Self

import numpy as np

from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series
from nodegraph.engines import LOCAL, Engine
from nodegraph.engines.vitals import Vitals
from nodegraph.graph import Graph
from nodegraph.graph.plan import Plan
from nodegraph.host.numerics import Numerics, using
from nodegraph.model.mover import Mover, refuse_to_move
from nodegraph.model.state import ModelState
from nodegraph.model.stepping import MOST, Stepper
from nodegraph.model.views import ArraysView

__all__ = ["Holder"]

REST = 16  # calls that pass before a model that was looked at is made fast again


class Holder:
    """Holds the state of a model on an engine; calls take a draft of it, and leave theirs.

    Calls of few rows go through one compiled program from the second one on; it may be ahead of
    the arrays, which `_settle` brings up to it.

    Parameters
    ----------
    state : ModelState
    engine : Engine
    """

    def __init__(self, state: ModelState, engine: Engine):
        self._kept, self._own_engine = state, engine
        self._stepper: Stepper | None = None
        self._slow_calls, self._mover = 0, Mover()

    @property
    def plan(self) -> Plan:
        """The order in which the graph runs."""
        return self._kept.plan

    @property
    def graph(self) -> Graph:
        """The graph that this is a model of."""
        return self._kept.plan.graph

    @property
    def seed(self) -> int:
        """The number that all weights are drawn from."""
        return self._kept.initializer.seed

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of weights, states and outputs."""
        return self._kept.initializer.dtype

    @property
    def numerics(self) -> Numerics:
        """How exactly results are repeated; see `nodegraph.host.numerics`."""
        return self._kept.initializer.numerics

    @property
    def time(self) -> int:
        """Steps that the model's own stream has gone since the start."""
        return self._kept.stream.time + (0 if self._stepper is None else self._stepper.steps)

    @property
    def params(self) -> ArraysView:
        """Weights by node name, as NamedTuples of arrays."""
        return ArraysView(self._settle, "params", self._mover)

    @property
    def state(self) -> ArraysView:
        """States by node name, as NamedTuples of arrays."""
        return ArraysView(self._settle, "state", self._mover)

    def _settle(self) -> ModelState:
        """Return the arrays, moved on to where compiled steps have led; those end here."""
        if self._stepper is not None:  # nobody has the lock for long then
            with self._mover.lock:
                if self._stepper is not None:
                    self._slow_calls = 0 if self._stepper.steps > REST else -REST
                    self._kept, self._stepper = self._stepper.settled(), None
        return self._kept

    def _standing(self) -> ModelState:
        """Return the arrays as they are now; compiled steps go on."""
        if self._stepper is None:
            return self._kept
        with self._mover.lock:
            return self._kept if self._stepper is None else self._stepper.settled()

    def _twin(self) -> Self:
        """Return a model that stands here and moves in place of this one, which others may use."""
        twin = copy(self)
        twin._slow_calls = -REST  # nothing is compiled for one call
        return twin

    def _hold(self, state: ModelState, moved: bool = True) -> None:
        """Go on with these arrays; if they have not `moved`, a thread may have led on meanwhile."""
        if moved or state.slots.keys() != self._kept.slots.keys():
            state.origin, self._kept, self._stepper = None, state, None

    def _check_still(self, draft: ModelState, moving: bool) -> None:
        """Refuse to move on from where the model no longer stands."""
        if moving and (draft.origin is not self._kept or self._stepper is not None):
            refuse_to_move("this model was moved while its data were read")

    def __getstate__(self) -> dict[str, Any]:
        kept = self._standing()
        return {**self.__dict__, "_kept": kept, "_stepper": None, "_mover": Mover()}

    def _quickly(self, x: Any, y: Any = None, *, learn: bool = False) -> Any:
        """Return the outputs for few plain rows from the compiled program, or None."""
        stepper = self._stepper
        return stepper.run(x, y) if stepper is not None and stepper.learns == learn else None

    def _went(
        self, bound: BoundData, learn: frozenset[str] = frozenset(), vitals: Vitals | None = None
    ) -> None:
        """Take note of a plain call; after the second one of few rows, compile what comes next."""
        few = bound.own and isinstance(one := bound.series[0], Series) and one.n_steps <= MOST
        if few and self._own_engine is LOCAL:
            self._compile(learn, bound.targets, vitals)

    def _compile(
        self,
        learn: frozenset[str] = frozenset(),
        targets: Iterable[str] = (),
        vitals: Vitals | None = None,
    ) -> None:
        self._slow_calls += 1
        if self._slow_calls > 1:
            with using(self._kept.initializer.numerics):
                self._stepper = Stepper.of(self._kept, learn, targets, vitals)
            self._slow_calls = -REST if self._stepper is None else 0
