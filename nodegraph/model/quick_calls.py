"""Calls of few rows: from the second one on they go through one compiled program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series
from nodegraph.engines import LOCAL, Engine
from nodegraph.engines.vitals import Vitals
from nodegraph.host.numerics import using
from nodegraph.model.state import ModelState
from nodegraph.model.stepping import MOST, Stepper

__all__ = ["QuickCalls"]

PATIENCE = 16  # calls that pass before a model that was looked at is made fast again


class QuickCalls:
    """The state of a model on an engine, and the program that may be ahead of it.

    Parameters
    ----------
    state : ModelState
    engine : Engine
    """

    def __init__(self, state: ModelState, engine: Engine):
        self._kept, self._own_engine = state, engine
        self._stepper: Stepper | None = None
        self._slow_calls = 0

    def _settle(self) -> ModelState:
        """Return the arrays, moved on to where compiled steps have led; those end here."""
        if self._stepper is not None:
            self._slow_calls = 0 if self._stepper.steps > PATIENCE else -PATIENCE
            self._kept, self._stepper = self._stepper.settled(), None
        return self._kept

    def _hold(self, state: ModelState) -> None:
        """Go on with these arrays."""
        self._kept, self._stepper = state, None

    def __getstate__(self) -> dict[str, Any]:
        kept = self._kept if self._stepper is None else self._stepper.settled()
        return {**self.__dict__, "_kept": kept, "_stepper": None}

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
            self._slow_calls = -PATIENCE if self._stepper is None else 0
