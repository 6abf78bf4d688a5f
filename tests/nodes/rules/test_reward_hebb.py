import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.rule import Lesson, Seen
from nodegraph.testing import check_rule, teach
from nodegraph.testing.comparing import same_trees
from nodes import Input, RewardReadout
from nodes.rules import RewardHebb

RNG = np.random.default_rng(4)
X, R = RNG.normal(size=(50, 3)), RNG.normal(size=(50, 1))
NOISE = 0.3 * RNG.normal(size=(50, 2))


def learned(rule, x=X, reward=R, noise=NOISE):
    node = RewardReadout(units=2)
    params = node.init(RNG, x.shape[1], 2)
    lesson = Lesson({"x": x, "reward": reward, "noise": noise}, None, np.ones(len(x), bool))
    return teach(rule, node, params, (), rule.begin(params), lesson)


@pytest.mark.parametrize("fields", [{}, {"modulation": "binary"}, {"delay": 3, "fit_bias": False}])
def test_it_keeps_the_contract(fields):
    node = RewardReadout(W_out=RNG.normal(size=(2, 3)))
    check_rule(RewardHebb(**fields), node)


@pytest.mark.parametrize("modulation", ["difference", "binary"])
@pytest.mark.parametrize("delay", [1, 3])
def test_weights_follow_the_equations(modulation, delay):
    rule = RewardHebb(rate=0.02, modulation=modulation, fading=0.3, delay=delay)
    after = learned(rule)
    z, W = np.c_[X, np.ones(50)], np.zeros((2, 4))
    ys, ym, rm = [], None, None
    tried = []
    for t in range(50):
        y = W @ z[t] + NOISE[t]
        ys.append(y)
        if t >= delay:
            rm = R[t, 0] if rm is None else rm
            M = R[t, 0] - rm if modulation == "difference" else float(R[t, 0] > rm)
            W = W + 0.02 * M * np.outer(tried[t - delay], z[t - delay])
            rm = rm + 0.3 * (R[t, 0] - rm)
        ym = y if ym is None else ym
        tried.append(y - ym)
        ym = ym + 0.3 * (y - ym)
    np.testing.assert_allclose(after.ys, ys, rtol=1e-10)
    np.testing.assert_allclose(np.c_[after.params.W_out, after.params.bias], W, rtol=1e-9)


@pytest.mark.parametrize("fields", [{}, {"modulation": "binary", "delay": 3, "fit_bias": False}])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (9, 2), (40, 3), (3, 20)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_compiled_loop_learns_the_bits_of_plain_updates(n, m, dtype, fields):
    x, r, noise = (RNG.normal(size=(30, k)).astype(dtype) for k in (n, 1, m))
    rule, node = RewardHebb(rate=0.5, bound=3.0, **fields), RewardReadout(units=m)
    params = RewardReadout.Params(np.ones((m, n), dtype), np.zeros(m, dtype))
    lesson = Lesson({"x": x, "reward": r, "noise": noise}, None, np.ones(30, bool))
    memory, after, ys = rule.begin(params), params, []
    for t in range(30):
        ys.append(node.step(after, (), x[t], noise=noise[t])[1])
        after, memory = rule.update(after, memory, Seen(x[t], ys[-1], (), None, {"reward": r[t]}))
    found = teach(rule, node, params, (), rule.begin(params), lesson)
    same_trees((after, memory, np.array(ys)), (found.params, found.memory, found.ys), "updates")


@pytest.mark.parametrize("modulation", ["difference", "binary"])
@pytest.mark.parametrize("factor", [1.0, 100.0])
def test_a_reward_that_says_nothing_does_not_let_weights_grow_without_bound(modulation, factor):
    rng = np.random.default_rng(0)
    x, r = factor * rng.normal(size=(5000, 3)), factor * rng.normal(size=(5000, 1))
    rule = RewardHebb(rate=1.0, modulation=modulation, bound=7.0)
    W = learned(rule, x, r, rng.normal(size=(5000, 2))).params
    assert np.linalg.norm(np.c_[W.W_out, W.bias], axis=1).max() <= 7.0 * (1 + 1e-12)


@pytest.mark.parametrize("field", ["rate", "delay", "bound", "fading"])
def test_fields_that_cannot_be_are_refused(field):
    with pytest.raises(FieldError, match=f"{field}: should be"):
        RewardHebb(**{field: -1})


def test_a_reward_is_none_of_what_was_tried_in_another_series():
    readout = RewardReadout(units=1, delay=2, noise=0.5, rate=0.1, name="v")
    graph = (Input(name="s") >> readout) & (Input(name="r") >> readout["reward"])
    tried, quiet, none = np.ones((3, 2)), np.zeros((3, 2)), np.zeros((3, 1))
    model = ng.Model(graph, seed=1)
    model.fit({"s": [tried, quiet], "r": [none, np.array([[1.0], [0], [0]])]})
    np.testing.assert_array_equal(model.params["v"].W_out, [[0, 0]])
