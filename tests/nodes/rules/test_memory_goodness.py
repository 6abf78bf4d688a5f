import numpy as np
import pytest

from nodegraph.rule import Lesson, Seen
from nodegraph.testing import check_rule, teach
from nodes import ForwardUnit
from nodes.rules import MemoryGoodness
from nodes.rules.memory_goodness import bound_loops

U = np.random.default_rng(0).standard_normal((80, 2))


def unit(**fields):
    return ForwardUnit(kind="forward_forward", **fields)


@pytest.mark.parametrize("negatives", ["past", "shuffled", "mispredicted"])
def test_it_keeps_the_contract(negatives):
    rule = MemoryGoodness(negatives=negatives, rate=0.1, threshold=1.0)
    check_rule(rule, unit(units=12, dim=3, fan_in=4, span=6, negatives=negatives))


def test_it_keeps_the_contract_with_a_bound_on_its_loops():
    node = unit(units=12, dim=3, fan_in=4, span=6, weight_scaling=3.0, loop_gain=0.5)
    check_rule(node.rule, node)


def test_the_gain_of_loops_is_held_within_bounds_and_inputs_are_not():
    rng = np.random.default_rng(4)
    W, reads = 3 * rng.standard_normal((2, 3, 7)), np.array([[0, 2, 5], [1, 0, 0]])
    W[1] *= 0.01
    bounded = bound_loops(W, reads, 2, 0.8)
    norm = np.linalg.norm
    gain = norm(W[0, :, 3:6]) + norm(W[0, :, 1]) + norm(W[0, :, 2])
    np.testing.assert_allclose(bounded[0, :, 1:6], W[0, :, 1:6] * 0.8 / gain)
    np.testing.assert_array_equal(bounded[0][:, [0, 6]], W[0][:, [0, 6]])
    np.testing.assert_array_equal(bounded[1], W[1])


def log_likelihood(W, true, false, threshold):
    """Return how probable it is to be right about both."""

    def real(v):
        return 1 / (1 + np.exp(threshold - np.sum(np.tanh(W @ v) ** 2)))

    return np.log(real(true)) + np.log(1 - real(false))


def test_a_step_goes_up_the_likelihood_of_being_right():
    node = unit(units=3, dim=3, fan_in=2, span=4, negatives="mispredicted", rate=0.1)
    p = node.init(np.random.default_rng(1), 2, 3)
    state = node.start(3)
    for u in U[:9]:
        state, y = node.step(p, state, u)
    new, _ = node.rule.update(p, (), Seen(U[8], y, state))
    z = [state.past[t % 4, 0] for t in (8, 7, 6)]
    tail = [*state.before[0], 1]
    true, false = np.array([*z[0], *tail]), np.array([*(2 * z[1] - z[2]), *tail])
    for i in range(3):
        for j in range(6):
            nudge = np.zeros((3, 6))
            nudge[i, j] = 1e-6
            pair = [p.W[0] + nudge, p.W[0] - nudge]
            alone = np.zeros(2)
            for k, v in enumerate((true, false)):  # each part is normalised by its own length
                other = [np.zeros(6), np.zeros(6)]
                other[k] = v
                up, down = (log_likelihood(W, *other, 1.5) for W in pair)
                alone[k] = (up - down) / 2e-6 / 2 / (0.01 + v @ v)
            assert new.W[0, i, j] - p.W[0, i, j] == pytest.approx(0.1 * alone.sum(), abs=1e-9)


def test_negatives_are_of_the_own_past_and_differ_from_step_to_step():
    node = unit(units=10, dim=5, fan_in=3, span=7)
    p = node.init(np.random.default_rng(1), 2, 10)
    state, chosen = node.start(10), set()
    for u in U[:40]:
        state, _ = node.step(p, state, u)
        now = int(state.steps) - 1
        if now >= 7:
            false = node.rule._false(p, state, now)
            for cell in range(2):
                rows = [j for j in range(7) if np.array_equal(state.past[j, cell], false[cell])]
                assert rows
                assert rows != [now % 7]
                chosen.add((now - rows[0]) % 7)
    assert chosen == set(range(1, 7))


def test_nothing_is_learned_before_there_is_a_past():
    node = unit(units=10, span=30)
    p = node.init(np.random.default_rng(1), 2, 10)
    lesson = Lesson({"x": U[:30]}, None, np.ones(30, bool))
    after = teach(node.rule, node, p, node.start(10), (), lesson)
    np.testing.assert_array_equal(after.params.W, p.W)


def test_rows_of_weights_are_held_within_bounds():
    node = unit(units=10, span=5, rate=0.1, weight_scaling=4.0)
    p = node.init(np.random.default_rng(1), 2, 10)
    lesson = Lesson({"x": U}, None, np.ones(80, bool))
    W = teach(node.rule, node, p, node.start(10), (), lesson).params.W
    assert 2.9 < np.linalg.norm(W, axis=2).max() <= 3 * (1 + 1e-12)
