import numpy as np
import pytest

import nodegraph as ng
from nodegraph.rule import Lesson
from nodegraph.testing import check_replay, check_rule, teach
from nodegraph.testing.recording import Recorder
from nodes import Dense, Input
from nodes.parts.chance import below, chance
from nodes.rules import InfoNCE

X = np.random.default_rng(0).standard_normal((9, 3))


def learned(rule, xs, units=4, **fields):
    node = Dense(units=units, rule=rule, **fields)
    params = node.init(np.random.default_rng(1), xs.shape[1], units)
    lesson = Lesson({"x": xs}, None, np.ones(len(xs), bool))
    return params, teach(rule, node, params, (), rule.begin(params), lesson)


@pytest.mark.parametrize("fields", [{}, {"ahead": 3, "negatives": 2, "buffer": 7, "decay": 0.5}])
def test_it_keeps_the_contract(fields):
    check_rule(InfoNCE(batch=8, **fields), Dense(units=4, bias_scaling=0.5))


def loss(W, b, M, rule):
    """Return the sum of losses over X."""
    total = 0.0
    for t in range(rule.ahead, len(X)):
        among = min(t, rule.buffer - 1)
        back = 1 + below(chance(t * rule.negatives + np.arange(rule.negatives)), among)
        y = np.tanh(X[[t, *(t - k for k in back)]] @ W.T + b)
        scores = y @ M @ np.tanh(W @ X[t - rule.ahead] + b)
        total += np.log(np.exp(scores).sum()) - scores[0]
    return total


def test_it_gathers_the_gradient_of_its_loss():
    rule = InfoNCE(batch=100, ahead=2, negatives=3, buffer=6)
    params, after = learned(rule, X, bias_scaling=1.0)
    arrays, h = {"W_in": params.W_in, "bias": params.bias, "M": np.eye(4)}, 1e-6
    for name, array in arrays.items():
        gathered = getattr(after.memory, {"M": "held"}.get(name, name))[0]
        for place in np.ndindex(array.shape):
            ends = []
            for shift in (h, -h):
                moved = array.copy()
                moved[place] += shift
                ends.append(loss(*{**arrays, name: moved}.values(), rule))
            assert gathered[place] == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=1e-6), name


def test_the_past_of_a_step_is_of_its_own_series():
    """What comes after a series changes in which negatives are drawn alone; here there is one."""
    rule = InfoNCE(batch=100, ahead=2, negatives=1, buffer=3)
    layer = Dense(units=4, rule=rule, name="layer")

    def gathered(xs):
        model = ng.Model(Input() >> layer, seed=1)
        model.partial_fit(xs)
        return model._settle().slots["layer"].memory

    whole, first = gathered([X[:5], X[5:7]]), gathered([X[:5]])
    assert first.clock.rows == 3 and whole.clock.rows == 3 and whole.seen == 7
    np.testing.assert_array_equal(whole.W_in[0], first.W_in[0])


def slow_in_loud(seed, steps=8000):
    """Return 30 signals, and which of 4 slow states hides in 3 directions of them.

    10 other directions are louder, but new at each step.
    """
    rng = np.random.default_rng(seed)
    state = np.zeros(steps, int)
    for t in range(1, steps):
        state[t] = state[t - 1] if rng.random() < 0.97 else rng.integers(4)
    Q = np.linalg.qr(rng.standard_normal((30, 30)))[0]
    x = 1.2 * rng.standard_normal((4, 3))[state] @ Q[:3]
    x += 2 * rng.standard_normal((steps, 10)) @ Q[3:13] + 0.5 * rng.standard_normal((steps, 30))
    return (x - x.mean(axis=0)) / x.std(axis=0), state


def probe(h, state, cut=6000):
    """Return the accuracy of a linear readout of `h`."""
    H = np.c_[np.ones(len(h)), h]
    W = np.linalg.lstsq(H[:cut], np.eye(4)[state[:cut]], rcond=None)[0]
    return np.mean(np.argmax(H[cut:] @ W, axis=1) == state[cut:])


@pytest.mark.parametrize("seed", range(4))
def test_a_layer_that_learns_shows_a_readout_more_than_random_features(seed):
    x, state = slow_in_loud(seed)
    model = ng.Model(Input() >> Dense(units=6, rule=InfoNCE(epochs=2)), seed=seed).fit(x[:6000])
    random = ng.Model(Input() >> Dense(units=6, name="dense"), seed=seed).run(x)
    found, before, all_signals = (probe(h, state) for h in (model.run(x), random, x))
    assert found > before + 0.2
    assert found > all_signals - 0.1  # six units keep nearly all that thirty signals tell


def test_layers_in_a_chain_learn_without_each_other():
    x, _ = slow_in_loud(0, steps=700)
    a, b = (Dense(units=5, rule=InfoNCE(), name=name) for name in "ab")
    model, alone = (
        ng.Model(Input(name="u") >> a >> b, seed=3),
        ng.Model(Input(name="u") >> a, seed=3),
    )
    recorder = Recorder()
    model.partial_fit(x, engine=recorder)
    check_replay(model, recorder.tapes)
    alone.partial_fit(x)
    np.testing.assert_array_equal(alone.params["a"].W_in, model.params["a"].W_in)


@pytest.mark.parametrize("xs", [np.ones((3000, 3)), np.zeros((3000, 3)), None])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_dull_and_loud_input_leaves_bounded_weights(xs, scale):
    rows = np.random.default_rng(0).standard_normal((3000, 3)) if xs is None else xs
    _, after = learned(InfoNCE(rate=0.1, batch=1, negatives=4), scale * rows)
    for array in (after.params.W_in, after.params.bias, after.memory.M):
        assert np.abs(array).max() < 730


def test_what_cannot_be_contrasted_is_refused():
    model = ng.Model(Input() >> Dense(units=2, rule=InfoNCE(ahead=3)))
    with pytest.raises(
        ng.errors.DataError, match="no series had more than 1 steps to learn from; give at least 4"
    ):
        model.fit(X[:1])
    with pytest.raises(ng.errors.DataError, match="no series had more than 3 steps"):
        model.fit([X[:3], X[3:6], X[6:9]])
    with pytest.raises(ng.errors.DataError, match="InfoNCE saw 6 steps to learn from, less than"):
        model.fit(X)
    with pytest.raises(
        ng.errors.FieldError, match=r"buffer should be more than ahead \(9\), got 5"
    ):
        InfoNCE(ahead=9, buffer=5)
    with pytest.raises(ng.errors.GraphError, match=r"write Dense\(units=..., rule=InfoNCE\(\)\)"):
        ng.Model(Dense(units=2, activation="relu", rule=InfoNCE()))
