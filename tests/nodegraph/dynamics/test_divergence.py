import numpy as np
import pytest
from scipy.signal import lfilter

import nodegraph as ng
from nodegraph.dynamics import largest_exponent
from nodegraph.dynamics.divergence import Divergence, _error
from nodegraph.dynamics.neighbours import Curve
from nodegraph.errors import DataError, DataWarning

LORENZ = ng.datasets.lorenz(8000, discard=500)
ROSSLER = ng.datasets.rossler(6000, discard=500)


@pytest.mark.parametrize("column", [0, 1, 2, slice(None)])
def test_each_column_of_lorenz_tells_the_exponent(column):
    found = largest_exponent(LORENZ[:, column], 0.02)
    assert found.exponent == pytest.approx(0.906, rel=0.15)
    assert abs(found.exponent - 0.906) < 2 * found.error < 0.5 * found.exponent
    assert found.fit[0] > 10  # behind the turn of directions
    assert found.logs.shape == found.times.shape


@pytest.mark.parametrize("column", [1, slice(None)])
def test_columns_of_rossler_tell_the_exponent(column):
    found = largest_exponent(ROSSLER[:, column], 0.1)
    assert found.exponent == pytest.approx(0.0714, rel=0.25)
    assert abs(found.exponent - 0.0714) < 2 * found.error < 0.5 * found.exponent


def test_across_the_flow_neighbours_of_rossler_part_as_fast_as_is_known():
    assert largest_exponent(ROSSLER, 0.1, across=True).exponent == pytest.approx(0.0714, rel=0.1)


@pytest.mark.parametrize(("column", "first"), [(1, 0), (2, 0), (slice(None), 3000)])
def test_too_few_rows_are_told_of(column, first):
    with pytest.warns(DataWarning, match="mean periods, and 100 are needed"):
        found = largest_exponent(LORENZ[first : first + 2000, column], 0.02)
    assert np.isnan(found.error) or found.error > 0.25 * found.exponent


def test_the_error_is_that_of_quarters_halves_and_other_looks():
    steep = np.concatenate([np.arange(5.0), 4.0 + 3 * np.arange(1, 6)])  # halves of slope 1 and 3
    quarters = np.outer(steep, [0.9, 1.1, 1.0, 1.0])
    slope, wide = np.polyfit(np.arange(10), steep, 1)[0], np.sqrt(0.02 / 3 / 4)
    apart = np.polyfit(np.arange(6), steep[:6], 1)[0] - np.polyfit(np.arange(6), steep[4:], 1)[0]
    error = _error(Curve(steep, quarters, 40.0), (0, 10), [slope + 0.1, slope - 0.3])
    assert error == pytest.approx(np.sqrt((wide * slope) ** 2 + apart**2 / 4 + 0.09))
    assert np.isnan(_error(Curve(steep, quarters, 40.0), (0, 10), [slope, np.nan]))


@pytest.mark.parametrize(
    ("series", "wanted"),
    [
        (ng.datasets.logistic_map(4000, r=4.0, x0=0.3), np.log(2)),
        (ng.datasets.logistic_map(4000, r=3.8, x0=0.3), 0.432),
        (ng.datasets.henon(4000), 0.419),
        (ng.datasets.henon(4000)[:, 0], 0.419),
    ],
)
def test_maps_tell_the_exponents_that_are_known(series, wanted):
    assert largest_exponent(series).exponent == pytest.approx(wanted, rel=0.07)


def test_mackey_glass_parts_slowly():
    assert 0.003 < largest_exponent(ng.datasets.mackey_glass(4000)).exponent < 0.009


def _ar(a):
    noise = np.random.default_rng(0).standard_normal(3000)
    return lfilter([1.0], [1.0, -a], noise)


@pytest.mark.parametrize("a", [0.0, 0.5, 0.9, 0.98])
def test_of_noise_there_is_no_exponent(a):
    with pytest.warns(DataWarning, match="no part of the curve is straight"):
        assert np.isnan(largest_exponent(_ar(a)).exponent)


@pytest.mark.parametrize("series", [np.sin(np.arange(3000) * 0.1), np.tile([0.0, 1.0], 500)])
def test_what_is_periodic_stays_together(series):
    with pytest.warns(DataWarning, match="neighbours stay together"):
        assert abs(largest_exponent(series).exponent) < 1e-4


def test_what_is_periodic_does_not_part():
    t = np.arange(3000) / 7.3
    found = largest_exponent(np.stack([np.sin(t), np.cos(t)], axis=1), horizon=100, fit=(0, 101))
    assert abs(found.exponent) < 1e-3
    assert found.logs.shape == found.times.shape == (101,)


def test_bad_arguments_are_refused():
    x = np.random.default_rng(0).standard_normal(60)
    with pytest.raises(DataError, match="60 rows are too few"):
        largest_exponent(x, horizon=70)
    with pytest.raises(DataError, match="fit: should be two rows of 21"):
        largest_exponent(x, horizon=20, fit=(5, 40))
    with pytest.raises(DataError, match="never changes"):
        largest_exponent(np.ones(300))


def test_its_words_are_few():
    found = Divergence(0.90612, np.arange(3.0), np.zeros(3), (0, 2), 0.1)
    assert repr(found) == "Divergence(exponent=0.9061, error=0.1, fit=(0, 2), 3 times)"
