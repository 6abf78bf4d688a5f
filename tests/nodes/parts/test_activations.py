from typing import get_args

import numpy as np
import pytest

from nodegraph.maths import activate
from nodes.parts.activations import ACTIVATIONS, ActivationName, softmax

X = np.array([-800.0, -30.0, -2.0, -1.0, -1e-9, -0.0, 0.0, 1e-9, 0.5, 1.0, 3.0, 30.0, 800.0])
XL = X.astype(np.longdouble)
FINITE = XL[1:-1]  # where the naive formula does not overflow

EXPECTED = {
    "identity": XL,
    "tanh": np.tanh(XL),
    "relu": (XL + abs(XL)) / 2,
    "leaky_relu": np.where(XL > 0, XL, XL * np.longdouble(0.01)),
    "softsign": XL / (1 + abs(XL)),
    "hard_tanh": np.where(abs(XL) < 1, XL, np.sign(XL)),
    "sin": np.sin(XL),
    "gaussian": np.exp(-XL * XL),
}
NAIVE = {
    "sigmoid": 1 / (1 + np.exp(-FINITE)),
    "softplus": np.log1p(np.exp(FINITE)),
    "elu": np.where(FINITE > 0, FINITE, np.expm1(FINITE)),
}


def test_every_name_has_a_function_of_its_own():
    assert tuple(ACTIVATIONS) == get_args(ActivationName)
    assert len(ACTIVATIONS) >= 8


@pytest.mark.parametrize("name", EXPECTED)
def test_values_follow_the_formula_everywhere(name):
    with np.errstate(under="ignore"):
        y = ACTIVATIONS[name](X)
    np.testing.assert_allclose(y, EXPECTED[name].astype(float), rtol=4e-16, atol=1e-320)


@pytest.mark.parametrize("name", NAIVE)
def test_stable_forms_agree_with_the_naive_formula_where_that_is_finite(name):
    y = ACTIVATIONS[name](X)[1:-1]
    np.testing.assert_allclose(y, NAIVE[name].astype(float), rtol=4e-16)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("identity", -np.inf, np.inf),
        ("tanh", -1, 1),
        ("relu", 0, np.inf),
        ("leaky_relu", -np.inf, np.inf),
        ("sigmoid", 0, 1),
        ("softplus", 0, np.inf),
        ("softsign", -1, 1),
        ("hard_tanh", -1, 1),
        ("elu", -1, np.inf),
        ("gaussian", 0, 0),
    ],
)
def test_limits_at_infinity(name, low, high):
    assert ACTIVATIONS[name](np.array([-np.inf, np.inf])).tolist() == [low, high]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_stays_nan(name):
    assert np.isnan(ACTIVATIONS[name](np.array([np.nan]))).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_and_shape_are_kept_and_the_input_is_not_changed(name, dtype):
    x = np.linspace(-3, 3, 12, dtype=dtype).reshape(3, 4)
    before = x.copy()
    y = ACTIVATIONS[name](x)
    assert (y.dtype, y.shape) == (dtype, (3, 4))
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_sums_to_one_and_does_not_move_with_a_shift(dtype):
    x = np.array([[1.0, 2.0, 3.0], [1e4, -1e4, 0.0]], dtype=dtype)
    y = softmax(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-6)
    np.testing.assert_allclose(softmax(x + 1), y, rtol=1e-6)
    np.testing.assert_allclose(y[0, 2] / y[0, 1], np.e, rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "softmax"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-15), (np.float32, 6e-7)])
def test_the_word_for_steps_gives_what_numpy_gives(name, dtype, tolerance):
    x = np.concatenate([np.linspace(-9, 9, 301), np.geomspace(1e-9, 1, 30)]).astype(dtype)
    y = activate(name, x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, ACTIVATIONS[name](x), rtol=tolerance, atol=tolerance * 1e-9)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name not in ("sin", "softmax")])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_word_for_steps_has_the_same_limits(name, dtype):
    special = [-np.inf, -1e300, -800.0, -1.0, -0.0, 0.0, 1.0, 800.0, 1e300, np.inf, np.nan]
    with np.errstate(all="ignore"):
        x = np.array(special).astype(dtype)
        expected = ACTIVATIONS[name](x)
    np.testing.assert_allclose(activate(name, x), expected, rtol=6e-7)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-13), (np.float32, 1e-4)])
def test_the_word_for_softmax_does_not_overflow(dtype, tolerance):
    x = np.array([1000.0, 1000.0 + np.log(3.0), -1000.0]).astype(dtype)
    np.testing.assert_allclose(
        activate("softmax", x), [0.25, 0.75, 0.0], rtol=tolerance, atol=tolerance
    )
