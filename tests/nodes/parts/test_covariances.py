import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.errors import DataError
from nodegraph.testing.comparing import same_trees
from nodes.parts.covariances import Covariances, directions, rank

X = np.random.default_rng(0).normal([2, 1e6, -2], 3, (600, 3))


def summed(*parts):
    sums = Covariances.empty(3)
    for part in parts:
        sums = sums.add(part)
    return sums


def test_moments_are_those_of_numpy():
    mean, covariance = summed(X).moments()
    np.testing.assert_allclose(mean, X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(X.T, ddof=0), rtol=1e-9, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(cut=st.integers(0, 600))
def test_chunks_show_in_no_bit_and_parts_are_the_whole(cut):
    same_trees(summed(X[:cut], X[cut:]).moments(), summed(X).moments(), "chunks show")
    mean, covariance = summed(X[:cut]).plus(summed(X[cut:])).moments()
    np.testing.assert_allclose(mean, X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(X.T, ddof=0), rtol=1e-8, atol=1e-8)


def test_what_was_given_stays_as_it_is_unless_it_is_the_learners_own():
    sums = summed(X[:300])
    before = sums.sums.xx.copy()
    sums.add(X[300:])
    np.testing.assert_array_equal(sums.sums.xx, before)
    sums.add(X[300:], own=True)
    assert not np.array_equal(sums.sums.xx, before)


def test_no_rows_are_refused():
    with pytest.raises(DataError, match="no rows to learn from"):
        summed().moments()


def test_directions_point_to_their_largest_entry_and_rank_counts_what_is_no_rounding():
    assert directions(np.array([[1.0, -2.0], [0.0, 0.0]])).tolist() == [[-1, 2], [0, 0]]
    assert rank(np.array([1e-17, 1e-3, 1.0])) == 2
    assert rank(np.zeros(2)) == 0
