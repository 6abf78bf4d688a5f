"""What nodes share that make one signal of several sources of the same width."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.node import Node

__all__ = ["Alike"]


class Alike(Node, ABC):
    """Sources of the same width become one signal of that width.

    Parameters
    ----------
    units : int, optional
        Width of a source, where what arrives is not to be parted by its edges: the columns are
        then taken in groups of so many.
    """

    class Params(NamedTuple):
        """How many sources there are, ()."""

        sources: Array

    alike: ClassVar[bool] = True

    units: PositiveInt | None = None

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the number of sources."""
        if not n_in or n_in % n_out:
            raise FieldError(
                f"{n_in} columns are no groups of {n_out}; write units={n_in} or a divisor of it"
                if n_in
                else f"{type(self).__name__} joins sources, but nothing is wired to it"
            )
        return self.Params(np.array(n_in // n_out, np.int64))

    @abstractmethod
    def joined(self, parts: Array) -> Array:
        """Return one signal (n_steps, n_out) of `parts`, (n_steps, n_sources, n_out)."""

    def step(self, params: Params, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, y)``, y of one source's width."""
        return state, self.joined(x.reshape(1, int(params.sources), -1))[0]

    def run(self, params: Params, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        """Return ``(state, ys)`` of a whole chunk."""
        return state, self.joined(xs.reshape(len(xs), int(params.sources), -1))
