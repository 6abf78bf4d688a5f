import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError, GraphError
from nodegraph.testing import check_node
from nodes import TD, Input

STATES = 5


def random_walk(n_steps, seed=0):
    """Return states, rewards and discounts of the walk of Sutton (1988), episode after episode.

    It starts in the middle of five states; who leaves on the right has a reward of 1.
    """
    rng = np.random.default_rng(seed)
    place, places, rewards, discounts = 2, [2], [0.0], [1.0]
    while len(places) < n_steps:
        place += int(rng.choice([-1, 1]))
        over = place in (-1, STATES)
        rewards.append(float(place == STATES))
        discounts.append(float(not over))
        place = 2 if over else place
        places.append(place)
    return np.eye(STATES)[places], np.array(rewards)[:, None], np.array(discounts)[:, None]


def least_squares(x, reward, discount, trace_decay):
    """Return the weights of LSTD(lambda), at which all updates of TD sum up to nothing."""
    A, b, e = np.zeros((STATES, STATES)), np.zeros(STATES), x[0].copy()
    for t in range(1, len(x)):
        A += np.outer(e, x[t - 1] - discount[t] * x[t])
        b += e * reward[t]
        e = discount[t] * trace_decay * e + x[t]
    return np.linalg.solve(A, b)


def walked(td, x, reward, discount):
    ports = (Input(name="reward") >> td["reward"]) & (Input(name="discount") >> td["discount"])
    model = ng.Model((Input(name="x") >> td) & ports)
    model.partial_fit({"x": x, "reward": reward, "discount": discount})
    return model


def test_it_keeps_the_contract():
    check_node(TD(units=2))
    check_node(TD(W_out=np.ones((2, 3)), bias=[1.0, 2.0], trace_decay=0.5))


@pytest.mark.parametrize("trace_decay", [0.0, 0.4, 0.9])
def test_the_random_walk_leads_to_the_weights_of_least_squares(trace_decay):
    data = random_walk(30_000)
    exact = least_squares(*data, trace_decay)
    td = TD(rate=0.01, discount=1.0, trace_decay=trace_decay, fit_bias=False, name="td")
    found = walked(td, *data).params["td"].W_out[0]
    np.testing.assert_allclose(found, exact, atol=0.05)
    np.testing.assert_allclose(exact, np.arange(1, 6) / 6, atol=0.03)  # the chances to win


@pytest.mark.parametrize("trace_decay", [0.0, 0.4, 1.0])
def test_at_the_weights_of_least_squares_it_stays_on_average(trace_decay):
    data = random_walk(3000, seed=1)
    exact = least_squares(*data, trace_decay)
    fields = {"rate": 1e-9, "discount": 1.0, "trace_decay": trace_decay, "fit_bias": False}
    still = walked(TD(W_out=exact[None], name="td", **fields), *data).params["td"].W_out[0]
    moved = walked(TD(W_out=exact[None] + 0.1, name="td", **fields), *data).params["td"].W_out[0]
    assert np.abs(still - exact).max() / 1e-9 < 0.01
    assert np.abs(moved - exact - 0.1).max() / 1e-9 > 1


def test_residual_gradients_find_another_fixed_point():
    """A state looks two ways ahead: the mean of squares is not least where TD stands still."""
    x, reward, discount = random_walk(30_000)
    td = TD(rate=0.02, discount=1.0, method="residual", fit_bias=False, name="td")
    found = walked(td, x, reward, discount).params["td"].W_out[0]
    apart = x[:-1] - discount[1:] * x[1:]
    exact = np.linalg.lstsq(apart, reward[1:, 0], rcond=None)[0]
    np.testing.assert_allclose(found, exact, atol=0.05)
    assert np.abs(exact - least_squares(x, reward, discount, 0.0)).max() > 0.1


def test_an_average_reward_is_learned_beside_the_values():
    """Two states in turn, with rewards 3 and 1: the mean is 2, and one is worth 1 more."""
    x, reward = np.tile(np.eye(2), (3000, 1)), np.tile([[1.0], [3.0]], (3000, 1))
    td = TD(rate=0.02, method="average", mean_rate=0.002, fit_bias=False, name="td")
    model = ng.Model((Input(name="x") >> td) & (Input(name="reward") >> td["reward"]))
    model.partial_fit({"x": x, "reward": reward})
    W = model.params["td"].W_out[0]
    np.testing.assert_allclose(W[0] - W[1], 1.0, atol=0.02)


def test_an_intermediate_lambda_is_the_best_in_few_episodes():
    """Root mean square of 10 episodes of a walk over 19 states (R. S. Sutton, A. G. Barto)."""
    n, truth = 19, np.arange(-18, 19, 2) / 20

    def walk(seed):
        rng = np.random.default_rng(seed)
        places, rewards, ends, over = [], [0.0], [1.0], 0
        place = n // 2
        while over < 10:
            places.append(place)
            place += int(rng.choice([-1, 1]))
            out = place in (-1, n)
            rewards.append(float(np.sign(place - n // 2)) if out else 0.0)
            ends.append(float(not out))
            over += out
            place = n // 2 if out else place
        return np.eye(n)[[*places, n // 2]], np.array(rewards)[:, None], np.array(ends)[:, None]

    def error(decay, rate):
        found = []
        for seed in range(4):
            td = TD(rate=rate, discount=1.0, trace_decay=decay, fit_bias=False, name="td")
            W = walked(td, *walk(seed)).params["td"].W_out[0]
            found.append(np.sqrt(np.mean((W - truth) ** 2)))
        return np.mean(found)

    best = {
        decay: min(error(decay, rate) for rate in rates)
        for decay, rates in {
            0.0: (0.2, 0.4, 0.8),
            0.8: (0.1, 0.2, 0.3),
            1.0: (0.01, 0.03, 0.06),
        }.items()
    }
    assert best[0.8] < best[0.0] and best[0.8] < best[1.0]


def test_one_reward_for_each_output():
    td, u, r = TD(units=2, rate=0.2, discount=0.5, name="td"), Input(name="u"), Input(name="r")
    model = ng.Model((u >> td) & (r >> td["reward"]))
    ones = np.ones((300, 1))
    model.partial_fit({"u": ones, "r": ones * [1.0, -3.0]})
    values = model.run({"u": ones[:1], "r": np.zeros((1, 2))})
    np.testing.assert_allclose(values, [[2.0, -6.0]], atol=1e-6)


def test_a_reward_port_that_is_left_unwired_is_refused_when_planned():
    with pytest.raises(GraphError) as caught:
        ng.plan(Input() >> TD(name="value"))
    assert str(caught.value) == (
        "value: TemporalDifference learns from what arrives at the port reward, but nothing is "
        'wired there; write Input(name="reward") >> value["reward"], or wire another node to it'
    )


def test_rewards_of_another_number_are_refused():
    td, r = TD(units=2, name="td"), Input(name="r")
    model = ng.Model((Input(name="u") >> td) & (r >> td["reward"]))
    with pytest.raises(
        FieldError, match="3 signals arrive at the port reward; it takes 1 signal or 2"
    ):
        model.partial_fit({"u": np.ones((5, 1)), "r": np.ones((5, 3))})
