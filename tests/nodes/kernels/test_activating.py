import numpy as np
import pytest

from nodes.activations import ACTIVATIONS, CODES
from nodes.kernels import activated

SPECIAL = [-np.inf, -1e300, -800.0, -1.0, -0.0, 0.0, 1.0, 800.0, 1e300, np.inf, np.nan]


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "softmax"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-15), (np.float32, 6e-7)])
def test_compiled_activations_equal_those_in_numpy(name, dtype, tolerance):
    x = np.concatenate([np.linspace(-9, 9, 301), np.geomspace(1e-9, 1, 30)]).astype(dtype)
    y = activated(CODES[name], x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, ACTIVATIONS[name](x), rtol=tolerance, atol=tolerance * 1e-9)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "sin"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_limits_and_nan_are_those_in_numpy(name, dtype):
    with np.errstate(all="ignore"):
        x = np.array(SPECIAL).astype(dtype)
        expected = ACTIVATIONS[name](x)
    np.testing.assert_allclose(activated(CODES[name], x), expected, rtol=6e-7)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 1e-5)])
def test_softmax_is_shared_by_all_units_and_does_not_overflow(dtype, tolerance):
    x = np.array([1000.0, 1000.0 + np.log(3.0), -1000.0]).astype(dtype)
    y = activated(CODES["softmax"], x)
    np.testing.assert_allclose(y, [0.25, 0.75, 0.0], rtol=10 * tolerance, atol=tolerance)


def test_shape_is_kept_and_the_input_is_not_changed():
    x = np.linspace(-1, 1, 12).reshape(3, 4).T
    before = x.copy()
    y = activated(CODES["tanh"], x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_allclose(y, np.tanh(x), rtol=1e-15)
