import numpy as np
import pytest

from nodegraph.rule import Lesson, Seen
from nodegraph.testing import check_rule, teach
from nodes import ForwardUnit
from nodes.rules import TemporalCoding

U = np.random.default_rng(0).standard_normal((400, 1))


def unit(**fields):
    return ForwardUnit(kind="predictive_coding", **fields)


@pytest.mark.parametrize("fields", [{}, {"attention": False, "rate": 0.3}, {"fading": 0.5}])
def test_it_keeps_the_contract(fields):
    check_rule(TemporalCoding(**fields), unit(units=12, dim=3, fan_in=4))


def test_a_step_is_that_of_the_equation():
    node = unit(units=3, dim=3, fan_in=2, rate=0.1, fading=0.2)
    p = node.init(np.random.default_rng(1), 1, 3)
    state = node.start(3)
    for u in U[:4]:
        state, y = node.step(p, state, u)
    memory = node.rule.begin(p)
    new, memory = node.rule.update(p, memory, Seen(U[3], y, state))
    f, A, C = np.tanh, p.A[0], p.C[0]
    x, before, z = state.x[0], state.before[0], state.z[0]
    forecast = A @ f(before)
    np.testing.assert_allclose(
        new.A[0] - A, 0.1 * np.outer(x - forecast, f(before)) / (0.01 + f(before) @ f(before))
    )
    np.testing.assert_allclose(
        new.C[0] - C, 0.1 * np.outer(z - C @ f(x), f(x)) / (0.01 + f(x) @ f(x))
    )
    v = 1 + 0.2 * ((z - C @ f(forecast)) ** 2 - 1)
    np.testing.assert_allclose(memory.variance[0], v)
    np.testing.assert_allclose(new.pi[0], (1 / (1e-3 + v)) / np.mean(1 / (1e-3 + v)))


def test_attention_turns_from_noise_to_signal():
    """Of two inputs the sine can be predicted, the noise cannot: precisions follow variances."""
    wave = np.sin(np.arange(6000) / 4)[:, None]
    noise = np.random.default_rng(1).standard_normal((6000, 1))
    xs = np.concatenate([wave, noise], axis=1)
    node = unit(units=20, dim=4, fan_in=4, input_share=1.0)
    params = node.init(np.random.default_rng(2), 2, 20)
    lesson = Lesson({"x": xs}, None, np.ones(6000, bool))
    after = teach(node.rule, node, params, node.start(20), node.rule.begin(params), lesson)
    seen = after.params.reads == 0
    mixed = seen.any(axis=1) & ~seen.all(axis=1)
    assert mixed.any()
    for cell in np.flatnonzero(mixed):
        pi = after.params.pi[cell]
        assert pi[seen[cell]].min() > 2 * pi[~seen[cell]].max()
    np.testing.assert_allclose(after.params.pi.mean(axis=1), 1)


def test_norms_are_held_within_bounds():
    node = unit(units=10, fan_in=4, rate=1.0)
    params = node.init(np.random.default_rng(2), 1, 10)
    lesson = Lesson({"x": 100 * U}, None, np.ones(400, bool))
    after = teach(node.rule, node, params, node.start(10), node.rule.begin(params), lesson).params
    assert np.linalg.norm(after.A, axis=(1, 2)).max() <= 1.5 * np.sqrt(5) * (1 + 1e-12)
    largest = np.linalg.norm(after.C, axis=(1, 2)).max()
    assert 0.9 * 4 < largest <= 4 * (1 + 1e-12)
