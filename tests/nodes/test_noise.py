import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import Input, Noise, Reservoir, Ridge

U = np.sin(np.arange(400) / 5)[:, None]


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_it_is_there_while_the_model_learns_and_nowhere_else(distribution):
    check_node(Noise(std=0.3, distribution=distribution))
    model = ng.Model(Noise(std=0.3, distribution=distribution), seed=1)
    zeros = np.zeros((20_000, 2))
    np.testing.assert_array_equal(model.run(zeros), zeros)
    drawn = model.run(zeros, noise=True)
    np.testing.assert_allclose(drawn.std(axis=0), 0.3, rtol=0.03)
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=0.01)
    assert (np.abs(drawn).max() < 0.3 * np.sqrt(3)) == (distribution == "uniform")
    again = ng.Model(Noise(std=0.3, distribution=distribution), seed=1).run(zeros, noise=True)
    np.testing.assert_array_equal(again, drawn)


def test_on_an_input_it_shrinks_weights_as_a_ridge_of_n_times_its_variance_does():
    x = np.random.default_rng(0).normal(size=(20_000, 2))
    y = x @ [[1.0], [-2.0]]
    noisy = ng.Model(Input() >> Noise(std=0.5) >> Ridge(name="out"), seed=1).fit(x, y)
    strong = ng.Model(Input() >> Ridge(ridge=0.25 * 20_000, name="out")).fit(x, y)
    np.testing.assert_allclose(noisy.params["out"].W_out, strong.params["out"].W_out, rtol=0.03)


def test_in_a_feedback_it_is_added_to_the_teacher():
    pool, out = Reservoir(units=30, name="pool"), Ridge(name="out")

    def taught(std):
        noise = Noise(std=std, name="noise")
        loop = out >> noise >> ng.delay(1) >> pool["feedback"]
        model = ng.Model((Input(name="u") >> pool >> out) & loop, seed=1).fit(U[:-1], U[1:])
        return model.params["out"].W_out

    assert not np.allclose(taught(1e-3), taught(1e-9))
    plain = ng.Model((Input(name="u") >> pool >> out) & (pool << out), seed=1).fit(U[:-1], U[1:])
    np.testing.assert_allclose(taught(1e-300), plain.params["out"].W_out, rtol=1e-9)


def test_before_a_target_it_is_noise_of_the_teacher():
    out, y = Ridge(ridge=1e-9, name="out"), Input(name="y")
    graph = (Input(name="x") >> out) & (y >> Noise(std=0.2) >> out["target"])
    x = np.random.default_rng(0).normal(size=(5000, 1))
    model = ng.Model(graph, seed=1).fit({"x": x, "y": 3 * x})
    assert model.report[0]["train_rmse"] == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("std", [0, -1.0])
def test_no_noise_is_refused(std):
    with pytest.raises(FieldError, match="std"):
        Noise(std=std)
