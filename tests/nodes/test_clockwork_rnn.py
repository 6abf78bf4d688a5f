import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.testing import check_node, check_rule, run_node
from nodes import ClockworkRNN, Input

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 2))
CELL = ClockworkRNN(units=6, periods=(1, 2, 6))


def test_it_keeps_the_contract():
    check_node(CELL)
    check_rule(CELL.rule, CELL)


def test_its_states_are_those_of_the_equation():
    W, W_in, bias = (RNG.normal(0, 0.7, shape) for shape in ((4, 4), (4, 2), (4,)))
    found = ng.Model(ClockworkRNN(periods=[1, 3], W=W, W_in=W_in, bias=bias)).run(X)
    h = np.zeros(4)
    for t, x in enumerate(X):
        new = np.tanh(W @ h + W_in @ x + bias)
        h = np.where([True, True, t % 3 == 0, t % 3 == 0], new, h)
        np.testing.assert_allclose(found[t], h, rtol=0, atol=1e-13)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1e3))
def test_a_module_is_constant_between_ticks(seed, loud):
    rng = np.random.default_rng(seed)
    p = CELL.init(rng, 2, 6)
    _, ys = run_node(CELL, p, CELL.start(6), loud * rng.standard_normal((40, 2)))
    for unit, period in enumerate(CELL.period):
        kept = ys[np.arange(40) // period * period, unit]
        np.testing.assert_array_equal(ys[:, unit], kept)


def test_fast_modules_do_not_reach_slow_ones_also_after_learning():
    model = ng.Model(Input() >> ClockworkRNN(units=6, periods=(1, 2, 6), name="c"), seed=1).fit(X)
    W = model.params["c"].W
    assert (W[2:, :2] == 0).all() and (W[4:, :4] == 0).all() and (W[:2] != 0).all()
    drawn = CELL.init(np.random.default_rng(0), 2, 6).W
    assert np.abs(np.linalg.eigvals(drawn)).max() == pytest.approx(1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"units": 7}, "7 units do not divide into 4 modules, .* write units=4"),
        ({"units": 6, "periods": (1, 2, 3)}, r"2 does not divide 3; write periods=\[1, 2, 4\]"),
        ({"units": 4, "periods": (2, 2)}, "2 does not divide 2|multiple of the one before"),
        ({"units": 4, "periods": ()}, "periods"),
    ],
)
def test_clocks_that_do_not_divide_are_told(fields, said):
    with pytest.raises(ng.errors.FieldError, match=said):
        ClockworkRNN(**fields)
