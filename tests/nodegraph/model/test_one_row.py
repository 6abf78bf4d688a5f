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


@pytest.mark.parametrize(
    ("clock", "warmup"), [((60, 0), 0), ((40, 39), 0), ((5, 3), 35), ((20, 2), 3)]
)
@pytest.mark.parametrize("wired", [False, True])
def test_one_row_at_a_tick_of_a_clock_is_told(clock, warmup, wired):
    every, phase = clock
    out = Ridge(every=every, phase=phase, name="out")
    graph, data = Input(name="u") >> out, (X, X[:, :1])
    if wired:
        graph, data = graph & (Input(name="y") >> out["target"]), ({"u": X, "y": X[:, :1]},)
    told = "^out: there is one row to learn from, .*; lower every, or give more"
    with pytest.warns(DataWarning, match=told):
        ng.Model(graph).fit(*data, warmup=warmup)


def test_two_ticks_are_as_many_as_are_asked_for():
    model = ng.Model(Input() >> Ridge(every=20, phase=2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, X[:, :1], warmup=2)
