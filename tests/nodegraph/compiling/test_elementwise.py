"""Each elementwise operation, of each pair of types, on odd numbers too: what numpy makes."""

import platform
import re

import numpy as np
import pytest
from stepping import compiled, plain, traced

FLOATS = [0.0, -0.0, 1, -1, 0.5, -2.5, 1.5, 3, 7.25, -7, 8, 100, np.inf, -np.inf, np.nan, 1e-30]
KINDS = {
    "f8": np.array([*FLOATS, 1e-310, 1e300, -700.5]),
    "f4": np.array([*FLOATS, 1e-40, 1e30, -80.5], np.float32),
    "i8": np.array([0, 1, -1, 2, 3, -7, 10, 63, -(2**63) + 1]),
    "b1": np.array([True, False]),
}
EXACT = """absolute ceil conjugate fabs floor invert isfinite isinf isnan logical_not negative
    positive reciprocal rint sign signbit sqrt square trunc""".split()
NEAR = """cos cosh deg2rad exp exp2 expm1 log log10 log1p log2 rad2deg sin sinh tan tanh""".split()
EXACT_OF_TWO = """add bitwise_and bitwise_or bitwise_xor copysign divide equal floor_divide fmax
    fmin greater greater_equal heaviside less less_equal logical_and logical_or logical_xor maximum
    minimum multiply not_equal remainder subtract""".split()
NEAR_OF_TWO = "float_power hypot logaddexp power".split()
X86 = platform.machine().lower() in ("x86_64", "amd64")
ANY_ZERO = {"fmax", "fmin", "heaviside"} | (set() if X86 else {"maximum", "minimum"})  # open there
NOT_COMPILED = {  # of these kinds; the plain step does them
    "reciprocal": ["i8"],
    "signbit": ["b1"],
    "power": ["i8 i8", "i8 b1", "b1 i8"],
    "heaviside": ["b1 b1"],
}


def ufunc(name):
    return getattr(np, name)


def cases(names, *arrays):
    """Return the functions that numpy has for these types and that are to be compiled."""
    kinds = " ".join(f"{a.dtype.kind}{a.dtype.itemsize}" for a in arrays)
    found = {}
    for name in names:
        try:
            expected = plain(ufunc(name), *arrays)
        except (TypeError, ValueError):
            continue
        small = (
            expected.dtype.kind in "fiu" and expected.dtype.itemsize < 4
        )  # what becomes of bools
        refused = small or kinds in NOT_COMPILED.get(name, [])
        assert bool(traced(ufunc(name), *arrays)) == refused, (name, kinds)
        if not refused:
            found[name] = ufunc(name)
    return found


def check(exact, near, *arrays):
    functions = cases([*exact, *near], *arrays)
    for name, found in compiled(functions, *arrays).items():
        expected = plain(ufunc(name), *arrays)
        said = f"{name} {[a.dtype.str for a in arrays]}"
        assert found.dtype == expected.dtype, said
        if name in near:
            few = 4 * np.finfo(expected.dtype).eps
            np.testing.assert_allclose(found, expected, few, 0, err_msg=said)
            continue
        np.testing.assert_array_equal(found, expected, err_msg=said)
        if expected.dtype.kind == "f" and name not in ANY_ZERO:
            sure = ~np.isnan(expected)
            signs = np.signbit(found)[sure], np.signbit(expected)[sure]
            np.testing.assert_array_equal(*signs, err_msg=said)


@pytest.mark.parametrize("kind", KINDS)
def test_functions_of_one_array_are_numpy_s(kind):
    check(EXACT, NEAR, KINDS[kind])


@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
def test_functions_of_two_arrays_are_numpy_s(first, second):
    a, b = (v.ravel() for v in np.meshgrid(KINDS[first], KINDS[second]))
    check(EXACT_OF_TWO, NEAR_OF_TWO, a, b)


@pytest.mark.parametrize("kind", ["f8", "f4", "i8"])
def test_numbers_of_python_take_the_type_of_what_they_meet(kind):
    a = KINDS[kind][1:8]
    calls = """a + 1, 1 - a, a * 0.5, 2 / a, a // 2, 7 % a, a % 3, -a, +a, abs(a), a ** 2, a ** 3,
        a ** 4, a ** 1, a * 1.0 ** 0.5, a > 0, 0.5 <= a, a == 1, a != 2, divmod(a, 2)[0],
        divmod(a, 3)[1], a ** 0.5"""
    calls += "" if kind == "i8" else ", a ** -1, 2.0 ** a, a ** 1.7"
    calls += ", ~a, a & 6, a | 1, a ^ 3, a << 2, a >> 1, 5 & a" if kind == "i8" else ""
    names = re.split(r",\s+(?![^(]*\))", calls)
    functions = {name: eval(f"lambda a: {name}") for name in names}
    for name, found in compiled(functions, a).items():
        expected = plain(functions[name], a)
        assert found.dtype == expected.dtype, name
        few = 4 * np.finfo(expected.dtype).eps if expected.dtype.kind == "f" else 0
        np.testing.assert_allclose(found, expected, few, 0, err_msg=name)


def test_operators_change_arrays_in_place_as_numpy_does():
    def changed(a):
        b = a.copy()
        c = b
        b += 1
        b *= a
        b -= 0.5
        b /= 2
        b[1] **= 2
        b[2:] %= 3
        np.add(b, a, out=b)
        return b + c

    a = np.array([0.5, -1.5, 2.0, 7.0])
    np.testing.assert_array_equal(compiled({"": changed}, a)[""], changed(a))
    assert "does not fit into an array of int64" in traced(_grown, KINDS["i8"])


def _grown(a):
    b = a.copy()
    b += 0.5
    return b


@pytest.mark.parametrize("kind", ["f8", "f4"])
def test_a_zero_within_its_bounds_keeps_its_sign(kind):
    zeros = np.array([0.0, -0.0, 0.5, -3], kind)
    bounds = {
        f"{low} {high}": lambda a, low=low, high=high: np.clip(a, low, high)
        for low, high in ((0.0, 1.0), (-0.0, None), (None, 0.0), (-2, -0.0), (-0.0, 0.0))
    }
    for said, found in compiled(bounds, zeros).items():
        expected = bounds[said](zeros)
        np.testing.assert_array_equal(found, expected, err_msg=said)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(expected), err_msg=said)
