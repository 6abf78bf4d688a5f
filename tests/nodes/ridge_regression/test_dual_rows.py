from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.ridge_regression.dual_rows import Pile, Rows

RNG = np.random.default_rng(0)
XS, TS = RNG.standard_normal((6, 20)) + 5, RNG.standard_normal((6, 2))


@pytest.mark.parametrize("fit_bias", [True, False])
def test_few_rows_give_the_weights_of_the_penalised_problem(fit_bias):
    found = Rows(XS, TS).solve(0.1, fit_bias)
    x, t = (XS.mean(0), TS.mean(0)) if fit_bias else (0 * XS[0], 0 * TS[0])
    W = np.linalg.solve((XS - x).T @ (XS - x) + 0.1 * np.eye(20), (XS - x).T @ (TS - t)).T
    np.testing.assert_allclose(found.W, W, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.b, t - W @ x, rtol=1e-9, atol=1e-12)


def test_rows_join_in_their_order():
    joined = Rows(XS[:2], TS[:2]).plus(Rows(XS[2:], TS[2:]))
    assert joined.n == 6
    assert np.array_equal(joined.xs, XS) and np.array_equal(joined.ts, TS)


def test_the_squared_error_is_told_for_each_output():
    W, b = np.ones((2, 20)), np.array([1.0, -1.0])
    expected = ((TS - XS @ W.T - b) ** 2).sum(axis=0)
    np.testing.assert_allclose(Rows(XS, TS).squared_error(W, b), expected, rtol=1e-12)


def test_rows_whose_squares_overflow_are_told():
    assert Rows(XS, TS).finite()
    assert not Rows(XS * 1e200, TS).finite()


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
