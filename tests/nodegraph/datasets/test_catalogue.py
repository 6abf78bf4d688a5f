"""Data sets by name, and the shaping of series and labels."""

import numpy as np
import pytest

from nodegraph import datasets
from nodegraph.datasets import describe, load, names, one_hot, options, to_forecasting
from nodegraph.errors import DataError


@pytest.mark.parametrize("name", names())
def test_a_data_set_loads_by_name_as_by_its_function(name):
    given = {"steps": 12} if "steps" in options(name) else {}
    loaded, direct = load(name, **given), getattr(datasets, name)(**given)
    np.testing.assert_equal(loaded, direct)
    assert describe(name).endswith(".")


def test_options_reach_the_data_set():
    np.testing.assert_array_equal(
        load("mackey_glass", steps=50, tau=30), datasets.mackey_glass(50, tau=30.0)
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load("mackeyglass", steps=1), "none called 'mackeyglass'; did you mean mackey_gl"),
        (lambda: load("zzz"), "known are henon, japanese_vowels"),
        (lambda: load(None), "dataset: there is none called None"),
        (lambda: load("lorenz", step=10), "lorenz: unknown option 'step'; did you mean steps?"),
        (lambda: load("lorenz"), r"lorenz: steps is required; write lorenz\(steps=1000\)"),
        (lambda: describe("loren"), "did you mean lorenz"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_targets_lie_the_horizon_ahead():
    series = np.arange(20.0).reshape(10, 2)
    x, y = to_forecasting(series, horizon=3)
    np.testing.assert_array_equal(x, series[:7])
    np.testing.assert_array_equal(y, series[3:])


def test_independent_series_are_shifted_one_by_one():
    ragged = [np.arange(5.0)[:, None], np.arange(9.0)[:, None]]
    x, y = to_forecasting(ragged, horizon=2)
    assert [len(each) for each in x] == [3, 7]
    np.testing.assert_array_equal(y[1][:, 0], np.arange(2.0, 9.0))
    x, y = to_forecasting(np.arange(24.0).reshape(2, 6, 2))
    assert x.shape == y.shape == (2, 5, 2)
    np.testing.assert_array_equal(y - x, 2.0)


@pytest.mark.parametrize(
    ("x", "horizon", "message"),
    [
        (np.zeros((5, 1)), 5, "leaves nothing of a series of 5 rows; write at most 4"),
        (np.zeros((5, 1)), 0, "to_forecasting.horizon"),
        (np.array([[1.0], [np.inf], [2.0]]), 1, "inf in row 1"),
        ([np.zeros((9, 1)), np.zeros((2, 1))], 3, "a series of 2 rows"),
    ],
)
def test_what_cannot_be_shifted_is_refused(x, horizon, message):
    with pytest.raises(DataError, match=message):
        to_forecasting(x, horizon)


def test_one_hot_rows_point_at_their_class():
    labels = np.random.default_rng(0).integers(3, 8, 50)
    rows = one_hot(labels)
    np.testing.assert_array_equal(np.unique(labels)[rows.argmax(axis=1)], labels)
    np.testing.assert_array_equal(rows.sum(axis=1), 1)
    np.testing.assert_array_equal(one_hot(["b"], classes=["c", "b"]), [[0, 1]])


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([1, 2, 9], [1, 2], "label 9 is none of the classes 1, 2"),
        ([1], [1, 1], "one class twice"),
        ([], None, "flat list"),
        ([[1, 2], [3]], None, "flat list"),
        (np.eye(3), None, "flat list"),
        ([1, 2], ["a"], "none of the classes"),
    ],
)
def test_labels_without_a_class_are_refused(labels, classes, message):
    with pytest.raises(DataError, match=message):
        one_hot(labels, classes)
