import numpy as np
import pytest

import nodegraph as ng
from nodegraph.rule import Lesson
from nodegraph.testing import teach
from nodes import GRU, LSTM, Dense, Input
from nodes.parts.cell_rule import by_unit
from nodes.rules import TBPTT, EProp


def test_numbers_of_units_are_repeated_gate_by_gate():
    v = np.array([1.0, 10.0])
    np.testing.assert_array_equal(by_unit(v, np.ones((4, 1)))[:, 0], [1, 10, 1, 10])
    np.testing.assert_array_equal(by_unit(v, np.ones((3, 2)), axis=1), [[1, 10]] * 3)


def test_it_says_what_it_changes_of_which_cell():
    free = EProp().of(LSTM(units=2, variant="peephole"))
    assert free.moving == ("W_in", "W", "bias", "peephole", "V", "offset")
    assert EProp().of(GRU(units=2, frozen=True)).moving == ("V", "offset")
    assert free == EProp()


def test_another_node_is_refused():
    with pytest.raises(ng.errors.GraphError, match=r"EProp teaches a cell, which Dense is not; "):
        ng.Model(Dense(units=2, rule=EProp()))


@pytest.mark.parametrize("rule", [EProp(batch=1000), TBPTT(steps=4, batch=1000)])
def test_a_learning_curve_has_the_error_of_its_forecasts(rule):
    cell, rng = GRU(units=3, rule=rule), np.random.default_rng(0)
    p, xs = cell.init(rng, 2, 3)._replace(V=rng.normal(size=(2, 3))), rng.normal(size=(30, 2))
    lesson = Lesson({"x": xs}, None, np.arange(30) >= 5)
    memory = cell.learner.begin(p)
    assert np.isnan(cell.learner.measure(p, memory)["error"])
    after = teach(cell.learner, cell, p, cell.start(3, 2), memory, lesson)
    wrong = (xs - np.vstack([np.zeros(3), after.ys[:-1]]) @ p.V.T - p.offset)[5:]
    shares = 0.99 ** np.arange(25)[::-1]
    expected = np.sqrt(shares @ (wrong**2).mean(axis=1) / shares.sum())
    assert cell.learner.measure(p, after.memory)["error"] == pytest.approx(expected, rel=1e-12)


def test_steps_without_a_target_are_no_errors():
    target = np.full((30, 1), np.nan)
    target[7], target[20] = 0.5, -1.0
    cell = GRU(units=3, rule=EProp(learns="target", batch=1000))
    p = cell.init(np.random.default_rng(0), 2, 1)
    lesson = Lesson({"x": np.ones((30, 2))}, target, np.ones(30, bool))
    memory = teach(cell.learner, cell, p, cell.start(1, 2), cell.learner.begin(p), lesson).memory
    expected = np.sqrt((0.99 * 0.25 + 1) / 1.99)
    assert cell.learner.measure(p, memory)["error"] == pytest.approx(expected, rel=1e-12)


def test_watched_learning_shows_it():
    x = 1.4 * np.sin(np.arange(2000) / 5)[:, None]
    rule = EProp(batch=4, rate=0.01)
    model = ng.Model(Input() >> GRU(units=5, rule=rule, name="cell"), seed=1).fit(x, watch=200)
    errors = model.curves["cell"]["error"]
    assert errors[-1] < 0.3 * errors[0]
