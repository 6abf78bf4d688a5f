"""Chunks that travel together, so that a call is made for many of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import Chunk
from nodegraph.engines.ray.partition import Partition

__all__ = ["Parcel", "parcels"]


class Parcel(NamedTuple):
    """Some chunks, one behind the other.

    Parameters
    ----------
    chunk : Chunk
        All their rows.
    lengths : tuple of int
        How many steps each has.
    first : int
        The number of the first one.
    """

    chunk: Chunk
    lengths: tuple[int, ...]
    first: int

    @property
    def n_steps(self) -> int:
        """How many steps they have together."""
        return self.chunk.n_steps

    def of(self, part: Partition) -> Parcel:
        """Return what of it is for a part."""
        return self._replace(chunk=part.chunk(self.chunk))

    def pieces(self) -> Iterator[tuple[int, int, Chunk]]:
        """Yield the number of each chunk, its first row and the chunk."""
        chunk, start = self.chunk, 0
        for number, length in enumerate(self.lengths, self.first):
            rows = slice(start, start + length)
            data = {name: xs[rows] for name, xs in chunk.data.items()}
            targets = {name: ts[rows] for name, ts in chunk.targets.items()}
            learn_from = max(0, chunk.learn_from - start)
            yield number, start, Chunk(length, data, targets, learn_from, chunk.number)
            start += length


def parcels(chunks: Iterable[Chunk], size: int) -> Iterator[Parcel]:
    """Yield chunks, at most so many of them together."""
    held: list[Chunk] = []
    first = 0
    for chunk in chunks:
        if len(held) == size or (held and not _continues(held, chunk)):
            yield _joined(held, first)
            held, first = [], first + len(held)
        held.append(chunk)
    if held:
        yield _joined(held, first)


def _continues(held: list[Chunk], chunk: Chunk) -> bool:
    """Tell whether a chunk can be joined to others without a loss."""
    one, start = held[0], sum(each.n_steps for each in held)
    alike = all(
        _form(mine) == _form(theirs)
        for mine, theirs in ((one.data, chunk.data), (one.targets, chunk.targets))
    )
    return alike and (chunk.learn_from, chunk.number) == (
        max(0, one.learn_from - start),
        one.number,
    )


def _form(parts: Mapping[str, Array]) -> dict[str, tuple[object, ...]]:
    return {name: (rows.dtype, *rows.shape[1:]) for name, rows in parts.items()}


def _joined(held: list[Chunk], first: int) -> Parcel:
    lengths = tuple(chunk.n_steps for chunk in held)
    if len(held) == 1:
        return Parcel(held[0], lengths, first)
    data, targets = (
        {name: np.concatenate([getattr(chunk, part)[name] for chunk in held]) for name in own}
        for part, own in (("data", held[0].data), ("targets", held[0].targets))
    )
    whole = Chunk(sum(lengths), data, targets, held[0].learn_from, held[0].number)
    return Parcel(whole, lengths, first)
