import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning, DivergenceError, FieldError
from nodegraph.testing import check_node
from nodes import LMS

RNG = np.random.default_rng(0)
X = RNG.normal(0, 1, (3000, 3))
W = np.array([[1.0, -2.0, 0.5]])
T = X @ W.T + 4


@pytest.mark.parametrize("fields", [{}, {"W_out": np.ones((2, 3)), "bias": [1.0, 2.0]}])
def test_it_keeps_the_contract(fields):
    check_node(LMS(**fields), n_out=2)


def test_it_finds_the_weights_and_the_bias_of_a_linear_target():
    model = ng.Model(LMS(rate=0.02, name="out"))
    model.partial_fit(X, T)
    np.testing.assert_allclose(model.params["out"].W_out, W, atol=1e-8)
    np.testing.assert_allclose(model.params["out"].bias, [4.0], atol=1e-8)


def test_its_output_is_the_prediction_made_before_the_update():
    model = ng.Model(LMS(rate=0.5))
    np.testing.assert_array_equal(
        model.partial_fit(np.ones((3, 1)), np.ones((3, 1)))[:, 0], [0.0, 1.0, 1.0]
    )


def test_without_a_bias_there_is_none():
    model = ng.Model(LMS(fit_bias=False, name="out"))
    model.partial_fit(X, T)
    assert model.params["out"].bias == [0.0]


def test_a_rate_that_is_too_large_is_told():
    with pytest.raises(DivergenceError, match="lms: output is no longer finite"):
        ng.Model(LMS(rate=5.0)).partial_fit(X, T)


@pytest.mark.parametrize("fields", [{"rate": 0.0}, {"rate": -1.0}, {"rate": "a"}])
def test_rates_that_cannot_be_are_refused(fields):
    with pytest.raises(FieldError, match="rate: should be"):
        LMS(**fields)


@pytest.mark.parametrize("fields", [{}, {"normalized": True}])
def test_inputs_in_volts_that_teach_it_nothing_are_told(fields):
    x = 1e-6 * RNG.normal(size=(400, 2))
    y = x[:, :1] - 2 * x[:, 1:]
    with pytest.warns(DataWarning, match=r"spread of 1e-06, .* put a Scaler in front"):
        ng.Model(LMS(**fields)).partial_fit(x, y)
    ng.Model(LMS(**fields)).partial_fit(1e6 * x, y)  # warnings are errors here
    ng.Model(LMS(**fields)).partial_fit(0 * x, y)
