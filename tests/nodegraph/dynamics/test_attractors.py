import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.dynamics import histogram_distance, power_spectrum, power_spectrum_error, return_map
from nodegraph.errors import DataError

X = ng.datasets.lorenz(6000, discard=500)


def test_two_halves_of_one_attractor_are_nearer_than_two_attractors():
    other = ng.datasets.lorenz(3000, discard=500, rho=45.0)
    assert histogram_distance(X[:3000], X[3000:]) < histogram_distance(X[:3000], other) / 3
    assert power_spectrum_error(X[:3000], X[3000:]) < power_spectrum_error(X[:3000], other) / 2


def test_the_order_of_rows_shows_in_frequencies_alone():
    mixed = np.random.default_rng(0).permutation(X)
    assert histogram_distance(X, mixed) == 0
    assert power_spectrum_error(X, mixed) > 0.5


@given(st.integers(0, 999), st.integers(2, 40))
def test_distances_are_distances(seed, bins):
    a, b, c = np.random.default_rng(seed).standard_normal((3, 50, 2))
    assert histogram_distance(a, a, bins) == 0
    assert 0 <= histogram_distance(a, b, bins) <= 1
    assert histogram_distance(a, b, bins) == histogram_distance(b, a, bins)
    assert 0 <= power_spectrum_error(a, c) <= 1


def test_power_stands_where_the_wave_is():
    t = 0.1 * np.arange(2000)
    frequencies, power = power_spectrum(np.sin(2 * np.pi * 1.5 * t), dt=0.1, smooth=1)
    assert frequencies[power[:, 0].argmax()] == pytest.approx(1.5, abs=0.01)
    assert power.sum() == pytest.approx(1)


def test_the_return_map_of_the_logistic_map_is_of_its_own_making():
    x = ng.datasets.logistic_map(400, r=3.7)  # maxima only fall on rows
    pairs = return_map(np.repeat(x, 1, axis=0))
    assert pairs.shape[1] == 2
    np.testing.assert_array_equal(pairs[1:, 0], pairs[:-1, 1])


def test_maxima_lie_between_rows():
    t = np.arange(200)
    pairs = return_map(np.sin(t / 5))
    np.testing.assert_allclose(pairs, 1.0, atol=2e-4)


def test_lorenz_draws_a_tent():
    pairs = return_map(X, column=2)
    left = pairs[pairs[:, 0] < 37]
    right = pairs[pairs[:, 0] > 40]
    assert np.corrcoef(left.T)[0, 1] > 0.9
    assert np.corrcoef(right.T)[0, 1] < -0.9


def test_bad_arguments_are_refused():
    with pytest.raises(DataError, match="y has 3 columns, y_hat 1"):
        histogram_distance(X, X[:, 0])
    with pytest.raises(DataError, match="there are 3 columns"):
        return_map(X, column=3)
    with pytest.raises(DataError, match="has 0 maxima"):
        return_map(np.arange(10.0))


def test_power_has_a_row_for_each_frequency():
    rows = np.random.default_rng(0).standard_normal((38, 2))
    frequencies, power = power_spectrum(rows)
    assert len(frequencies) == len(power) == 20
    with pytest.raises(DataError, match="37 rows has 19 frequencies, and the mean would go over 2"):
        power_spectrum(rows[1:])
