import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node, check_rule, run_node
from nodes import GRU, LSTM, SkipRNN

X = np.random.default_rng(0).standard_normal((3000, 2))


def test_it_keeps_the_contract():
    cell = SkipRNN(cell=LSTM(units=4), budget=0.4)
    check_node(cell)
    check_rule(cell.rule, cell)


def test_with_a_budget_of_all_steps_it_is_the_cell():
    inside = GRU(units=5)
    p = inside.init(np.random.default_rng(0), 2, 5)
    whole = SkipRNN(cell=inside, budget=1.0)
    _, ys = run_node(whole, p, whole.start(5, 2), X[:50])
    _, expected = run_node(inside, p, inside.start(5, 2), X[:50])
    np.testing.assert_array_equal(ys, expected)


@pytest.mark.parametrize("budget", [0.1, 0.5, 0.8])
def test_it_keeps_its_budget_and_its_state(budget):
    cell = SkipRNN(cell=GRU(units=4), budget=budget)
    p = cell.init(np.random.default_rng(0), 2, 4)
    state, ys = run_node(cell, p, cell.start(4, 2), X)
    moved = np.append(True, (np.diff(ys, axis=0) != 0).any(axis=1))
    assert state.updates == moved.sum()
    assert moved[500:].mean() == pytest.approx(budget, abs=0.05)


def test_it_updates_where_it_is_surprised():
    """Where its head is 0, a large input is a surprise."""
    x = np.full((2000, 1), 0.1)
    x[::10] = 1.0
    cell = SkipRNN(cell=GRU(units=4), budget=0.15, rate=0.05)
    p = cell.init(np.random.default_rng(0), 1, 4)
    _, ys = run_node(cell, p, cell.start(4, 1), x)
    moved = np.append(True, (np.diff(ys, axis=0) != 0).any(axis=1))[1000:]
    assert moved[::10].mean() > 0.9
    assert moved.mean() < 0.25


def test_without_a_head_it_cannot_be_surprised():
    with pytest.raises(ng.errors.FieldError, match="cell: a head tells the surprise"):
        SkipRNN(cell=GRU(units=2, rule=None))
