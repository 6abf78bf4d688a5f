"""Columns of inputs in which nothing ever comes, behind nodes that fill gaps."""

import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodes import Hold, Input, Ridge

X = np.random.default_rng(0).normal(size=(40, 3))


def doubts(x, y):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ng.Model(Input() >> Hold() >> Ridge(ridge=1e-6)).fit(x, y)
    assert {w.category for w in caught} <= {DataWarning}
    assert {w.filename for w in caught} <= {__file__}  # the line of whoever called
    return [str(w.message) for w in caught]


@pytest.mark.parametrize("columns", [[1], [0, 2]])
def test_columns_without_any_value_are_told_where_gaps_are_filled(columns):
    x = X.copy()
    x[:, columns] = np.nan
    word = f"column{'s' * (len(columns) > 1)} {', '.join(map(str, columns))} NaN in every row"
    for given in ((x, X[:, :1]), ([x, x], [X[:, :1]] * 2)):
        (said,) = doubts(*given)
        assert said.startswith(f"input: {word}, so nothing moves")
    some = x.copy()
    some[39, columns] = 1.0
    assert doubts(some, X[:, :1]) == []
    assert doubts([x, X], [X[:, :1]] * 2) == []
    assert doubts(x[:9], X[:9, :1]) == []  # few rows: a sensor that is late
