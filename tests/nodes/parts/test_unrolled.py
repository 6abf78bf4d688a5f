import numpy as np
import pytest

from nodegraph.rule import Lesson
from nodegraph.testing import finite_differences, run_node, teach
from nodes import CTRNN, GRU, LSTM, LTC, CfC
from nodes.rules import BPTT, TBPTT

N, D, STEPS = 3, 2, 6
X = np.random.default_rng(0).standard_normal((2 * STEPS, D))
DT = np.tile(np.random.default_rng(1).uniform(0.1, 1.5, (STEPS, 1)), (2, 1))
KINDS = [
    (LSTM, {"variant": "peephole"}),
    (GRU, {"reset": "before"}),
    (GRU, {"reset": "after"}),
    (CTRNN, {"tau": (0.5, 1.0, 3.0), "solver": "exponential", "connectivity": 1.0}),
    (CTRNN, {"solver": "rk4", "unfolds": 2, "activation": "sigmoid", "connectivity": 1.0}),
    (CTRNN, {"activation": "relu", "connectivity": 1.0}),
    (CfC, {"backbone": (4,)}),
    (CfC, {"backbone": (), "mode": "no_gate"}),
    (CfC, {"backbone": (4,), "mode": "pure"}),
    (LTC, {"unfolds": 2}),  # it divides by dt, which is 0 before the first step
]


def ports(cell, steps):
    """Return times between samples, of cells that are told."""
    return {"dt": DT[:steps]} if "dt" in cell.step_ports else {}


def drawn(cell):
    rng = np.random.default_rng(1)
    p = cell.init(rng, D, D)
    names = (*cell.weights, "V", "offset")
    p = p._replace(**{name: rng.normal(0, 0.6, getattr(p, name).shape) for name in names})
    return p._replace(**{name: 0.3 + np.abs(getattr(p, name)) for name in cell.floors})


def learned(cell, p, xs, target=None):
    """Return the gradients that are gathered."""
    lesson = Lesson({"x": xs, **ports(cell, len(xs))}, target, np.ones(len(xs), bool))
    memory = cell.learner.begin(p)
    return teach(cell.learner, cell, p, cell.start(N, D), memory, lesson).memory.sums


def lived(cell, p, xs, state=None):
    """Return h before and after each step, and the state at the end."""
    state = state or cell.start(N, D)
    after, ys = run_node(cell, p, state, xs, **ports(cell, len(xs)))
    return np.vstack([cell.carry(state)[0], ys]), after


def half_square(e):
    return (e**2).sum() / 2


@pytest.mark.parametrize(("kind", "fields"), KINDS)
def test_a_window_of_forecast_errors_has_the_gradient_of_finite_differences(kind, fields):
    cell = kind(units=N, rule=TBPTT(steps=STEPS, batch=1000), **fields)
    p = drawn(cell)
    _, begun = lived(cell, p, X[:STEPS])  # what the second window takes as given

    def loss(p):
        hs = lived(cell, p, X[:STEPS])[0][:-1], lived(cell, p, X[STEPS:], begun)[0][:-1]
        return half_square(X - np.vstack(hs) @ p.V.T - p.offset)

    sums = learned(cell, p, X)
    for name in (*cell.weights, "V", "offset"):
        expected = finite_differences(loss, p, name)
        np.testing.assert_allclose(getattr(sums, name)[0], expected, atol=1e-7, err_msg=name)


@pytest.mark.parametrize(("kind", "fields"), KINDS)
def test_a_window_that_ends_with_its_series_has_it_too(kind, fields):
    """Series of 8 and 4 steps: windows of 6 and 2, and of 4."""
    cell = kind(units=N, rule=TBPTT(steps=STEPS, batch=1000), **fields)
    p, rule = drawn(cell), cell.learner
    _, begun = lived(cell, p, X[:STEPS])
    parts = [(X[:STEPS], None), (X[STEPS:8], begun), (X[8:], None)]

    def loss(p):
        hs = [lived(cell, p, xs, state)[0][:-1] for xs, state in parts]
        return half_square(X - np.vstack(hs) @ p.V.T - p.offset)

    memory = rule.begin(p)
    for xs in (X[:8], X[8:]):
        lesson = Lesson({"x": xs, **ports(cell, len(xs))}, None, np.ones(len(xs), bool))
        memory = teach(rule, cell, p, cell.start(N, D), memory, lesson).memory
    _, memory = rule.catch_up(p, memory)
    assert memory.clock.rows == len(X)
    for name in (*cell.weights, "V", "offset"):
        expected = finite_differences(loss, p, name)
        found = getattr(memory.sums, name)[0]
        np.testing.assert_allclose(found, expected, atol=1e-7, err_msg=name)


@pytest.mark.parametrize(("kind", "fields"), [KINDS[0], KINDS[3], KINDS[-2], KINDS[-1]])
def test_a_target_here_and_there_has_the_gradient_of_finite_differences(kind, fields):
    cell = kind(units=N, rule=BPTT(steps=len(X), batch=1000), **fields)
    p, target = drawn(cell), np.full((len(X), D), np.nan)
    target[5], target[-1] = [0.3, -0.2], [1.0, 0.5]

    taught, shown = np.isfinite(target).all(axis=1), kind(units=N, rule=None, **fields)

    def loss(p):
        h, _ = lived(shown, p, X)
        return half_square((target - h[1:] @ p.V.T - p.offset)[taught])

    sums = learned(cell, p, X, target)
    for name in (*cell.weights, "V", "offset"):
        expected = finite_differences(loss, p, name)
        np.testing.assert_allclose(getattr(sums, name)[0], expected, atol=1e-7, err_msg=name)
