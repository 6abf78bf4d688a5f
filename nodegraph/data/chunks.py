"""Chunks of one long series, told from independent series that are read one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from logging import getLogger
from typing import Any

from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["Chunks", "declared"]

log = getLogger("nodegraph.data")


class Chunks:
    """Chunks of one long series, which need not fit in memory: ``ng.Chunks(parts)``.

    The state of a model goes on from one to the next. An iterator of arrays is taken for that as
    well, and a line on standard error says so once; texts and other independent series are
    `ng.Series`.

    Parameters
    ----------
    source : iterable
        Of arrays (T, d), of dicts of such by node, or of pairs (x, y). Where learning goes through
        the data more than once, it must start anew each time it is iterated.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Reduce
    >>> parts = [np.ones((2, 1)), np.ones((3, 1))]
    >>> ng.Model(Reduce(kind="sum")).run(ng.Chunks(parts))[:, 0]
    array([1., 2., 3., 4., 5.])
    """

    @known_arguments
    def __init__(self, source: Any):
        if not isinstance(source, Iterable) or isinstance(source, dict | str | bytes):
            raise DataError(
                f"Chunks: expected an iterable of arrays, got {type(source).__name__}; a dict of "
                "inputs is in each chunk"
            )
        self.source = source

    def __iter__(self) -> Iterator[Any]:
        return iter(self.source)


def declared(value: Any, where: str) -> Any:
    """Return an iterable of chunks as it was given; one that is not said to be that is told of.

    Raises
    ------
    DataError
        If it has items with numbers, as series of their own do.
    """
    if value is None or isinstance(value, list | tuple):
        return value
    if isinstance(value, Chunks):
        return value.source
    if hasattr(value, "__len__") and hasattr(value, "__getitem__"):
        raise DataError(
            f"{where}: the items of a {type(value).__name__} may be series of their own or chunks "
            "of a long one; write ng.Series(x) where each starts anew, ng.Chunks(x) where one goes "
            "on from the other"
        )
    _tell()
    return value


@cache
def _tell() -> None:
    log.warning(
        "nodegraph: an iterator of arrays is taken for chunks of one long series, whose states go "
        "on from one to the next; write ng.Chunks(x) if that is meant, ng.Series(x) for "
        "independent series such as texts"
    )
