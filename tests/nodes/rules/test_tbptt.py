import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_rule
from nodes import GRU, HMLSTM, LSTM, LTC, Input
from nodes.rules import TBPTT

X = np.random.default_rng(0).standard_normal((50, 2))


def memory_of(model):
    return model._settle().slots["gru"].memory


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


@pytest.mark.parametrize("lengths", [[8] * 8, [3, 20, 1, 17, 6, 17]])
def test_each_series_teaches(lengths):
    """The same number of steps is a multiple of the batch, so that nothing waits at the end."""
    rng = np.random.default_rng(0)
    series = [rng.standard_normal((n, 2)) for n in lengths]
    graph = Input() >> GRU(units=3, rule=TBPTT(batch=1))
    learned = ng.Model(graph, seed=1).fit(series).params["gru"]
    for i in range(len(series)):
        others = [*series]
        others[i] = rng.standard_normal(series[i].shape)
        found = ng.Model(graph, seed=1).fit(others).params["gru"]
        assert (found.V != learned.V).any()
        assert (found.W_in != learned.W_in).any() or lengths[i] == 1


def test_steps_are_counted_that_the_gradient_is_of():
    """The first batch is full with the third series: its mean is over 18 steps."""
    series = [X[:5], X[5:12], X[12:20], X[20:24]]
    node = GRU(units=3, rule=TBPTT(steps=6, batch=17))
    model = ng.Model(Input() >> node, seed=1)
    model.partial_fit(series)
    clock = memory_of(model).clock
    assert clock.powers[0] == 0.9
    assert clock.rows == 2


def test_steps_that_were_held_wait_for_no_window():
    told = (np.arange(50) % 3 == 0).astype(float)[:, None]
    cell = GRU(units=3, rule=TBPTT(steps=4, batch=1000))
    graph = (Input(name="x") >> cell) & (Input(name="told") >> cell["update"])
    model = ng.Model(graph, seed=1)
    model.partial_fit({"x": X, "told": told})
    memory = memory_of(model)
    assert memory.clock.rows == 16
    assert memory.taught == 16


def test_what_fit_leaves_is_not_learned_from_again():
    rule = TBPTT(steps=4, batch=10)
    model = ng.Model(Input() >> GRU(units=3, rule=rule), seed=1).fit(X[:13])
    assert memory_of(model).clock.rows == 1
    model.partial_fit(X[13:16])
    assert memory_of(model).clock.rows == 1
    model.partial_fit(X[16:17])
    assert memory_of(model).clock.rows == 5


def test_a_series_shorter_than_its_window_is_refused():
    model = ng.Model(Input() >> GRU(units=3, rule=TBPTT(steps=60)))
    with pytest.raises(ng.errors.DataError, match=r"steps=60, but saw 50 .* write steps=50"):
        model.fit(X)


def test_steps_that_never_were_teach_nothing():
    """A series of four rows in a window of six: two steps before its start would have a dt of 0."""
    dt = np.random.default_rng(1).uniform(0.5, 1, (5, 1))

    def learned(steps):
        cell = LTC(units=3, rule=TBPTT(steps=steps, batch=4), name="cell")
        graph = (Input(name="x") >> cell) & (Input(name="dt") >> cell["dt"])
        model = ng.Model(graph, seed=1)
        drawn = [model.run({"x": X[:1], "dt": dt[:1]}), model.params["cell"]][1]
        model.partial_fit({"x": [X[:4], X[4:5]], "dt": [dt[:4], dt[4:]]})
        return drawn, model.params["cell"]

    (drawn, wide), (_, exact) = learned(6), learned(4)
    assert np.abs(wide.V).max() > 0 and (wide.w != drawn.w).any()
    for one, other in zip(wide, exact, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.filterwarnings("ignore::nodegraph.errors.DataWarning")
def test_what_is_left_open_is_learned_without_a_word_of_numpy():
    """Squares of what it hears overflow, in the rows behind the last whole window too."""
    cell = HMLSTM(units=3, rule=TBPTT(steps=20, batch=1), name="cell")
    model = ng.Model(Input() >> cell, dtype="float32").fit(1e20 * X[:45])
    assert all(np.isfinite(array).all() for array in model.params["cell"])


def test_a_frozen_cell_learns_its_head_alone():
    model = ng.Model(Input() >> GRU(units=3, rule=TBPTT(steps=4, batch=4), frozen=True), seed=1)
    drawn = [model.run(X[:1]), model.params["gru"].W.copy()][1]
    after = model.fit(X).params["gru"]
    np.testing.assert_array_equal(after.W, drawn)
    assert np.abs(after.V).max() > 0
