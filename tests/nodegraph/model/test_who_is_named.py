"""Messages that begin with the node, and tell what is really the cause."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning
from nodes import Input, Reservoir, Ridge

X = np.random.default_rng(0).normal(size=(60, 2))


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (-np.ones((60, 1)), "^myout: weights of rows should be 0 or more, got -1"),
        (np.ones((60, 2)), "^myout: the port weight should have 1 column, got 2"),
    ],
)
def test_who_is_given_wrong_weights_of_rows_is_named(weights, said, many):
    out = Ridge(name="myout")
    graph = (Input(name="u") >> out) & (Input(name="w") >> out["weight"])
    x, y = {"u": X, "w": weights}, X[:, :1]
    if many:
        x, y = {name: [rows[:20], rows[20:], rows] for name, rows in x.items()}, [y[:20], y[20:], y]
    with pytest.raises(DataError, match=said):
        ng.Model(graph).fit(x, y)


@pytest.mark.parametrize(
    ("phase", "said"), [(99, "never ticks in 60 steps"), (0, "ticks 1 times in 60 steps")]
)
@pytest.mark.parametrize("how", ["whole", "chunks", "list"])
def test_a_node_whose_clock_hardly_ticks_is_told_that(phase, said, how):
    slow = Reservoir(name="slow", units=20, every=100, phase=phase)
    model = ng.Model(Input() >> slow >> Ridge())
    x, y = (X, X) if how == "whole" else ([X, X[:50]], [X, X[:50]])
    given = (ng.Chunks([(X[:30], X[:30]), (X[30:], X[30:])]),) if how == "chunks" else (x, y)
    cause = rf"slow: it stands still, since its clock \(every=100, phase={phase}\) {said}: lower"
    with pytest.warns(DataWarning, match=cause) as told:
        model.fit(*given)
    assert not any("input_scaling" in str(one.message) for one in told)


def test_a_node_that_ticks_and_is_dead_is_told_to_hear_its_input():
    bias = np.full(20, -99.0)
    dead = Reservoir(name="dead", units=20, every=3, activation="relu", bias=bias)
    with pytest.warns(DataWarning, match=r"dead: its states do not move: raise input_scaling"):
        ng.Model(Input() >> dead >> Ridge(ridge=1.0)).fit(X, X)
