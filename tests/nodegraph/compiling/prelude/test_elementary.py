"""Our own exp, tanh and log are within three units in the last place, with exact limits."""

from fractions import Fraction
from math import factorial, log

import numpy as np
import pytest

from nodegraph.compiling.prelude.elementary import _FORMATS

DTYPES = {"f8": np.float64, "f4": np.float32}
TRUE = {
    "exp": np.exp,
    "expm1": np.expm1,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    "log": np.log,
}
inf, nan = np.inf, np.nan
LIMITS = {
    "exp": ([-inf, -1e4, -0.0, 0.0, 1e4, inf], [0, 0, 1, 1, inf, inf]),
    "expm1": ([-inf, -1e4, 0.0], [-1, -1, 0]),
    "tanh": ([-inf, -30.0, -0.0, 0.0, 30.0, inf], [-1, -1, -0.0, 0.0, 1, 1]),
    "sigmoid": ([-inf, 0.0, 50.0, inf], [0, 0.5, 1, 1]),
    "softplus": ([-inf, 1e4, inf], [0, 1e4, inf]),
    "log": ([-inf, -1.0, -0.0, 0.0, 1.0, inf], [nan, nan, -inf, -inf, 0, inf]),
}


def each(call, name, code, values):
    found = [call(f"{name}_{code}", x) for x in values.tolist()]
    return np.array(found, DTYPES[code])


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize("code", DTYPES)
def test_values_are_within_three_units_in_the_last_place(call, code, name):
    rng = np.random.default_rng(0)
    far = 80 if code == "f4" else 700
    x = np.concatenate([rng.uniform(-1, 1, 150), rng.uniform(-20, 20, 150), [-far, far, 1e-9]])
    if name == "log":
        x = np.concatenate([np.abs(x), 10.0 ** rng.uniform(-37, 37, 150)])
    if name == "expm1":
        x = x[x < 40]
    x = x.astype(DTYPES[code])
    found, true = each(call, name, code, x), TRUE[name](x.astype(np.longdouble))
    error = np.abs(found - true) / np.spacing(np.abs(true).astype(DTYPES[code]))
    assert error.max() <= 3


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize("code", DTYPES)
def test_limits_are_exact(call, code, name):
    x, wanted = (np.array(part, DTYPES[code]) for part in LIMITS[name])
    found = each(call, name, code, x)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(np.signbit(found[found == 0]), np.signbit(wanted[wanted == 0]))
    assert np.isnan(call(f"{name}_{code}", nan))


@pytest.mark.parametrize("code", DTYPES)
def test_numbers_that_are_hardly_there(call, code):
    tiny = np.finfo(DTYPES[code]).smallest_subnormal
    x = np.array([tiny, 1000 * tiny], DTYPES[code])
    np.testing.assert_array_equal(each(call, "tanh", code, x), x)
    np.testing.assert_array_equal(each(call, "expm1", code, x), x)
    np.testing.assert_allclose(each(call, "log", code, x), np.log(x.astype(float)), 1e-6)
    low = np.log(tiny.astype(float)) + 3
    np.testing.assert_allclose(call(f"exp_{code}", low), np.exp(low), rtol=0, atol=tiny)


@pytest.mark.parametrize("code", DTYPES)
def test_the_terms_of_exp_are_its_series_in_chebyshev_polynomials(code):
    terms = _FORMATS[code].terms
    half = Fraction(log(2) / 2)
    series = [half**n / factorial(n + 2) for n in range(25)]  # (e^r - 1 - r) / r^2, r = half u
    while len(series) > len(terms):
        polynomial = chebyshev(len(series) - 1)
        share = series[-1] / polynomial[-1]
        series = [a - share * b for a, b in zip(series[:-1], polynomial, strict=False)]
    found = [DTYPES[code](float(term / half**n)) for n, term in enumerate(series)]
    np.testing.assert_array_equal(DTYPES[code](terms), found)


def chebyshev(n):
    before, now = [Fraction(1)], [Fraction(0), Fraction(1)]
    for _ in range(n - 1):
        twice = [Fraction(0), *(2 * term for term in now)]
        before, now = now, [a - b for a, b in zip(twice, [*before, 0, 0], strict=False)]
    return now


@pytest.mark.parametrize("code", DTYPES)
def test_a_sigmoid_is_exact_to_three_units_as_far_as_numbers_are_normal(call, code):
    far = 708 if code == "f8" else 87
    x = np.concatenate([np.linspace(-far, far, 300), [0.1 - far]]).astype(DTYPES[code])
    found = each(call, "sigmoid", code, x)
    true = 1 / (1 + np.exp(-x.astype(np.longdouble)))
    assert (np.abs(found - true) / np.spacing(true.astype(DTYPES[code]))).max() <= 3
    assert each(call, "sigmoid", code, np.float64([-far - 9, far + 9])).tolist() == [0, 1]
