import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_rule
from nodes import GRU, LSTM, Input
from nodes.rules import TBPTT

X = np.random.default_rng(0).standard_normal((50, 2))


def test_it_keeps_the_contract():
    cell = LSTM(units=3, rule=TBPTT(steps=4, batch=6))
    check_rule(cell.rule, cell)


def test_weights_move_when_windows_hold_a_batch():
    cell = GRU(units=3, rule=TBPTT(steps=4, batch=6))
    model = ng.Model(Input() >> cell, seed=1)
    drawn = [model.run(X[:1]), model.params["gru"].W.copy()][1]
    for rows, moved in ((7, False), (1, True)):
        model.partial_fit(X[:rows])
        assert (model.params["gru"].W != drawn).any() == moved


def test_a_series_shorter_than_its_window_is_refused():
    model = ng.Model(Input() >> GRU(units=3, rule=TBPTT(steps=60)))
    with pytest.raises(ng.errors.DataError, match=r"steps=60, but saw 50 .* write steps=50"):
        model.fit(X)


def test_a_frozen_cell_learns_its_head_alone():
    model = ng.Model(Input() >> GRU(units=3, rule=TBPTT(steps=4, batch=4), frozen=True), seed=1)
    drawn = [model.run(X[:1]), model.params["gru"].W.copy()][1]
    after = model.fit(X).params["gru"]
    np.testing.assert_array_equal(after.W, drawn)
    assert np.abs(after.V).max() > 0
