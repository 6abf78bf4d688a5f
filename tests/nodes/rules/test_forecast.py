import numpy as np
import pytest

from nodegraph.rule import Lesson, Seen
from nodegraph.testing import check_rule, teach
from nodes import ForwardUnit
from nodes.rules import Forecast

SMALL = {"horizon": 4, "reach": 3, "fan_in": 3, "features": 4}
U = np.sin(np.arange(400) / 6)[:, None] + 0.1 * np.random.default_rng(0).standard_normal((400, 1))


def learned(node, u=U, rows=None, change=lambda p: p):
    rule = node.rule
    params = change(node.init(np.random.default_rng(1), u.shape[1], node.units))
    state, memory = node.start(node.units, u.shape[1]), rule.begin(params)
    lesson = Lesson({"x": u}, None, np.ones(len(u), bool) if rows is None else rows)
    return teach(rule, node, params, state, memory, lesson)


@pytest.mark.parametrize("fields", [{}, {"gate": False, "forgetting": 0.9}, {"fading": 0.5}])
def test_it_keeps_the_contract(fields):
    check_rule(Forecast(**fields), ForwardUnit(units=6, **SMALL))


def test_without_forgetting_the_heads_are_ridge_regressions_on_the_features_of_that_time():
    node = ForwardUnit(units=4, horizon=5, reach=3, forgetting=1.0, alpha=0.3, features=4, fan_in=3)
    params = node.init(np.random.default_rng(1), 1, 4)
    after = learned(node)
    state, history = node.start(4, 1), []
    memory, now = node.rule.begin(params), params
    for u in U:  # the features depend on what the heads were at each step
        state, y = node.step(now, state, u)
        now, memory = node.rule.update(now, memory, Seen(u, y, state))
        history.append(state.features[(int(state.steps) - 1) % 6])
    H = np.array(history)
    for i, tau in enumerate(params.tau):
        h, c = H[7:-tau, i], U[7 + tau :, 0]  # 2 + 5 steps until all is full of signals
        gram = h.T @ h + 0.3 * np.eye(8)
        head = np.linalg.solve(gram, h.T @ c + 0.3 * params.random[i])
        np.testing.assert_allclose(after.params.head[i], head, rtol=1e-5, atol=1e-8)


def test_a_unit_hears_nothing_of_the_errors_of_the_others():
    node = ForwardUnit(units=5, bus=False, **SMALL)

    def disturb(params):
        head = params.head.copy()
        head[2] += 7
        return params._replace(head=head, skill=np.ones(5))

    plain = learned(node, change=lambda p: p._replace(skill=np.ones(5))).params
    other = learned(node, change=disturb).params
    same = [0, 1, 3, 4]
    np.testing.assert_array_equal(other.head[same], plain.head[same])
    np.testing.assert_array_equal(other.skill[same], plain.skill[same])
    assert np.abs(other.head[2] - plain.head[2]).max() > 0


def test_what_can_be_forecast_is_told_from_what_cannot():
    noise = np.random.default_rng(2).standard_normal((3000, 1))
    wave = np.sin(np.arange(3000) / 6)[:, None]
    node = ForwardUnit(units=20, horizon=5)
    assert learned(node, noise).params.skill.mean() < 0.1
    assert learned(node, wave).params.skill.mean() > 0.95
    assert (learned(ForwardUnit(units=20, gate=False), noise).params.skill == 1).all()


def test_the_memory_starts_anew_when_nothing_happens_for_long():
    node = ForwardUnit(units=3, horizon=2, reach=4, forgetting=0.9)
    after = learned(node, np.zeros((2000, 1)))
    diagonal = np.cumsum(np.arange(1, node.width + 1)) - 1
    traces = after.memory.P[:, diagonal].sum(axis=1)
    assert traces.max() <= 1e6 * node.width / node.alpha
    assert np.isfinite(after.params.head).all()


def test_nothing_is_learned_before_a_forecast_is_due():
    node = ForwardUnit(units=4, horizon=6, reach=9)
    params = node.init(np.random.default_rng(1), 1, 4)
    after = learned(node, U[: 8 + 6 + 1])  # the first lesson is at step 8 + 6 + 1
    np.testing.assert_array_equal(after.params.head, params.head)


def test_one_precision_goes_in_and_comes_out_while_statistics_stay_double():
    node = ForwardUnit(units=4, horizon=3)
    params = node.init(np.random.default_rng(1), 1, 4)
    small = params._replace(
        **{k: v.astype(np.float32) for k, v in params._asdict().items() if v.dtype.kind == "f"}
    )
    state = node.start(4, 1)
    state = state._replace(**{k: getattr(state, k).astype(np.float32) for k in state._fields[:3]})
    memory, u = node.rule.begin(small), U.astype(np.float32)
    lesson = Lesson({"x": u}, None, np.ones(len(u), bool))
    after = teach(node.rule, node, small, state, memory, lesson)
    assert after.params.head.dtype == after.ys.dtype == np.float32
    assert after.memory.P.dtype == np.float64
    double = learned(node)
    np.testing.assert_allclose(after.ys, double.ys, atol=0.02)


def test_learning_can_stop_and_go_on_at_any_row_to_the_last_bit():
    node = ForwardUnit(units=20, **SMALL)
    rows = np.random.default_rng(3).random(len(U)) < 0.7
    whole, rule = learned(node, rows=rows), node.rule
    params = node.init(np.random.default_rng(1), 1, 20)
    state, memory = node.start(20, 1), rule.begin(params)
    for cut in (slice(0, 37), slice(37, 38), slice(38, 251), slice(251, 400)):
        lesson = Lesson({"x": U[cut]}, None, rows[cut])
        params, state, memory, _ = teach(rule, node, params, state, memory, lesson)
    np.testing.assert_array_equal(memory.P.view(np.int64), whole.memory.P.view(np.int64))
    np.testing.assert_array_equal(params.head, whole.params.head)


def test_units_start_anew_at_the_step_at_which_their_rule_says():
    node = ForwardUnit(units=20, horizon=2, reach=2, fan_in=2, features=2, forgetting=0.5)
    u = np.r_[U[:60], np.zeros((60, 1)), U[:60]]
    after, rule = learned(node, u), node.rule
    params = node.init(np.random.default_rng(1), 1, 20)
    state, memory, renewed = node.start(20, 1), rule.begin(params), 0
    for x in u:
        before = memory.P
        state, y = node.step(params, state, x)
        params, memory = rule.update(params, memory, Seen(x, y, state))
        renewed += bool((memory.P[:, 0] < before[:, 0]).any() and (memory.P[:, 1] == 0).any())
    assert renewed > 1
    np.testing.assert_array_equal(after.params.head, params.head)
    np.testing.assert_array_equal(after.memory.P, memory.P)
