import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_rule
from nodes import GRU, LSTM, Input
from nodes.rules import BPTT


def test_it_keeps_the_contract():
    cell = LSTM(units=3, rule=BPTT(steps=4, batch=5))
    check_rule(cell.rule, cell, n_out=2)


def test_it_learns_to_say_what_came_first():
    """Series of 5 steps; the first number is asked for at the last."""
    rng = np.random.default_rng(0)
    xs, ys = rng.uniform(-1, 1, (160, 5, 1)), np.full((160, 5, 1), np.nan)
    ys[:, -1] = xs[:, 0]
    cell = GRU(units=8, rule=BPTT(steps=5, batch=10, rate=0.02, epochs=4, decay=0.0))
    model = ng.Model(Input() >> cell, seed=1).fit([*xs[:130]], [*ys[:130]])
    said = np.array([y[-1] for y in model.run([*xs[130:]])])
    assert ((said - xs[130:, 0]) ** 2).mean() < 0.1 * xs[:, 0].var()


@pytest.mark.parametrize("taught", [slice(None), slice(49, None, 50)])
def test_more_steps_than_there_are_are_refused(taught):
    x = np.random.default_rng(0).standard_normal((300, 1))
    y = np.full_like(x, np.nan)
    y[taught] = x[taught]
    cell = GRU(units=3, rule=BPTT(steps=400, batch=1))
    with pytest.raises(ng.errors.DataError, match=r"BPTT .* steps=400, but saw 300 .* steps=300"):
        ng.Model(Input() >> cell).fit(x, y)
