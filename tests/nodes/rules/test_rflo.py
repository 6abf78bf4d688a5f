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
