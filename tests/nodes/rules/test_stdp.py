import numpy as np
import pytest
from scipy import sparse

import nodegraph as ng
from nodegraph.errors import GraphError
from nodegraph.testing import check_rule
from nodes import LIF, Input, Reservoir
from nodes.rules import STDP


@pytest.mark.parametrize("reward", [False, True])
@pytest.mark.parametrize("connectivity", [0.4, 1.0])
def test_it_keeps_the_contract(reward, connectivity):
    node = LIF(units=8, connectivity=connectivity, input_scaling=1.5)
    check_rule(STDP(reward=reward), node)


def change(gap, **fields):
    """Return how a weight from 0 to 1 changes where 1 fires `gap` steps after 0."""
    first, second = max(0, -gap), max(0, gap)
    u = np.zeros((40, 2))
    u[first, 0] = u[second, 1] = 1.0
    W = [[0.0, 0.0], [0.5, 0.0]]
    node = LIF(W=W, W_in=np.eye(2), leak_rate=1.0, rule=STDP(bound=2.0, **fields))
    model = ng.Model(node)
    model.partial_fit(u)
    return model.params["lif"].W[1, 0] - 0.5


@pytest.mark.parametrize("gap", [1, 3, 10])
def test_a_source_that_fires_before_its_target_strengthens(gap):
    found = change(gap, a_plus=0.01, a_minus=0.02, tau_plus=5.0, tau_minus=8.0)
    assert found == pytest.approx(0.01 * np.exp(-(gap - 1) / 5.0))


@pytest.mark.parametrize("gap", [-1, -3, -10])
def test_one_that_fires_after_it_weakens(gap):
    found = change(gap, a_plus=0.01, a_minus=0.02, tau_plus=5.0, tau_minus=8.0)
    assert found == pytest.approx(-0.02 * np.exp((gap - 1) / 8.0))


@pytest.mark.parametrize("connectivity", [0.3, 1.0])
def test_it_is_the_sum_over_all_pairs(connectivity):
    rule = STDP(a_plus=0.02, a_minus=0.03, tau_plus=4.0, tau_minus=6.0, bound=1.5)
    node = LIF(units=9, connectivity=connectivity, input_scaling=1.2, rule=rule, name="pool")
    model, u = ng.Model(Input() >> node, seed=2), np.random.default_rng(0).normal(size=(80, 2))

    def weights():
        W = model.params["pool"].W
        return W.toarray() if sparse.issparse(W) else np.array(W)

    model.run(u[:1])
    W = weights()
    model.reset()
    spikes = model.partial_fit(u)
    p, q, before, signs = np.zeros(9), np.zeros(9), np.zeros(9), np.sign(W)
    for now in spikes:
        p, q = p * np.exp(-1 / 4.0) + before, q * np.exp(-1 / 6.0)
        change = 0.02 * np.outer(now, p) - 0.03 * np.outer(q, before)
        W = signs * np.clip(np.abs(W) + change, 0, 1.5)
        q, before = q + now, now
    np.testing.assert_allclose(weights(), W, rtol=1e-9, atol=1e-12)
    assert spikes.sum() > 30


def test_what_was_done_waits_for_its_reward():
    W, u, r = [[0.0, 0.0], [0.5, 0.0]], np.zeros((30, 2)), np.zeros((30, 1))
    u[0, 0] = u[1, 1] = 1.0
    rule = STDP(a_plus=0.01, reward=True, tau_reward=10.0)
    node = LIF(W=W, W_in=np.eye(2), leak_rate=1.0, rule=rule, name="pool")
    graph = (Input(name="u") >> node) & (Input(name="r") >> node["reward"])
    for size in (0.0, 2.0, -1.0):
        r[6] = size
        model = ng.Model(graph)
        model.partial_fit({"u": u, "r": r})
        found = model.params["pool"].W[1, 0] - 0.5
        assert found == pytest.approx(size * 0.01 * np.exp(-5 / 10.0), abs=1e-12)


