from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nodes.ridge_regression.piles import Pile

X, T = (
    np.random.default_rng(0).normal(size=(900, 3)),
    np.random.default_rng(1).normal(size=(900, 2)),
)


@given(cuts=st.lists(st.integers(0, 900), max_size=5), copied=st.booleans())
def test_blocks_are_counted_from_the_first_row_whatever_the_chunks(cuts, copied):
    pile, edges = Pile(), [0, *sorted(cuts), 900]
    for start, stop in pairwise(edges):
        pile = pile.add(X[start:stop], T[start:stop], copied)
    assert pile.n == 900 and [len(xs) for xs, _ in pile.blocks] == [256] * 3
    np.testing.assert_array_equal(pile.rows().xs, X)
    np.testing.assert_array_equal(pile.closed().of(slice(1, 2)).rows().ts, T[:, 1:])
    assert [len(xs) for xs, _ in pile.closed().blocks] == [256] * 3 + [132]
    assert pile.emptied().n == 132 and Pile().closed() == Pile() and Pile().n == 0


def test_copied_blocks_are_no_views_of_the_data():
    assert not np.shares_memory(Pile().add(X, T, True).full_xs[0], X)
    assert np.shares_memory(Pile().add(X, T, False).full_xs[0], X)
