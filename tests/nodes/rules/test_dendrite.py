import numpy as np
import pytest

from nodegraph.rule import Lesson, Seen
from nodegraph.testing import check_rule, teach
from nodes import ForwardUnit
from nodes.rules import Dendrite

U = np.random.default_rng(0).standard_normal((80, 1))


def unit(**fields):
    return ForwardUnit(kind="dendritic", **fields)


@pytest.mark.parametrize("fields", [{}, {"rate": 1.0, "longest": 0.5}])
def test_it_keeps_the_contract(fields):
    check_rule(Dendrite(**fields), unit(units=9, fan_in=4))


def test_a_step_is_that_of_the_equation():
    node = unit(units=4, fan_in=3, horizon=3)
    p = node.init(np.random.default_rng(1), 1, 4)
    state, xs = node.start(4), []
    for u in U[:9]:
        state, x = node.step(p, state, u)
        xs.append(x)
    new, _ = Dendrite(rate=0.3).update(p, (), Seen(U[8], x, state))
    for i in range(4):
        s = xs[8 - p.tau[i]][p.reads[i] - 1]
        e = p.W_in[i] @ U[8] + p.bias[i] - p.v[i] @ s
        np.testing.assert_allclose(new.v[i] - p.v[i], 0.3 * e * s / (0.01 + s @ s))


def test_nothing_is_learned_of_what_was_not():
    node = unit(units=40, horizon=5)
    p = node.init(np.random.default_rng(1), 1, 40)
    lesson = Lesson({"x": U[:3]}, None, np.ones(3, bool))
    after = teach(node.rule, node, p, node.start(40), (), lesson)
    changed = (after.params.v != p.v).any(axis=1)
    np.testing.assert_array_equal(changed, p.tau <= 2)  # step 0 is heard of at step 2


def test_dendrites_are_held_within_bounds():
    node = unit(units=10, rate=1.0, longest=0.7)
    p = node.init(np.random.default_rng(1), 1, 10)
    lesson = Lesson({"x": 100 * U}, None, np.ones(80, bool))
    v = teach(node.rule, node, p, node.start(10), (), lesson).params.v
    assert np.linalg.norm(v, axis=1).max() == pytest.approx(0.7)
