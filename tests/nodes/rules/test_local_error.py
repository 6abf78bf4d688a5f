import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError
from nodegraph.graph.rule import Seen
from nodegraph.testing import check_rule
from nodes import Input, TaughtLayer
from nodes.rules import LocalError

RNG = np.random.default_rng(1)
X = RNG.standard_normal((500, 3)) @ RNG.standard_normal((3, 3)) + [5.0, 0.0, -1.0]
T = np.tanh(X @ RNG.standard_normal((3, 2)))


@pytest.mark.parametrize("fields", [{"rounds": 2, "share": 1.0}, {"rounds": 1}])
def test_it_is_a_rule(fields):
    node = TaughtLayer(units=4, **fields)
    check_rule(node.rule, node, n_steps=50)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_units_with_random_feedback_keep_the_contract_of_a_rule(activation):
    node = TaughtLayer(units=3, activation=activation, feedback="random", rounds=1, share=1.0)
    check_rule(node.rule, node, n_steps=40)


def by_hand(W, bias, rounds, ridge=6e-3, epsilon=3e-3):
    """Return W of the input, V and offset, as the docstring has it, with all rows in memory."""
    values, vectors = np.linalg.eigh(np.cov(X.T, bias=True))
    M = vectors / np.sqrt(values + epsilon * values[-1]) @ vectors.T
    p = (X - X.mean(0)) @ M

    def head(W):
        features = np.column_stack([p, np.tanh(p @ W.T + bias)])
        about, t = features - features.mean(0), T - T.mean(0)
        size = np.sqrt((about**2).sum(0))
        V = np.linalg.solve(
            about.T @ about / size / size[:, None] + ridge * np.eye(len(size)),
            about.T @ t / size[:, None],
        )
        V = (V / size[:, None]).T
        return V, T.mean(0) - V @ features.mean(0), features

    for i in range(rounds):
        V, offset, features = head(W)
        h, r = features[:, 3:], T - features @ V.T - offset
        g = ((r @ V[:, 3:]) * (1 - h**2)).T @ p
        size = np.linalg.norm(W, axis=1, keepdims=True)
        W = W + (1 - i / rounds) * size * g / np.linalg.norm(g, axis=1, keepdims=True)
        W = W * size / np.linalg.norm(W, axis=1, keepdims=True)
    V, offset, features = head(W)
    return W @ M, V @ features.T + offset[:, None]


def course(node, params, xs=X, ts=T):
    """Return the memory before each pass, the last one at the end."""
    rule, memory, more = node.rule, node.rule.begin(params), True
    memories = []
    while more:
        memories.append(memory)
        _, memory = rule.update(params, memory, Seen(xs, None, target=ts))
        memory, more = rule.after_pass(memory)
    return [*memories, memory]


def made(**fields):
    node = TaughtLayer(units=5, activation="tanh", **fields)
    return node, node.init(np.random.default_rng(3), 3, 5, target=2)


@pytest.mark.parametrize("rounds", [0, 3])
def test_it_does_what_its_equations_say(rounds):
    node, params = made(rounds=rounds, share=1.0, emits=("units", "prediction"))
    found = node.rule.finish(params, course(node, params)[-1])
    W_x, z = by_hand(params.W_in, params.bias, rounds)
    np.testing.assert_allclose(found.W_in, W_x, rtol=1e-6)
    out = np.array([node.step(found, (), x)[1] for x in X[:40]])
    np.testing.assert_allclose(out[:, 5:], z.T[:40], rtol=1e-6, atol=1e-9)


