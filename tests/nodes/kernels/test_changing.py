import numpy as np
import pytest
from scipy import sparse

from nodes.kernels.changing import add, bring_back, changeable, scale, strengthen, with_changes

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


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_brought_back_to_their_lengths_and_an_empty_one_is_left(kind):
    taken = changeable(kind(W))
    bring_back(taken, np.array([np.sqrt(5), 7.0, 10.0]), np.empty(3))
    after = dense(with_changes(kind(W), taken))
    np.testing.assert_allclose(after, [[1, 0, -2], [0, 0, 0], [6, 8, 0]], rtol=1e-15)
