"""Feedback loops of many series at once: each series has the bits that it has alone."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import loops_side_by_side
from nodegraph.errors import DivergenceError
from nodes import Identity, Input, Noise, Reservoir, Ridge, ScikitLearn

U = np.random.default_rng(0).uniform(-1, 1, (400, 2))
SERIES = [U[10 * i : 10 * i + n] for i, n in enumerate([60, 41, 60, 9, 3, 55, 60, 12, 60, 30])]


def loop(noise=0.0):
    u, r, out = Input(name="u"), Reservoir(name="r", units=9, noise=noise), Ridge(name="out")
    slow = Reservoir(name="slow", units=4, every=3, phase=2)
    return (u >> [r, slow] >> out) & (r << out) & (out >> ng.delay(4) >> slow)


def taught(graph, dtype="float64"):
    return ng.Model(graph, seed=3, dtype=dtype).fit(U[:-1], U[1:], warmup=9)


@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_each_series_has_its_own_bits(dtype, noise):
    model = taught(loop(noise=0.1), dtype)
    together = model.run(SERIES, outputs=["r", "slow", "out"], noise=noise)
    for i, x in enumerate(SERIES):  # others are too few for lanes
        alone = model.run([x[:1]] * i + [x], outputs=["r", "slow", "out"], noise=noise)
        for name, rows in together.items():
            if i < loops_side_by_side.FEW:
                np.testing.assert_array_equal(rows[i], alone[name][i])


def test_more_series_than_lanes_and_a_rest_that_goes_one_by_one(monkeypatch):
    model, many = taught(loop()), [U[i : i + 20] for i in range(36)]
    together = model.run(many)
    monkeypatch.setattr(loops_side_by_side, "FEW", 1000)
    np.testing.assert_array_equal(together, model.run(many))


def test_they_are_said_to_have_left_all_bounds():
    node = Reservoir(W=[[3.0]], W_in=[[1.0]], W_fb=[[0.1]], activation="identity", name="r")
    model = ng.Model((Input(units=1) >> node) & (node << node))
    fine, wild = np.zeros((80, 1)), np.ones((80, 1))
    np.testing.assert_array_equal(model.run([fine] * 8), np.zeros((8, 80, 1)))
    with pytest.raises(DivergenceError, match="r: output is no longer finite at step 6"):
        model.run([fine] * 7 + [wild])


def test_what_cannot_be_compiled_goes_one_by_one():
    sk = pytest.importorskip("sklearn.linear_model")
    out = ScikitLearn(estimator=sk.LinearRegression(), name="out")
    graph = (Input() >> (r := Reservoir(units=5)) >> out) & (r << out)
    model = ng.Model(graph, seed=1).fit(U[:100], U[1:101])
    series = [U[i : i + 10] for i in range(7)]
    expected = [model.reset().run(x) for x in series]
    np.testing.assert_allclose(model.run(series), expected, rtol=1e-12)


@pytest.mark.parametrize("mode", ["exact", "fast", "portable"])
@pytest.mark.parametrize("noise", [False, True])
def test_prompts_side_by_side_have_the_bits_of_one_by_one(mode, noise, monkeypatch):
    u, out, late = Input(name="u"), Ridge(name="out"), Identity(name="late")
    graph = (u >> Noise(std=0.1) >> Reservoir(units=9) >> out) & (out >> ng.delay(2) >> late)
    model = ng.Model(graph, seed=3, numerics=mode).fit(U[:-1], U[1:], warmup=9)
    prompts = [U[i : i + 30] for i in range(7)] + [U[:21]]
    given = {"prompt": prompts, "loop": {"u": "out"}, "outputs": ["out", "late"], "noise": noise}
    together = model.generate(600, **given)  # of several chunks
    monkeypatch.setattr("nodegraph.model.generating.MANY", 1)
    alone = model.generate(600, **given)
    for name, rows in together.items():
        np.testing.assert_array_equal(rows, alone[name])
