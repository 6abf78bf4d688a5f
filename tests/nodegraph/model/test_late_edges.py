"""Edges that are later than the data are long: nothing but zeros comes through, and it is told."""

import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodes import Input, Reservoir, Ridge

X = np.random.default_rng(0).normal(size=(40, 3))


@pytest.mark.parametrize("delay", [39, 40, 1000])
def test_edges_later_than_the_series_is_long_are_told(delay):
    """Of 40 rows the first comes 39 steps late to the last, and 40 steps late to none."""
    u, pool, out = Input(name="u"), Reservoir(name="pool", units=3), Ridge(name="out")
    late = (u >> ng.delay(delay) >> out) & (out >> ng.delay(delay) >> pool["feedback"])
    model = ng.Model((u >> pool >> out) & late)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, X[:, :1])
    said = [str(w.message) for w in caught]
    dead = (model.params["out"].W_out[:, 3:] == 0).all()
    assert dead == (delay > 39) and len(said) == dead
    if dead:
        assert f"out {delay} steps late at pool; u {delay} steps late at out: the series" in said[0]
        assert "has 40 rows, so zeros alone are heard there" in said[0]


def test_the_longest_series_says_whether_an_edge_is_too_late():
    graph = Input(name="u") >> ng.delay(15) >> Ridge(name="out")
    ng.Model(graph).fit([X[:10], X[:20]], [X[:10], X[:20]])
    with pytest.warns(DataWarning, match="u 15 steps late at out: the longest series has 12 rows"):
        ng.Model(graph).fit([X[:10], X[:12]], [X[:10], X[:12]])
