import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.rule import Lesson, Seen
from nodegraph.testing import check_rule, teach
from nodegraph.testing.comparing import same_trees
from nodes import TD, Input
from nodes.rules import TemporalDifference

RNG = np.random.default_rng(3)


def learned(rule, x, reward, discount=None, n_out=1):
    node = TD(units=n_out)
    params = node.init(RNG, x.shape[1], n_out)
    ports = {"x": x, "reward": reward}
    if discount is not None:
        ports["discount"] = discount
    lesson = Lesson(ports, None, np.ones(len(x), bool))
    return teach(rule, node, params, (), rule.begin(params), lesson)


@pytest.mark.parametrize("fields", [{}, {"trace_decay": 0.7}, {"fit_bias": False, "discount": 1.0}])
@pytest.mark.parametrize("n_out", [1, 2])
def test_it_keeps_the_contract(fields, n_out):
    check_rule(TemporalDifference(**fields), TD(units=n_out))


@pytest.mark.parametrize("silent", [0.0, 0.4])
@pytest.mark.parametrize("method", ["residual", "average"])
def test_other_methods_follow_their_equations(method, silent):
    rng = np.random.default_rng(4)
    x, r = rng.normal(size=(80, 3)), rng.normal(size=(80, 1)) + 2
    x[rng.random(80) < silent] = 0.0
    g = 1.0 if method == "average" else 0.8
    fields = {"mean_rate": 0.05} if method == "average" else {"discount": 0.8}
    rule = TemporalDifference(rate=0.01, fit_bias=False, method=method, **fields)
    check_rule(rule, TD())
    found = learned(rule, x, r)
    w, mean, e = np.zeros(3), 0.0, x[0]
    for t in range(1, 80):
        d = r[t, 0] - mean + g * (w @ x[t]) - w @ x[t - 1]
        w = w + 0.01 * d * (e if method == "average" else x[t - 1] - g * x[t])
        mean += 0.05 * d * (method == "average")
        e = x[t]
    np.testing.assert_allclose(found.params.W_out[0], w, rtol=1e-10)


@pytest.mark.parametrize("discounted", [False, True])
@pytest.mark.parametrize("trace_decay", [0.0, 0.6, 1.0])
def test_weights_follow_the_equations(trace_decay, discounted):
    x, r = RNG.normal(size=(80, 3)), RNG.normal(size=(80, 1))
    g = RNG.choice([0.0, 0.8], (80, 1)) if discounted else np.full((80, 1), 0.8)
    rule = TemporalDifference(rate=0.01, discount=0.8, trace_decay=trace_decay)
    found = learned(rule, x, r, g if discounted else None).params
    w, e = np.zeros(4), np.zeros(4)
    z = np.c_[x, np.ones(80)]
    e = z[0].copy()
    for t in range(1, 80):
        d = r[t, 0] + g[t, 0] * (w @ z[t]) - w @ z[t - 1]
        w = w + 0.01 * d * e
        e = g[t, 0] * trace_decay * e + z[t]
    np.testing.assert_allclose(np.append(found.W_out[0], found.bias), w, rtol=1e-10)


@pytest.mark.parametrize(("n", "m", "signals"), [(1, 1, 1), (9, 2, 1), (40, 3, 3), (3, 20, 20)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_compiled_loop_learns_the_bits_of_plain_updates(n, m, signals, dtype):
    x, r, g = (RNG.random((30, k)).astype(dtype) for k in (n, signals, 1))
    rule, node = TemporalDifference(rate=0.1, trace_decay=0.6), TD(units=m)
    params = TD.Params(np.zeros((m, n), dtype), np.zeros(m, dtype))
    lesson = Lesson({"x": x, "reward": r, "discount": g}, None, np.ones(30, bool))
    found = teach(rule, node, params, (), rule.begin(params), lesson)
    params = TD.Params(np.zeros((m, n), dtype), np.zeros(m, dtype))
    memory, ys = rule.begin(params), []
    for t in range(30):
        ys.append(node.step(params, (), x[t])[1])
        seen = Seen(x[t], ys[-1], (), None, {"reward": r[t], "discount": g[t]})
        params, memory = rule.update(params, memory, seen)
    same_trees((params, memory, np.array(ys)), (found.params, found.memory, found.ys), "updates")


def test_a_discount_of_0_ends_an_episode():
    rng = np.random.default_rng(5)
    x, r = rng.normal(size=(40, 2)), rng.normal(size=(40, 1))
    g = np.ones((40, 1))
    g[20] = 0
    rule = TemporalDifference(rate=1e-9, discount=1.0, trace_decay=0.9, fit_bias=False)
    whole = learned(rule, x, r, g).params.W_out
    ended = np.r_[x[:20], np.zeros((1, 2))]  # the value of the end is 0
    first = learned(rule, ended, r[:21]).params.W_out
    second = learned(rule, x[20:], np.r_[[[0.0]], r[21:]], g[20:] * 0 + 1).params.W_out
    np.testing.assert_allclose(whole, first + second, rtol=1e-6)


@pytest.mark.parametrize("factor", [1.0, 100.0])
def test_a_rate_that_is_far_too_high_does_not_let_values_grow_without_bound(factor):
    x = factor * RNG.normal(size=(5000, 3))
    rule = TemporalDifference(rate=10.0, discount=0.9, trace_decay=0.5)
    after = learned(rule, x, np.ones((5000, 1)))
    assert np.isfinite(after.params.W_out).all()
    assert np.abs(after.ys).max() < 1000


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rate": -0.1}, "rate: should be greater than 0"),
        ({"discount": 1.5}, "discount: should be at most 1"),
        ({"trace_decay": -0.1}, "trace_decay: should be at least 0"),
        ({"method": "residual", "trace_decay": 0.5}, "which has no traces"),
        ({"method": "average", "discount": 0.5}, "which discounts nothing"),
        ({"mean_rate": 0.5}, "the method is td"),
    ],
)
def test_fields_that_cannot_be_are_refused(fields, message):
    with pytest.raises(FieldError, match=message):
        TemporalDifference(**fields)


@pytest.mark.parametrize("between", ["series", "reset"])
def test_a_reward_is_none_of_what_was_in_another_series(between):
    value = TD(rate=0.1, discount=1.0, trace_decay=0.9, fit_bias=False, name="v")
    model = ng.Model((Input(name="s") >> value) & (Input(name="r") >> value["reward"]))
    states = np.array([[1.0, 0]] * 3), np.array([[0, 1.0]] * 3)
    rewards = np.zeros((3, 1)), np.ones((3, 1))
    if between == "series":
        model.fit({"s": list(states), "r": list(rewards)})
    else:
        for s, r in zip(states, rewards, strict=True):
            model.reset().partial_fit({"s": s, "r": r})
    w, e = 0.0, 0.0
    for t in range(3):
        if t:
            w += 0.1 * (1 + w - w) * e
        e = 0.9 * e + 1
    np.testing.assert_allclose(model.params["v"].W_out, [[0, w]], rtol=1e-12)
