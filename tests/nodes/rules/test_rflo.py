import numpy as np

from nodegraph.rule import Lesson
from nodegraph.testing import check_rule, teach
from nodes import GRU
from nodes.rules import RFLO


def test_it_keeps_the_contract():
    cell = GRU(units=3, rule=RFLO(batch=5))
    check_rule(cell.rule, cell)


def test_of_a_cell_without_gates_it_is_murrays_rule():
    """With z held at 1/4 a GRU is leaky units: h = 3/4 h + 1/4 tanh(W h + W_in x)."""
    rng, n = np.random.default_rng(0), 3
    cell = GRU(units=n, rule=RFLO(batch=1000))
    p = cell.init(rng, 2, n)
    W, W_in = p.W.copy(), p.W_in.copy()
    W[: 2 * n], W_in[: 2 * n] = 0, 0
    bias = np.repeat([50.0, np.log(1 / 3), 0.0], n)  # r is 1, z a quarter
    p = p._replace(W=W, W_in=W_in, bias=bias, V=rng.standard_normal((2, n)))
    xs = rng.standard_normal((9, 2))
    lesson = Lesson({"x": xs}, None, np.ones(9, bool))
    memory = cell.learner.begin(p)
    sums = teach(cell.learner, cell, p, cell.start(n, 2), memory, lesson).memory.sums
    h, trace, expected = np.zeros(n), np.zeros((n, n)), 0
    for x in xs:
        blame = p.feedback @ (x - p.V @ h)
        expected = expected - blame[:, None] * trace
        new = np.tanh(W[2 * n :] @ h + W_in[2 * n :] @ x)
        trace = 0.75 * trace + 0.25 * (1 - new**2)[:, None] * h
        h = 0.75 * h + 0.25 * new
    np.testing.assert_allclose(sums.W[0][2 * n :], expected, atol=1e-12)


def test_taught_by_a_target_it_is_murrays_rule_with_the_error_of_the_same_step():
    """``e = y* - W_out h[t]``, p and q traces of W and W_in (eLife 8, e43299, eqs. 2 to 5)."""
    rng, n = np.random.default_rng(3), 4
    cell = GRU(units=n, rule=RFLO(learns="target", batch=1000))
    p = cell.init(rng, 2, 3)
    W, W_in, W_out = p.W.copy(), p.W_in.copy(), rng.standard_normal((3, n))
    W[: 2 * n], W_in[: 2 * n] = 0, 0
    bias = np.repeat([50.0, np.log(1 / 3), 0.0], n)  # r is 1, z a quarter: tau is 4
    p = p._replace(W=W, W_in=W_in, bias=bias, V=W_out)
    xs, ys = rng.standard_normal((12, 2)), rng.standard_normal((12, 3))
    ys[5] = np.nan  # moves traces and teaches nothing
    lesson = Lesson({"x": xs}, ys, np.ones(12, bool))
    memory = cell.learner.begin(p)
    sums = teach(cell.learner, cell, p, cell.start(n, 2), memory, lesson).memory.sums
    h, of_W, of_W_in = np.zeros(n), np.zeros((n, n)), np.zeros((n, 2))
    dW, dW_in, dW_out = 0, 0, 0
    for x, y in zip(xs, ys, strict=True):
        new = np.tanh(W[2 * n :] @ h + W_in[2 * n :] @ x)
        slope = 0.25 * (1 - new**2)[:, None]
        of_W, of_W_in = 0.75 * of_W + slope * h, 0.75 * of_W_in + slope * x
        h = 0.75 * h + 0.25 * new
        if not np.isnan(y).any():
            error = y - W_out @ h
            told = (p.feedback @ error)[:, None]
            dW, dW_in, dW_out = (
                dW - told * of_W,
                dW_in - told * of_W_in,
                dW_out - np.outer(error, h),
            )
    np.testing.assert_allclose(sums.W[0][2 * n :], dW, atol=1e-12)
    np.testing.assert_allclose(sums.W_in[0][2 * n :], dW_in, atol=1e-12)
    np.testing.assert_allclose(sums.V[0], dW_out, atol=1e-12)
