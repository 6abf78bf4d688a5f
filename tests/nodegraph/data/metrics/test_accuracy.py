"""Accuracy of labels, of scores of classes, and of series that vote."""

import numpy as np
import pytest

from nodegraph.errors import DataError
from nodegraph.metrics import accuracy


def test_labels_are_compared_one_by_one():
    assert accuracy([1, 2, 3, 4], [1, 2, 3, 5]) == 0.75
    assert accuracy(np.array([["a"], ["b"]]), np.array(["a", "a"])) == 0.5
    assert accuracy(np.array(["a", "b"], dtype=object), ["a", "b"]) == 1.0
    assert accuracy([True, False], [True, True]) == 0.5
    assert accuracy([1, 2], [1.0, 3.0]) == 0.5


def test_the_largest_column_wins():
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 4, 200), rng.standard_normal((200, 4))
    assert accuracy(np.eye(4)[labels], scores) == (scores.argmax(axis=1) == labels).mean()


def test_the_true_class_is_told_by_two_numbers_or_by_shares():
    scores = [[0.3, 0.1], [0.6, 0.5], [-1.0, 0.0]]
    assert accuracy([[1, -1], [-1, 1], [-1, 1]], scores) == 2 / 3
    assert accuracy([[0.6, 0.4], [0.1, 0.9], [0.0, 1.0]], scores) == 2 / 3
    thirds = np.float32([[1 / 3, 2 / 3], [2 / 3, 1 / 3], [0.3, 0.7]])
    assert accuracy(thirds, scores) == 2 / 3


def test_series_are_counted_by_row_or_by_vote():
    y = [np.tile([1.0, 0.0], (3, 1)), np.tile([0.0, 1.0], (2, 1))]
    y_hat = [np.array([[0.9, 0], [0, 0.1], [0, 0.1]]), np.array([[0.5, 0.1], [0.2, 0.4]])]
    assert accuracy(y, y_hat) == 2 / 5
    assert accuracy(y, y_hat, per="series") == 0.5


def test_one_row_a_series_is_one_vote_a_series():
    y = list(np.eye(3)[[0, 1, 2, 0]][:, None])
    y_hat = list(np.eye(3)[[0, 1, 1, 1]][:, None])
    assert accuracy(y, y_hat) == accuracy(y, y_hat, per="series") == 0.5
    assert accuracy(np.stack(y), np.stack(y_hat)) == 0.5


@pytest.mark.parametrize(
    ("y", "y_hat", "message"),
    [
        ([1, 2], [1, 2, 3], r"y has shape \(2,\), y_hat \(3,\)"),
        ([0, 1], np.eye(3)[:2], r"2 classes \(0, 1\) for 3 columns of y_hat; say what"),
        (np.eye(2), np.eye(3)[:2], r"y has shape \(2, 2\), y_hat \(2, 3\)"),
        ([1, 2], [0.9, 1.8], "not whole; round them"),
        ([np.eye(2)], [np.eye(2), np.eye(2)], "y holds 1 series, y_hat 2"),
        ([np.eye(2), np.eye(3)], [np.eye(2), np.eye(3)], "differ in their number of classes"),
        ([np.ones((2, 1)), np.ones((3, 1))],) * 2 + ("a series of labels",),
        ([], [], "not empty"),
        ([1, 2], ["a", "b"], "y holds numbers, y_hat words"),
        ([None, 1], [1, 1], "should hold labels"),
        ([[3.1, 2.0], [0.5, 0.7]], np.eye(2), "y holds quantities, neither two numbers"),
        ([[0.5, 0.2], [0.1, 0.9]], np.eye(2), "y holds quantities"),
        ([[1, -1], [-1, 1], [0, 0]], np.eye(3)[:, :2], "y holds quantities"),
        ([[1, 0], [0, 0], [1, 1]], np.eye(3)[:, :2], "2 of 3 rows of y, row 1 first, are of no"),
    ],
)
def test_what_does_not_fit_together_is_refused(y, y_hat, message):
    with pytest.raises(DataError, match=message):
        accuracy(y, y_hat)


def test_an_unknown_way_of_counting_is_refused():
    with pytest.raises(DataError, match=r"accuracy\.per: should be 'row' or 'series'"):
        accuracy([1], [1], per="word")
