"""What nodes share whose hidden units serve a linear head of their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, TypeVar

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.node import Node
from nodes.parts.emitted import Emitted, in_order
from nodes.parts.own_head import OwnHead
from nodes.parts.slopes import Slanted

__all__ = ["TaughtUnits"]

R = TypeVar("R", bound=OwnHead)


class TaughtUnits(Node, ABC):
    """Hidden units that a target of any width teaches, through a head that nobody else hears.

    Parameters
    ----------
    units : int
        Number of hidden units.
    activation : {"relu", "tanh", "sigmoid"}
        f.
    ridge : float
        Strength of the penalty on linear heads, as a share of each feature's sum of squares.
    epsilon : float
        Share of the largest variance that is added to each before whitening.
    frozen : bool
        Whether all but the head stays as it was drawn, to be compared with.
    emits : {"units", "prediction"} or several
        What is given out, in this order.
    """

    own_head: ClassVar[bool] = True
    moves: ClassVar[tuple[str, ...]]  # fields that matter while units move; the first says how long

    units: PositiveInt
    activation: Slanted = "relu"
    ridge: PositiveFloat = 6e-3
    epsilon: PositiveFloat = 3e-3
    frozen: bool = False
    emits: Emitted = ("units",)

    _in_order = in_order("units", "prediction")

    @property
    @abstractmethod
    def shown(self) -> int:
        """The number of signals that the head hears beside the inputs."""

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return dict.fromkeys(self.moves, "frozen units do not move") if self.frozen else {}

    def taught_by(self, kind: type[R]) -> R:
        """Return the rule of that kind, which moves nothing but the head of frozen units."""
        fields = self.shared(kind)
        return kind(**{**fields, self.moves[0]: 0} if self.frozen else fields)

    @property
    def declared_size(self) -> int | None:
        """The number of signals given out, if no prediction is among them."""
        return self.shown if self.emits == ("units",) else None

    def size(self, n_in: int, target: int = 0) -> int:
        """Return how many signals are given out."""
        return self.shown * ("units" in self.emits) + target * ("prediction" in self.emits)

    def require_input(self, n_in: int) -> None:
        """Raise FieldError if nothing is wired to it."""
        if n_in == 0:
            raise FieldError("it reads x, but nothing is wired there; write source >> it")

    def silence(self, params: Any, n_steps: int) -> Array | None:
        """Return outputs of 0 before it has learned."""
        if params.gain.any() or params.V.any() or params.offset.any():
            return None
        return np.zeros((n_steps, self.size(0, len(params.offset))), params.V.dtype)
