"""Pairs of keys and values, and then all keys once more, in another order."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import generator, unasked, whole
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.host import memory_budget as budget

__all__ = ["associative_recall"]


@known_arguments
def associative_recall(
    series: int = 100,
    pairs: int = 8,
    width: int = 16,
    values: int = 16,
    keys: int | None = None,
    seed: int = 0,
    gaps: bool = False,
) -> tuple[Array, Array]:
    """Return pairs of keys and values, then each key once more, and the values that go with them.

    This is recall of many pairs by association (MQAR) [1]_. Keys are directions drawn anew for each
    series, unit vectors of `width` numbers; a value is one of `values` symbols, a row of zeros with
    one 1. The first `pairs` rows of a series are ``[0, key, value]``, as many more, in any order,
    ``[key, 0, 0]``: a query. The target is the value of a queried key, 0 before.

    Parameters
    ----------
    series : int
        How many independent series there are.
    pairs : int
        Pairs in each.
    width : int
        Numbers of a key; at least 2.
    values : int
        How many symbols there are; at least 2.
    keys : int, optional
        How many different keys pairs have in a series; one that comes again has a new value, and
        the last counts. Else each pair has a key of its own.
    seed : int
        Starts the random numbers.
    gaps : bool
        Whether targets are NaN, and so neither learned nor scored, where nothing is asked.

    Returns
    -------
    u, y : arrays, shape (series, 2 pairs, 2 width + values) and (series, 2 pairs, values)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    .. [1] S. Arora et al., Int. Conf. Learning Representations 12 (2024).

    Examples
    --------
    >>> u, y = associative_recall(series=3, pairs=4, width=5, values=2)
    >>> u.shape, y.shape
    ((3, 8, 12), (3, 8, 2))
    """
    where = "associative_recall"
    n, m = whole(f"{where}.series", series), whole(f"{where}.pairs", pairs)
    d, symbols = whole(f"{where}.width", width, 2), whole(f"{where}.values", values, 2)
    shape = n, 2 * m, 2 * d + 2 * symbols
    budget.check(dict([budget.part("series", shape)]), where)
    rng = generator(where, seed)
    known = m if keys is None else whole(f"{where}.keys", keys)
    named = np.tile(np.arange(m), (n, 1)) if keys is None else rng.integers(0, known, (n, m))
    directions = rng.standard_normal((n, known, d))
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    told = np.take_along_axis(directions, named[:, :, None], axis=1)
    stored = np.eye(symbols)[rng.integers(0, symbols, (n, m))]
    same = named[:, :, None] == named[:, None, :]
    last = m - 1 - same[:, :, ::-1].argmax(axis=2)[:, :, None]  # the newest pair of the same key
    answers = np.take_along_axis(stored, last, axis=1)
    order = rng.permuted(np.tile(np.arange(m), (n, 1)), axis=1)[:, :, None]
    u = np.zeros((n, 2 * m, 2 * d + symbols))
    y = np.full((n, 2 * m, symbols), unasked(where, gaps))
    u[:, :m, d:] = np.concatenate([told, stored], axis=2)
    u[:, m:, :d] = np.take_along_axis(told, order, axis=1)
    y[:, m:] = np.take_along_axis(answers, order, axis=1)
    return u, y
