import numpy as np
import pytest

from nodegraph.rule import Lesson
from nodegraph.testing import finite_differences, run_node, teach
from nodes import CTRNN, GRU, LSTM, CfC
from nodes.rules import EProp

N, D = 3, 2
X = np.random.default_rng(0).standard_normal((8, D))
RULE = EProp(feedback="head", batch=1000)
CELLS = [
    LSTM(units=N, rule=RULE, variant="peephole"),
    GRU(units=N, rule=RULE),
    GRU(units=N, rule=RULE, reset="after"),
    CTRNN(units=N, rule=RULE, tau=(1.0, 2.0, 5.0), unfolds=2, connectivity=1.0),
    CfC(units=N, rule=RULE, backbone=()),
    CfC(units=N, rule=RULE, backbone=(), mode="pure"),
]


def drawn(cell):
    """Return params of all sizes, units joined to themselves alone."""
    rng = np.random.default_rng(1)
    p = cell.init(rng, D, N)
    names = (*cell.weights, "V", "offset")
    p = p._replace(**{name: rng.normal(0, 0.6, getattr(p, name).shape) for name in names})
    if isinstance(cell, CfC):
        own = np.concatenate([np.ones((N, D)), np.eye(N)], axis=1)
        return p._replace(**{n: getattr(p, n) * own for n in cell.weights if n.endswith("_W")})
    return p._replace(W=p.W * np.tile(np.eye(N), (len(p.W) // N, 1)))


def lived(cell, p, *series):
    """Return the memory of the rule after series of their own."""
    memory = cell.learner.begin(p)
    for xs in series:
        lesson = Lesson({"x": xs}, None, np.ones(len(xs), bool))
        memory = teach(cell.learner, cell, p, cell.start(N, D), memory, lesson).memory
    return memory


def loss(cell):
    def of(p):
        _, ys = run_node(cell, p, cell.start(N, D), X)
        h = np.vstack([np.zeros(N), ys[:-1]])
        return ((X - h @ p.V.T - p.offset) ** 2).sum() / 2

    return of


@pytest.mark.parametrize("cell", CELLS)
def test_where_units_hear_only_themselves_it_is_the_gradient_through_all_time(cell):
    p = drawn(cell)
    memory = lived(cell, p, X)
    for name in (*cell.weights, "V", "offset"):
        found = getattr(memory.sums, name)[0]
        expected = finite_differences(loss(cell), p, name)
        expected = expected * cell.links(p).get(name, 1.0)
        np.testing.assert_allclose(found, expected, atol=1e-7, err_msg=name)


def test_traces_begin_anew_with_a_series():
    cell, p = CELLS[0], drawn(CELLS[0])
    once, twice = lived(cell, p, X), lived(cell, p, X, X)
    np.testing.assert_allclose(twice.sums.W[0], 2 * once.sums.W[0], rtol=1e-12)
    np.testing.assert_array_equal(twice.traces[1].W, once.traces[1].W)
