"""Columns that are called alike are told; they were taken without a word."""

import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodes import RLS, Input, Ridge

pandas = pytest.importorskip("pandas")

A = np.random.default_rng(0).normal(size=(40, 3))


def said(x, y):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ng.Model(Input(name="u") >> Ridge(name="out")).fit(x, y)
    assert {w.category for w in caught} <= {DataWarning}
    return [str(w.message) for w in caught]


def test_a_name_that_several_columns_have_is_told_with_their_places():
    twice = pandas.DataFrame(A, columns=["a", "b", "a"])
    (told,) = said(twice, A)
    assert told.startswith("u: columns 0, 2 are all called 'a', with different values, ")
    copied = twice.assign(b=np.nan).fillna(0.5).set_axis(["b", "a", "b"], axis=1)
    copied.iloc[:, 2] = copied.iloc[:, 0]
    (told,) = said(A, copied[["b"]])
    assert told.startswith("target of out: columns 0, 1 are all called 'b', with the same values")
    (told,) = said([twice, twice], [A, A])
    assert told.startswith("u: columns 0, 2")


def test_the_cure_is_silent():
    twice = pandas.DataFrame(A, columns=["a", "b", "a"])
    assert said(twice.loc[:, ~twice.columns.duplicated()], A) == []
    assert said(twice.set_axis(["a", "b", "c"], axis=1), A) == []


def test_learning_online_tells_it_once():
    twice = pandas.DataFrame(A, columns=["a", "b", "a"])
    model = ng.Model(Input(name="u") >> RLS())
    with pytest.warns(DataWarning, match="u: columns 0, 2 are all called 'a'"):
        model.partial_fit(twice, A)
    model.partial_fit(twice, A)
