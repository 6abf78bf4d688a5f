from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.ridge_regression.gathered import Gathered
from nodes.ridge_regression.rows import ChosenRows, Pile, Rows, chosen_rows
from nodes.ridge_regression.statistics import Statistics, centred
from nodes.ridge_regression.triangle import Triangle

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


def drawn(n, dtype=float):
    rng = np.random.default_rng(n)
    array = (rng.standard_normal((n, 5)) + 3).astype(dtype)
    return array, np.sort(rng.permutation(n)[: 2 * n // 3])


def test_parts_are_the_rows_that_numpy_picks():
    array, at = drawn(30)
    rows = ChosenRows(array, at)
    assert (len(rows), rows.shape, rows.dtype) == (20, (20, 5), array.dtype)
    for part in (slice(None), slice(3), slice(4, 9), slice(20, None)):
        np.testing.assert_array_equal(np.asarray(rows[part]), array[at][part])
        np.testing.assert_array_equal(rows[part].copy(), array[at][part])
    np.testing.assert_array_equal(np.concatenate([array[:2], rows[:3]]), array[[0, 1, *at[:3]]])


@pytest.mark.parametrize("given, wanted", [("f8", "f8"), ("f4", "f4"), ("f4", "f8")])
def test_they_are_written_where_there_is_room(given, wanted):
    array, at = drawn(30, given)
    room = np.full((20, 5), np.nan, wanted)
    assert ChosenRows(array, at).into(room) is room
    np.testing.assert_array_equal(room, array[at])


def test_rows_that_all_follow_one_are_a_view():
    array, _ = drawn(30)
    late = chosen_rows(np.arange(30) >= 4, array)
    assert isinstance(late, np.ndarray) and np.may_share_memory(late, array)
    np.testing.assert_array_equal(late, array[4:])
    mask = np.arange(30) % 7 > 2
    some = chosen_rows(mask, array)
    assert isinstance(some, ChosenRows) and some.of is array
    np.testing.assert_array_equal(np.asarray(some), array[mask])
    assert len(chosen_rows(np.zeros(30, bool), array)) == 0


@pytest.mark.parametrize("given, dtype", [("f8", "f8"), ("f4", "f8"), ("f4", "f4")])
def test_centred_they_have_the_bits_of_a_copy(given, dtype):
    array, at = drawn(300, given)
    before = np.arange(5.0)
    for found, copied in zip(
        centred(ChosenRows(array, at), before, 7.0, dtype=dtype),
        centred(array[at], before, 7.0, dtype=dtype),
        strict=True,
    ):
        np.testing.assert_array_equal(found, copied)


@pytest.mark.parametrize("kind", [Statistics, Triangle])
@pytest.mark.parametrize("folds", [1, 5])
def test_what_is_gathered_of_them_has_the_bits_of_copies(kind, folds):
    array, at = drawn(1500)
    xs, ts = array[:, :4], array[:, 4:] ** 2
    found, copied = (Gathered.nothing(kind.empty(4, 1), folds) for _ in range(2))
    for part in (slice(0, 3), slice(3, 700), slice(700, None)):  # few, some and many at a time
        found = found.add(ChosenRows(xs, at[part]), ChosenRows(ts, at[part]), None)
        copied = copied.add(xs[at[part]], ts[at[part]], None)
    for one, other in zip(found.data(), copied.data(), strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
