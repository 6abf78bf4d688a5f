import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from nodes.kernels import scalars

EXACT = {
    "exp": np.exp,
    "expm1": np.expm1,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
}
WORST = {"exp": 1.0, "expm1": 2.0, "sigmoid": 2.5, "tanh": 2.5}  # units in the last place
PRECISIONS = [np.float32, np.float64]


def looped(scalar):
    @njit(error_model="numpy")
    def loop(x):
        y = np.empty_like(x)
        for i in range(x.size):
            y[i] = scalar(x[i])
        return y

    return loop


LOOPS = {name: looped(getattr(scalars, name)) for name in EXACT}


def ulps(y, exact):
    return np.abs(y - exact) / np.spacing(np.abs(exact).astype(y.dtype)).astype(np.longdouble)


def points(dtype):
    rng = np.random.default_rng(0)
    wide = rng.normal(size=20000) * 10.0 ** rng.uniform(-30, 1, 20000)
    x = np.concatenate([rng.normal(size=20000), rng.uniform(-40, 40, 20000), wide])
    return np.clip(x, -40, 40).astype(dtype)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_values_are_within_a_few_units_in_the_last_place_of_long_double(name, dtype):
    x = points(dtype)
    y = LOOPS[name](x)
    assert y.dtype == dtype
    assert ulps(y, EXACT[name](x.astype(np.longdouble))).max() <= WORST[name]


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_infinities_and_zeros(dtype):
    x = np.array([-np.inf, np.inf, -0.0, 0.0], dtype)
    assert LOOPS["exp"](x).tolist() == [0, np.inf, 1, 1]
    assert LOOPS["sigmoid"](x).tolist() == [0, 1, 0.5, 0.5]
    assert LOOPS["tanh"](x).tolist() == [-1, 1, 0, 0]
    assert np.signbit(LOOPS["tanh"](x)).tolist() == [True, False, True, False]
    assert LOOPS["expm1"](x)[[0, 2, 3]].tolist() == [-1, 0, 0]


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_nan_stays_nan(name, dtype):
    assert np.isnan(LOOPS[name](np.full(9, np.nan, dtype))).all()


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_exp_reaches_from_the_least_to_the_greatest_number(dtype):
    top = np.log(np.finfo(dtype).max).astype(dtype)
    least = np.log(np.finfo(dtype).smallest_subnormal.astype(np.longdouble)) + 0.5
    x = np.array([np.nextafter(top, dtype(0)), least, least - 2], dtype)
    y = LOOPS["exp"](x)
    np.testing.assert_allclose(y[0], np.exp(x[0]), rtol=2 * np.finfo(dtype).eps)
    assert 0 < y[1] <= 2 * np.finfo(dtype).smallest_subnormal
    assert y[2] == 0


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_tiny_numbers_are_their_own_tanh(dtype):
    x = np.array([1e-20, -1e-30, np.finfo(dtype).smallest_subnormal], dtype)
    np.testing.assert_array_equal(LOOPS["tanh"](x), x)


@settings(max_examples=200, deadline=None)
@given(x=st.floats(width=64, allow_nan=False))
def test_tanh_is_odd_and_bounded_for_every_number(x):
    up, down = LOOPS["tanh"](np.array([x, -x]))
    assert up == -down
    assert abs(up) <= 1
    np.testing.assert_allclose(up, np.tanh(x), rtol=6e-16)


def test_the_same_number_has_the_same_value_at_every_place():
    for n in (1, 3, 4, 7, 16, 33):  # SIMD bodies and their remainders
        assert len(set(LOOPS["tanh"](np.full(n, 0.3)).tolist())) == 1
