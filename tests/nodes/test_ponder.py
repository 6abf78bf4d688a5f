import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node, check_rule, run_node
from nodes import GRU, LSTM, MTRNN, Ponder
from nodes.rules import BPTT, TBPTT, EProp

X = np.random.default_rng(0).standard_normal((60, 2))


def test_it_keeps_the_contract():
    check_node(Ponder(cell=LSTM(units=3, rule=None), limit=3, tolerance=0.1, halt=True))


@pytest.mark.parametrize("rule", [EProp(), TBPTT(steps=3)])
def test_rules_of_cells_teach_it(rule):
    check_rule(rule, Ponder(cell=GRU(units=3, rule=rule), limit=2, tolerance=0.1))


def test_with_one_turn_it_is_the_cell():
    inside = GRU(units=5)
    p = inside.init(np.random.default_rng(0), 2, 5)
    whole = Ponder(cell=inside, limit=1)
    _, ys = run_node(whole, p, whole.start(5, 2), X)
    _, expected = run_node(inside, p, inside.start(5, 2), X)
    np.testing.assert_array_equal(ys, expected)


def by_hand(params, h, x, limit, tolerance):
    """Return the state after turns of a gated unit, and how much each counted."""
    inside, shares, states = GRU(units=len(h)), [], []
    for n in range(limit):
        state = inside.start(len(h), len(x))._replace(past=(), h=h)
        new = inside.moved(params, state, x).h
        left = 1 - sum(shares)
        halts = np.exp(-np.abs(new - h).max() / tolerance)
        shares.append(left if n == limit - 1 else min(halts, left))
        states.append(new)
        h = new
    return np.array(shares) @ states, np.array(shares)


@pytest.mark.parametrize("tolerance", [0.01, 0.1, 1.0])
def test_turns_count_by_how_still_the_state_stands(tolerance):
    node = Ponder(cell=GRU(units=4), limit=6, tolerance=tolerance, halt=True)
    params = node.init(np.random.default_rng(0), 2, 10)
    _, ys = run_node(node, params, node.start(10, 2), X)
    h = np.zeros(4)
    for x, y in zip(X, ys, strict=True):
        h, shares = by_hand(params, h, x, 6, tolerance)
        np.testing.assert_allclose(y, np.concatenate([h, shares]), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ys[:, 4:].sum(axis=1), 1, rtol=1e-12)
    assert (ys[:, 4:] >= 0).all()


def relaxing(limit, tolerance):
    """Return a unit that goes half the way to its input at each turn."""
    inside = MTRNN(tau=2.0, W=[[0.0]], W_in=[[1.0]], emits="u", rule=None)
    return ng.Model(Ponder(cell=inside, limit=limit, tolerance=tolerance, halt=True))


def test_turns_grow_with_the_way_to_go():
    """A way d is done after log2(d / tolerance) turns, by halves."""
    turns = []
    for far in 2.0 ** np.arange(1, 6):
        y = relaxing(20, 0.01).run([[far]])[0]
        turns.append(y[1:] @ np.arange(1, 21))
        assert y[0] == pytest.approx(far, abs=0.02)
        assert not y[15:].any()
    np.testing.assert_allclose(np.diff(turns), 1, atol=1e-6)


def test_what_stands_still_halts_at_once():
    assert relaxing(5, 1e-3).run([[0.0]]).tolist() == [[0, 1, 0, 0, 0, 0]]


def test_a_taught_prediction_is_given_out_alone():
    with pytest.raises(FieldError, match="gives out its prediction alone; leave halt out"):
        Ponder(cell=GRU(units=2, rule=BPTT(steps=3)), halt=True)
