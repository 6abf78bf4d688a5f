"""Inputs that learning alone hears of need not be given where a model only runs."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError
from nodegraph.model.teaching_inputs import teaching_only
from nodes import NVAR, Input, LogisticRegression, Reservoir, RewardReadout, Ridge, Scaler

X = np.random.default_rng(0).normal(size=(60, 2))
T = (X[:, :1] > 0).astype(float)
W = np.ones((60, 1))


def weighed():
    out = LogisticRegression(name="out")
    return (Input(name="u") >> out) & (Input(name="w") >> out["weight"])


def test_they_are_those_that_reach_no_output():
    assert teaching_only(ng.Model(weighed()).plan) == {"w"}
    both = weighed() & (Input(name="w2") >> NVAR(name="shown"))
    assert teaching_only(ng.Model(both).plan) == {"w"}
    act = RewardReadout(units=1, name="act")
    graph = (Input(name="u") >> act) & (Input(name="r") >> act["reward"])
    assert teaching_only(ng.Model(graph).plan) == {"r"}


def test_what_runs_does_without_and_gives_the_same():
    model = ng.Model(weighed()).fit({"u": X, "w": W}, T).reset()
    wanted = model.run({"u": X, "w": 3 * W})
    np.testing.assert_array_equal(model.reset().run(X), wanted)
    np.testing.assert_array_equal(model.reset().run({"u": X}), wanted)
    np.testing.assert_array_equal(model.run([X])[0], wanted)
    model.reset()
    np.testing.assert_array_equal([model.step(x) for x in X], wanted)
    np.testing.assert_array_equal([f["out"] for _, f in model.reset().steps(X)], wanted)


def test_what_learns_does_not():
    with pytest.raises(DataError, match="w has no data: give x"):
        ng.Model(weighed()).fit({"u": X}, T)


def test_a_loop_is_closed_over_the_input_that_is_left():
    s = np.sin(np.arange(200) / 5)[:, None] / 3 + 0.5
    model = ng.Model(weighed()).fit({"u": s[:-1], "w": W[:1].repeat(199, axis=0)}, s[1:])
    assert model.generate(5, prompt={"u": s}).shape == (5, 1)


def student():
    """Return a readout behind a reservoir whose teacher comes through a scaler."""
    pool = Reservoir(units=8, name="pool", input_scaling=0.3)
    out = Ridge(name="out")
    graph = Input(name="u") >> pool >> out
    return graph & (Input(name="t") >> Scaler(name="scaled") >> out["target"])


def test_a_stream_of_chunks_needs_no_teacher_either():
    model = ng.Model(student(), seed=1).fit({"u": X, "t": T})
    wanted = model.reset().run({"u": X, "t": T})
    for parts in (np.array_split(X, 4), [{"u": part} for part in np.array_split(X, 4)]):
        np.testing.assert_array_equal(model.reset().run(ng.Chunks(parts)), wanted)
        np.testing.assert_array_equal(model.reset().run(ng.Chunks(iter(parts))), wanted)


def test_who_asks_for_what_a_teacher_says_must_give_it():
    model = ng.Model(student(), seed=1).fit({"u": X, "t": T})
    with pytest.raises(DataError, match="t has no data"):
        model.run({"u": X}, outputs=["scaled"])
    found = model.run({"u": X, "t": T}, outputs=["scaled", "t"])
    np.testing.assert_allclose(found["scaled"], 2 * T - 1)
    assert model.run({"u": X}, outputs=["out", "pool"])["pool"].shape == (60, 8)


def test_its_dynamics_are_those_without_a_teacher():
    model = ng.Model(student(), seed=1).fit({"u": X, "t": T})
    jacobian = ng.dynamics.jacobian(model, X[:3]).matrix
    np.testing.assert_array_equal(
        jacobian, ng.dynamics.jacobian(model, {"u": X[:3], "t": T[:3]}).matrix
    )