def test_units_move_down_the_slope_of_the_error_of_the_head_as_it_stands():
    node, params = made(rounds=1, share=1.0)
    before = course(node, params)[2]
    at = before.at
    _, after = node.rule.update(params, before, Seen(X, None, target=T))
    slope = node.rule.merge(after, node.rule.without_rows(after)).slope

    def loss(W_x):
        x = X - at.mean
        h = np.tanh(x @ W_x.T + at.bias)
        return np.sum((T - np.column_stack([x, h]) @ at.head.V.T - at.head.offset) ** 2) / 2

    for unit, column in ((0, 0), (3, 1), (4, 2)):
        shift = np.zeros_like(at.W_x)
        shift[unit, column] = 1e-5
        difference = (loss(at.W_x - shift) - loss(at.W_x + shift)) / 2e-5
        np.testing.assert_allclose(slope[unit, column], difference, rtol=1e-6)


def test_weights_keep_their_length():
    node, params = made(rounds=3, share=1.0)
    lengths = [np.linalg.norm(memory.at.W, axis=1) for memory in course(node, params)]
    for one in lengths:
        np.testing.assert_allclose(one, lengths[0], rtol=1e-12)


def test_random_feedback_stays_as_it_was_drawn_and_leads_elsewhere():
    node, params = made(rounds=2, feedback="random", share=1.0)
    assert params.B.shape == (2, 5)
    found = node.rule.finish(params, course(node, params)[-1])
    np.testing.assert_array_equal(found.B, params.B)
    other, own = made(rounds=2, share=1.0)
    np.testing.assert_array_equal(own.W_in, params.W_in)
    assert not np.allclose(other.rule.finish(own, course(other, own)[-1]).W_in, found.W_in)


def test_rounds_look_at_their_share_and_the_rest_at_all_rows():
    rule = LocalError(rounds=2, share=0.4)
    looks = np.array([rule._takes(np.arange(100), turn) for turn in range(10)])
    assert np.flatnonzero(looks[0][:10]).tolist() == [0, 2, 5, 7]
    assert np.abs(looks.sum(axis=1) - 40).max() <= 1  # of the series in each round
    assert looks[:, 0].all()
    rounds = looks[:, 1:].sum(axis=0)  # of each series
    assert rounds.min() >= 3 and rounds.max() <= 5
    node, params = made(rounds=1, share=0.5)
    xs, ts = np.tile(X, (2, 1))[:768], np.tile(T, (2, 1))[:768]  # three blocks, two of them taken
    found = []
    for memory in course(node, params, xs, ts)[:-1]:
        _, after = node.rule.update(params, memory, Seen(xs, None, target=ts))
        found.append(after.sums.n)
    assert found == [768, 512, 512, 768]
    for number, n in ((0, 500), (1, 0)):
        memory = course(node, params)[1]
        _, after = node.rule.update(params, memory, Seen(X, None, target=T, number=number))
        assert node.rule.merge(after, node.rule.without_rows(after)).sums.n == n


def test_a_short_series_is_looked_at_in_each_round():
    report = ng.Model(Input() >> TaughtLayer(units=4), seed=1).fit(X[:100], T[:100]).report[0]
    assert (report["rounds"], report["rows"]) == (8, 100)


def test_a_round_that_passes_over_all_rows_says_so():
    node, params = made(share=0.1)
    memory = course(node, params)[1]
    _, memory = node.rule.update(params, memory, Seen(X, None, target=T, number=4))
    with pytest.raises(DataError, match="none in the series that a round looks at; write share=1"):
        node.rule.after_pass(memory)


def test_sums_of_many_features_in_single_precision_tell_the_same():
    node = TaughtLayer(units=520, rounds=0, share=1.0, emits="prediction")
    found = []
    for dtype in ("float64", "float32"):
        model = ng.Model(Input() >> node, seed=1, dtype=dtype)
        found.append(model.fit(X, T).run(X[:50]))
    assert found[1].dtype == np.float32
    np.testing.assert_allclose(found[1], found[0], atol=2e-3)


def test_without_a_row_there_is_nothing_to_learn():
    with pytest.raises(DataError, match="no rows to learn from"):
        ng.Model(Input() >> TaughtLayer(units=2)).fit(X, np.full_like(T, np.nan))
