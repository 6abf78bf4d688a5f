"""How far ahead a target is of an input, told from the data."""

import numpy as np
import pytest

from nodegraph.data.horizon import rows_ahead, strays

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("k", [0, 1, 2, 7, 40])
@pytest.mark.parametrize("width", [1, 3])
def test_a_target_that_is_its_input_later_is_known(k, width):
    u = RNG.normal(size=(100 + k, width))
    assert rows_ahead(u[:100], u[k:]) == k


def test_rows_without_a_target_do_not_count():
    u = RNG.normal(size=(200, 1))
    y = u[5:].copy()
    y[:50], y[70] = np.nan, np.nan
    assert rows_ahead(u[:-5], y) == 5
    y[100] += 1e-9
    assert rows_ahead(u[:-5], y) is None


def test_what_repeats_itself_is_one_step_ahead_if_it_can_be():
    assert rows_ahead(np.ones((50, 1)), np.ones((50, 1))) == 1
    u = np.tile([[0.0], [1.0], [2.0]], (40, 1))
    assert rows_ahead(u[:-1], u[1:]) == 1
    assert rows_ahead(u[:-4], u[4:]) == 1
    assert rows_ahead(u[:-2], u[2:]) == 2


def test_binary_series_cost_no_more_than_a_sieve():
    u = RNG.integers(0, 2, (20_000, 1)).astype(float)
    assert rows_ahead(u[:-9], u[9:]) == 9
    assert rows_ahead(u, RNG.permutation(u)) is None


def test_too_few_rows_and_other_widths_tell_nothing():
    u = RNG.normal(size=(32, 1))
    assert rows_ahead(u[:-1], u[1:]) is None
    assert rows_ahead(np.zeros((50, 2)), np.zeros((50, 1))) is None


def test_a_target_strays_where_it_differs_by_more_than_half_of_the_variance():
    u = RNG.normal(size=(2001, 2))
    for factor in (0.35, 0.65, 1.5, 2.9):  # (1 - f)**2 of the larger of 1 and f**2
        wanted = (1 - factor) ** 2 > 0.5 * max(1, factor**2)
        assert strays(u[:-1], u[1:] * [1, factor]) == wanted, factor
    assert strays(u[:-1], u[1:, ::-1])
    y = u[1:].copy()
    y[5:1000] = np.nan
    assert not strays(u[:-1], y)
    assert not strays(u[:20], -u[:20])  # too few rows
    assert not strays(u, u[:, :1])
