"""Data of which one row is left to learn from."""

import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodes import Input, Ridge, Scaler

X = np.random.default_rng(0).normal(size=(40, 3))


def doubts(x, y, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ng.Model(Input() >> Ridge()).fit(x, y, **options)
    assert {w.category for w in caught} <= {DataWarning}
    return [str(w.message) for w in caught]


@pytest.mark.parametrize(
    "x, y, options",
    [
        (X[:1], X[:1], {}),
        (X[:5], X[:5], {"warmup": 4}),
        (X[:5], X[:5], {"ahead": 4}),
        (X[:2], np.array([[np.nan], [1.0]]), {}),
    ],
)
def test_one_row_that_is_all_there_is_to_learn_from_is_told(x, y, options):
    (said,) = doubts(x, y, **options)
    assert said.startswith("ridge: there is one row to learn from")


def test_two_rows_are_as_many_as_are_asked_for():
    assert doubts(X[:2], X[:2]) == []
    assert doubts([X[:1], X[:1]], [X[:1], X[:1]]) == []
    assert doubts(X[:6], X[:6], warmup=2, ahead=2) == []
    with pytest.warns(DataWarning, match=r"^ridge: there is one row"):
        ng.Model(Input() >> Scaler() >> Ridge()).fit(X[:1], X[:1])
