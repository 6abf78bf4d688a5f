import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import GraphError
from nodegraph.testing import check_node
from nodes import Input, RewardReadout

STEPS = 8000


class Judge(ng.Node):
    """``y = -|x - goal|^2``: how good it was, and not what would have been right."""

    @property
    def declared_size(self):
        """One number."""
        return 1

    def step(self, params, state, x, goal):
        return state, np.stack([-((x - goal) ** 2).sum()])


def test_that_nothing_was_tried_is_told():
    x = np.random.default_rng(0).normal(size=(50, 2))
    for fields, told in (
        ({"noise": 0.0}, True),
        ({}, False),
        ({"noise": 0, "W_out": [[1, 1]]}, False),
    ):
        out = RewardReadout(name="out", **fields)
        model = ng.Model((Input(name="x") >> out) & (Input(name="r") >> out["reward"]), seed=1)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit({"x": x, "r": x[:, :1]})
        assert any("it tried nothing" in str(one.message) for one in caught) == told
        assert model.params["out"].W_out.any() != told


def task(seed):
    rng = np.random.default_rng(seed)
    waves = np.arange(STEPS)[:, None] * [0.05, 0.083, 0.137] + rng.uniform(0, 6, 3)
    u = np.sin(waves)
    return u, u @ rng.normal(size=(3, 2)) / 2 + 0.2


def judged(readout):
    u, goal, judge = Input(name="u"), Input(name="goal"), Judge(name="judge")
    sees = (readout >> delay(1) >> judge) & (goal >> delay(1) >> judge["goal"])
    return (u >> readout) & sees & (judge >> readout["reward"])


def error(learns, seed, **fields):
    u, goal = task(seed)
    model = ng.Model(judged(RewardReadout(units=2, name="out", **fields)), seed=seed)
    if not learns:
        model.freeze("out")
        model.run({"u": u[:-1000], "goal": goal[:-1000]})
    else:
        model.partial_fit({"u": u[:-1000], "goal": goal[:-1000]})
    y = model.run({"u": u[-1000:], "goal": goal[-1000:]}, outputs=["out"])["out"]
    return np.sqrt(((y - goal[-1000:]) ** 2).mean() / goal.var())


def test_it_keeps_the_contract():
    check_node(RewardReadout(units=2))
    check_node(RewardReadout(W_out=np.ones((2, 3)), bias=[1.0, 2.0], noise=0.0))


@pytest.mark.parametrize("fields", [{}, {"modulation": "binary", "rate": 5e-3, "noise": 0.3}])
def test_from_rewards_alone_it_solves_what_it_cannot_without_learning(fields):
    assert error(False, seed=1, **fields) > 0.9
    assert error(True, seed=1, **fields) < 0.15


def test_it_tries_things_only_while_it_learns():
    model = ng.Model(judged(RewardReadout(units=2, name="out", noise=0.5)))
    data = dict(zip(("u", "goal"), task(0), strict=True))
    few = {name: rows[:50] for name, rows in data.items()}
    assert model.partial_fit(few, outputs=["out"])["out"].std() > 0.3
    model.params["out"] = model.params["out"]._replace(W_out=np.zeros((2, 3)), bias=np.zeros(2))
    assert not model.run(few, outputs=["out"])["out"].any()


def test_a_reward_port_that_is_left_unwired_is_refused_when_planned():
    with pytest.raises(
        GraphError, match=r"out: RewardHebb learns from what arrives at the port rew"
    ):
        ng.Model(Input() >> RewardReadout(name="out"))
