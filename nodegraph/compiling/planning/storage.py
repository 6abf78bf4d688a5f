"""Places in memory, and how arrays lie in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nodegraph.compiling.ir import Op, Trace, fastest

__all__ = ["IN_PLACE", "REGIONS", "Memory", "Storage"]

IN_PLACE = ("put", "rankone", "condout")  # what may change an array where it lies
REGIONS = ("condout", "loopout")  # what comes out of a branch or a loop


class Storage:
    """A place in memory: a leaf's own, or a buffer.

    Parameters
    ----------
    path : tuple or str
        Of a leaf or of the output; ``("buffer", ..)`` of what lives for one step.
    dims : sequence of Dim
    dtype : str

    Attributes
    ----------
    order : tuple of int
        The axes from the fastest to the slowest, once `settle` has chosen.
    """

    def __init__(self, path: Any, dims: Iterable[Any], dtype: str):
        self.path, self.dims, self.dtype = path, tuple(dims), dtype
        self.order: tuple[int, ...] = ()
        self.slow: set[int] = set()  # axes of which single places are looked at
        self.carry: Op | None = None  # of a loop: what each turn finds here

    @property
    def buffer(self) -> bool:
        """Whether it is nobody's outside of the step."""
        return isinstance(self.path, tuple) and self.path[0] == "buffer"

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(d.value for d in self.dims)

    def settle(self) -> None:
        """Choose the order of the axes."""
        if self.order:
            return
        rank = len(self.dims)
        many = rank > 0 and self.dims[0].root().many  # series side by side come first
        rest = range(1 if many else 0, rank)
        slow = sorted(self.slow.intersection(rest))
        quick = [a for a in rest if a not in self.slow]
        if quick and fastest([self.dims[a].value for a in quick]) != 0:
            quick = quick[::-1]
        self.order = (*(0,) * many, *quick, *slow[::-1])


def first_of(axis: int, rank: int) -> tuple[int, ...]:
    """Return an order of axes with `axis` as the fastest."""
    return (axis, *[a for a in range(rank) if a != axis])


class Memory:
    """Where everything that is kept lies.

    Attributes
    ----------
    storage : dict of Op to Storage
        Each version of an array that is changed in place has the same one.
    copies : list of (Op, Storage)
        What is copied at the end of a step or of a turn.
    leaf_storage : dict of path to Storage
    """

    def __init__(self, trace: Trace):
        self.storage: dict[Op, Storage] = {}
        self.copies: list[tuple[Op, Storage]] = []
        self.leaf_storage: dict[Any, Storage] = {}
        for path, op in trace.leaves.items():
            self.leaf_storage[path] = self.storage[op] = Storage(path, op.dims, op.dtype)

    def buffer(self, op: Op) -> Storage:
        """Return a new place for `op` that lives for one step."""
        return Storage(("buffer", op.number), op.dims, op.dtype)

    def together(self, one: Op, other: Op) -> bool:
        """Tell whether two arrays share a place, so that one is made from the other in it."""
        return self.storage.get(one) is self.storage[other]
