"""Chunks that travel together, so that a call is made for many of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import Chunk
from nodegraph.engines.ray.partition import Partition

__all__ = ["APART", "Parcel", "packed", "parcels", "unpacked"]

APART, EVEN = 1 << 16, 16  # bytes: of an array that goes by itself; where arrays may begin
ROWS = ("data", "targets", "known")  # of a chunk


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
    asks : {"", "snapshot", "last"}
        Whether who lives through them is to say where it stands then; they are the last ones.
    """

    chunk: Chunk
    lengths: tuple[int, ...]
    first: int
    asks: Literal["", "snapshot", "last"] = ""

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
        yield _joined(held, first)._replace(asks="last")


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


def packed(attempt: int, seq: int, parcel: Parcel) -> list[Any]:
    """Return a call as bytes, which Ray sends as they are, and the large arrays of it.

    Ray would look at each word by itself, which takes as long as all else of a call.
    """
    chunk, heads = parcel.chunk, []
    inside, apart = list[bytes](), list[Array]()
    for part in ROWS:
        for name, rows in getattr(chunk, part).items():
            small = rows.nbytes < APART
            heads.append((part, name, rows.dtype.str, rows.shape, small))
            if small:
                inside.append(_even(rows.tobytes()))
            else:
                apart.append(rows)
    others = {field: value for field, value in chunk._asdict().items() if field not in ROWS}
    numbers = attempt, seq, parcel.first, parcel.lengths, parcel.asks
    head = _even(json.dumps([numbers, others, heads], default=int).encode(), b" ")
    return [b"".join([len(head).to_bytes(EVEN, "little"), head, *inside]), *apart]


def unpacked(words: bytes, arrays: Sequence[Any]) -> list[Any]:
    """Return what was `packed`, and the arrays that are none of it.

    Examples
    --------
    >>> chunk = Chunk(9, {"u": np.zeros((9, 1000))}, {})
    >>> words, rows = packed(0, 3, Parcel(chunk, (9,), 3))
    >>> attempt, seq, parcel, other = unpacked(words, [rows, np.ones(2)])
    >>> seq, parcel.chunk.data["u"].shape, parcel.lengths, other
    (3, (9, 1000), (9,), array([1., 1.]))
    """
    start = EVEN + int.from_bytes(words[:EVEN], "little")
    (attempt, seq, first, lengths, asks), others, heads = json.loads(words[EVEN:start])
    left, found = iter(arrays), {part: dict[str, Array]() for part in ROWS}
    for part, name, dtype, shape, small in heads:
        if small:
            rows = np.frombuffer(words, dtype, math.prod(shape), start).reshape(shape)
            start += rows.nbytes + -rows.nbytes % EVEN
        else:
            rows = next(left)
        found[part][name] = rows
    fields: dict[str, Any] = {**others, "lengths": tuple(others["lengths"]), **found}
    chunk = Chunk(**fields)
    return [attempt, seq, Parcel(chunk, tuple(lengths), first, asks), *left]


def _even(part: bytes, filler: bytes = b"\0") -> bytes:
    """Return bytes with as many behind them that arrays lie as the processor likes them."""
    return part + filler * (-len(part) % EVEN)
