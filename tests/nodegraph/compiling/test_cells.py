"""Cells and a rule as strangers write them: the contract, numpy's bits, and that they learn."""

import numpy as np
import pytest
from cells import GRU, LSTM, LTC, NTM, Delta

import nodegraph as ng
from nodegraph.arrays import cast, leaves
from nodegraph.engines.prepared import fold
from nodegraph.testing import check_node, check_rule, run_node
from nodes import Input
from nodes.parts.linear_readout import LinearReadout

NODES = [
    GRU(units=6),
    LSTM(units=7),
    LSTM(units=7, peephole=True),
    LTC(units=6),
    NTM(units=5, rows=12),
]


class Readout(LinearReadout):
    rule: Delta = Delta()


@pytest.mark.parametrize("node", NODES, ids=lambda n: type(n).__name__)
def test_they_keep_the_contract(node):
    check_node(node)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("node", NODES, ids=lambda n: type(n).__name__)
def test_plain_python_has_the_same_bits(node, dtype):
    n = node.units
    params = cast(node.init(np.random.default_rng(0), 3, n), np.dtype(dtype))
    start = cast(node.start(n), np.dtype(dtype))
    xs = np.random.default_rng(1).standard_normal((30, 3)).astype(dtype)
    (state, ys), (plain, ys_plain) = (
        run_node(node, params, start, xs),
        fold(node, params, start, xs, {}),
    )
    np.testing.assert_array_equal(ys, ys_plain)
    for (path, one), (_, other) in zip(leaves(state), leaves(plain), strict=True):
        np.testing.assert_array_equal(one, other, err_msg=path)
        assert one.dtype == dtype


def test_an_lstm_is_its_equations():
    node, rng = LSTM(units=4), np.random.default_rng(2)
    params, xs = node.init(rng, 2, 4), rng.standard_normal((20, 2))
    h = c = np.zeros(4)
    expected = []
    for x in xs:
        i, f, g, o = np.split(params.W @ h + params.W_in @ x + params.bias, 4)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        expected.append(h)
    np.testing.assert_allclose(run_node(node, params, node.start(4), xs)[1], expected, rtol=1e-12)


def test_the_delta_rule_learns_a_sine_ahead():
    check_rule(Delta(), Readout(units=2))
    u = np.sin(np.arange(3000) / 5)[:, None]
    y = ng.Model(Input() >> GRU(units=50) >> Readout(units=1), seed=1).partial_fit(u[:-1], u[1:])
    assert np.abs(y[-200:] - u[1:][-200:]).max() < 0.2