def test_it_is_of_spikes():
    with pytest.raises(ng.errors.GraphError, match="STDP is of spikes, which Reservoir does not"):
        ng.Model(Input() >> Reservoir(units=3, rule=STDP()))
    with pytest.raises(ng.errors.FieldError, match="tau_reward would have no effect"):
        STDP(tau_reward=5.0)


def test_a_weight_that_was_weakened_to_nothing_grows_again_and_no_other():
    rule = STDP(a_plus=0.1, a_minus=0.1, tau_plus=10, tau_minus=10)
    node = LIF(W=[[0, 0], [0.05, 0]], W_in=np.eye(2), leak_rate=1.0, threshold=5.0, rule=rule)
    model = ng.Model(node)
    last, first, rest = ([[10.0, 0]], [[0, 10.0]], [[0.0, 0]])
    model.partial_fit(np.concatenate([first, last, rest, rest]))  # the target fires first
    assert 0 < model.params["lif"].W[1, 0] < 1e-30
    model.partial_fit(np.concatenate([*[rest] * 50, *[last, first] * 20]))
    W = model.params["lif"].W
    assert W[1, 0] == 1.0
    assert not np.delete(W.ravel(), 2).any()


def test_several_rewards_are_refused():
    pool = LIF(units=3, rule=STDP(reward=True), name="pool")
    graph = (Input(name="u") >> pool) & (Input(name="r") >> pool["reward"])
    with pytest.raises(GraphError, match="pool: reward should be one signal, got 2"):
        ng.Model(graph).partial_fit({"u": np.ones((9, 2)), "r": np.ones((9, 2))})


def paired(*series, reward=None):
    """Return the weights from 0 to 1 and back after independent series of who is made to fire."""
    rule = STDP(a_plus=0.1, a_minus=0.1, tau_plus=10, tau_minus=10, reward=reward is not None)
    pool = LIF(W=[[0, 0.5], [0.5, 0]], W_in=10 * np.eye(2), leak_rate=1.0, threshold=5.0, rule=rule)
    graph, x = Input(name="u") >> pool, [np.array(one, float) for one in series]
    if reward is not None:
        graph = graph & (Input(name="r") >> pool["reward"])
    model = ng.Model(graph)
    model.fit(x if reward is None else {"u": x, "r": [np.array(one, float) for one in reward]})
    W = model.params["lif"].W
    return W[1, 0], W[0, 1]


FIRST, SECOND, REST = ([1, 0], [0, 1], [0, 0])


def test_spikes_of_independent_series_are_no_pairs():
    assert paired([FIRST, REST, SECOND]) == pytest.approx((0.5 + 0.1 * np.exp(-0.1), 0.5))
    assert paired([REST, FIRST, REST], [REST, SECOND, REST]) == (0.5, 0.5)
    later = [[FIRST, SECOND, REST], [REST] * 3]
    assert paired(*later, reward=[[[0]] * 3, [[1]] * 3]) == (0.5, 0.5)
    assert paired(*later, reward=[[[1]] * 3, [[0]] * 3])[0] > 0.5


def test_reset_ends_traces():
    rule = STDP(a_plus=0.1, a_minus=0.1)
    pool = LIF(W=[[0, 0.5], [0.5, 0]], W_in=10 * np.eye(2), leak_rate=1.0, threshold=5.0, rule=rule)
    model = ng.Model(pool)
    model.partial_fit([FIRST, REST])
    model.reset().partial_fit([SECOND, REST])
    np.testing.assert_array_equal(model.params["lif"].W, [[0, 0.5], [0.5, 0]])


@pytest.mark.parametrize(
    ("W", "message"),
    [
        ([[0, 6.0], [5, 0]], "STDP keeps weights within bound=1, .* up to 6, without a spike"),
        ([[0, 0], [0, 0]], "STDP changes W where it is not 0, but W is 0 everywhere"),
    ],
)
def test_weights_that_it_cannot_keep_are_told_of(W, message):
    with pytest.raises(GraphError, match=message):
        ng.Model(LIF(W=W, rule=STDP()))
