"""Nodes whose products with wide weights are made for many rows at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from nodegraph.arrays import Array
from nodegraph.graph.protocols import ByMethods

__all__ = ["AtOnce", "Sweeps"]


class AtOnce(ByMethods, ABC):
    """A node without a state that makes many rows at once faster than one after the other."""

    @abstractmethod
    def lay_out(self, params: Any) -> Any:
        """Return the params as `at_once` wants them in this numeric mode; None if it cannot."""

    @abstractmethod
    def at_once(self, laid: Any, xs: Array) -> Array:
        """Return what `step` gives out for each row: to the bit, but where numerics are "fast"."""


class Sweeps(ByMethods, ABC):
    """A node with a state whose step is mostly products that need none: those of many rows at once.

    The rest is its `core`, a node without params that runs row by row.
    """

    @property
    @abstractmethod
    def core(self) -> Any:
        """What has to go row by row."""

    @abstractmethod
    def lay_out(self, params: Any) -> Any:
        """Return the params as `sweep` wants them in this numeric mode; None if it cannot."""

    @abstractmethod
    def sweep(
        self, laid: Any, state: Any, xs: Array, run: Callable[[Any, Array], tuple[Any, Array]]
    ) -> tuple[Any, Array]:
        """Return ``(state, ys)`` as `step` makes them: to the bit, but where numerics are "fast".

        ``run(state, rows)`` returns state and outputs of the core after some rows.
        """
