import numpy as np
import pytest

from nodegraph.host.numerics import using
from nodes.ridge_regression.statistics import Statistics
from nodes.ridge_regression.triangle import Triangle

RNG = np.random.default_rng(0)


def gathered(xs, ts, kind=Triangle, block=256):
    found = kind.empty(xs.shape[1], ts.shape[1])
    for start in range(0, len(xs), block):
        found = found.add(xs[start : start + block], ts[start : start + block])
    return found


def rows(n=700, n_in=4, n_out=2, offset=0.0):
    return RNG.normal(size=(n, n_in)) + offset, RNG.normal(size=(n, n_out)) - offset


def check_against_two_passes(triangle, xs, ts, rtol):
    dx, dt = xs - xs.mean(axis=0), ts - ts.mean(axis=0)
    np.testing.assert_allclose(triangle.x, xs.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(triangle.t, ts.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(triangle.R.T @ triangle.R, dx.T @ dx, atol=rtol * len(xs))
    np.testing.assert_allclose(triangle.R.T @ triangle.QT, dx.T @ dt, atol=rtol * len(xs))
    np.testing.assert_allclose(triangle.spread(), ts.std(axis=0), rtol=rtol)
    assert triangle.n == len(xs)


@pytest.mark.parametrize("mode", ["exact", "portable"])
@pytest.mark.parametrize("offset, rtol", [(0, 1e-13), (1e3, 1e-11), (1e6, 1e-9)])
def test_it_is_that_of_the_rows_about_their_means_whatever_the_offset(offset, rtol, mode):
    xs, ts = rows(offset=offset)
    with using(mode):
        check_against_two_passes(gathered(xs, ts), xs, ts, rtol)


@pytest.mark.parametrize("cut", [1, 256, 300, 699])
@pytest.mark.parametrize("offset, rtol", [(0, 1e-13), (1e6, 1e-9)])
def test_parts_put_together_are_the_whole_and_stay_as_they_were(cut, offset, rtol):
    xs, ts = rows(offset=offset)
    one, other = gathered(xs[:cut], ts[:cut]), gathered(xs[cut:], ts[cut:])
    before = one.R.copy(), other.R.copy()
    check_against_two_passes(one.plus(other), xs, ts, rtol)
    np.testing.assert_array_equal((one.R, other.R), before)


def test_nothing_added_changes_nothing():
    some, none = gathered(*rows()), Triangle.empty(4, 2)
    assert some.plus(none) is some
    assert none.plus(some) is some


@pytest.mark.parametrize("fit_bias", [True, False])
def test_it_answers_as_the_gram_matrix_does_where_that_has_digits_enough(fit_bias):
    xs, ts = rows(offset=3.0)
    one, other = gathered(xs, ts), gathered(xs, ts, Statistics)
    found, known = one.solve(0.1, fit_bias), other.solve(0.1, fit_bias)
    np.testing.assert_allclose(found.W, known.W, rtol=1e-10)
    np.testing.assert_allclose(found.b, known.b, rtol=1e-10, atol=1e-12)
    assert one.mean_square_sum() == pytest.approx(other.mean_square_sum())
    np.testing.assert_allclose(np.sort(one.spectrum()), other.spectrum(), rtol=1e-10)
    alone = one.of(slice(1, 2)).solve(0.1, fit_bias)
    np.testing.assert_allclose(alone.W, found.W[1:], rtol=1e-14)


@pytest.mark.parametrize("fit_bias", [True, False])
def test_squared_errors_are_those_of_the_rows_to_the_last_digits(fit_bias):
    xs, ts = rows(offset=3.0)
    W, b = RNG.normal(size=(2, 4)), RNG.normal(size=2)
    expected = ((ts - xs @ W.T - b) ** 2).sum(axis=0)
    np.testing.assert_allclose(gathered(xs, ts).squared_error(W, b), expected, rtol=1e-12)
    ts = xs @ W.T + b  # so small an error is rounding in a difference of sums
    assert gathered(xs, ts).squared_error(W, b).max() < 1e-22


def test_sums_that_overflow_are_told_without_a_warning_from_numpy():
    xs, ts = rows()
    assert gathered(xs, ts).finite()
    assert not gathered(xs, 1e200 * ts).finite()
