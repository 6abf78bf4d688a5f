"""What nodes share that make one signal of several sources of the same width."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError, warn
from nodegraph.node import Node

__all__ = ["Alike", "summed"]


class Alike(Node, ABC):
    """Sources of the same width become one signal of that width.

    Parameters
    ----------
    units : int, optional
        Width of a source, where what arrives is not to be parted by its edges: the columns are
        then taken in groups of so many.
    """

    class Params(NamedTuple):
        """The sources by number, (n_sources,)."""

        sources: Array

    alike: ClassVar[bool] = True

    units: PositiveInt | None = None

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the sources by number; warn of one alone."""
        kind = type(self).__name__
        if n_in == n_out:
            warn(
                f"{self.name or kind}: one source of {n_in} columns is all that it joins; wire "
                f"several to it, [a, b] >> {kind}(), or write units= for groups of its columns"
            )
        if not n_in or n_in % n_out:
            raise FieldError(
                f"{n_in} columns are no groups of {n_out}; write units={n_in} or a divisor of it"
                if n_in
                else f"{kind} joins sources, but nothing is wired to it"
            )
        return self.Params(np.arange(n_in // n_out))

    @abstractmethod
    def joined(self, parts: Array) -> Array:
        """Return one signal (n_out,) of `parts`, (n_sources, n_out)."""

    def step(self, params: Params, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, y)``, y of one source's width."""
        return state, self.joined(x.reshape(len(params.sources), -1))


def summed(parts: Array) -> Array:
    """Return the sum of the rows of `parts`, from the first to the last."""
    y: Array = parts[0]
    for i in range(1, len(parts)):
        y = y + parts[i]
    return y
