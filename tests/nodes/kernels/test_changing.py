import numpy as np
import pytest
from scipy import sparse

from nodes.kernels.changing import (
    add,
    bring_back,
    changeable,
    scale,
    strengthen,
    strengthen_in_turn,
    with_changes,
)

W = np.array([[1.0, 0.0, -2.0], [0.0, 0.0, 0.0], [3.0, 4.0, 0.0]])
KINDS = [np.array, np.asfortranarray, sparse.csr_array]


def dense(matrix):
    return matrix.toarray() if sparse.issparse(matrix) else matrix


@pytest.mark.parametrize("kind", KINDS)
def test_changes_go_to_a_copy_and_come_back_in_kind(kind):
    given = kind(W)
    taken = changeable(given)
    scale(taken, np.array([2.0, 5.0, 0.5]))
    after = with_changes(given, taken)
    assert type(after) is type(given)
    assert dense(after).tolist() == [[2, 0, -4], [0, 0, 0], [1.5, 2, 0]]
    assert dense(given).tolist() == W.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_a_product_is_added_to_what_is_there(kind):
    y = np.array([10.0, 20.0, 30.0])
    add(changeable(kind(W)), np.array([1.0, 2.0, 3.0]), y)
    assert y.tolist() == [5, 20, 41]


@pytest.mark.parametrize("kind", KINDS)
def test_no_connection_gains_no_strength(kind):
    taken = changeable(kind(W))
    strengthen(taken, np.array([1.0, 1.0, 2.0]), np.array([1.0, 1.0, 0.5]), np.array([1.0, 0, 2]))
    after = dense(with_changes(kind(W), taken))
    assert after.tolist() == [[1, 0, 2], [0, 0, 0], [0.5, 0.5, 0]]


def test_a_stored_zero_is_no_connection_either():
    stored = sparse.csr_array(([0.0, 1.0], [0, 1], [0, 2]), shape=(1, 2))
    taken = changeable(stored)
    strengthen(taken, np.ones(2), np.ones(1), np.zeros(1))
    assert dense(with_changes(stored, taken)).tolist() == [[0, 2]]


@pytest.mark.parametrize(
    ("squares", "lengths"), [(True, [np.sqrt(5), 7.0, 10.0]), (False, [3.0, 7.0, 14.0])]
)
@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_brought_back_to_their_lengths_and_an_empty_one_is_left(kind, squares, lengths):
    taken = changeable(kind(W))
    bring_back(taken, np.array(lengths), squares, np.empty(3))
    after = dense(with_changes(kind(W), taken))
    np.testing.assert_allclose(after, [[1, 0, -2], [0, 0, 0], [6, 8, 0]], rtol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_learns_what_those_before_it_leave_over(kind):
    taken, pre, y = changeable(kind(W)), np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.0, -2.0])
    strengthen_in_turn(taken, pre, np.array([0.1, 0.2, 0.3]), y, np.empty(3))
    # left over: [0.5, 2, 4], the same again, and [6.5, 10, 4]; what is 0 stays 0
    expected = [[1.05, 0, -1.6], [0, 0, 0], [4.95, 7.0, 0]]
    np.testing.assert_allclose(dense(with_changes(kind(W), taken)), expected, rtol=1e-14)
