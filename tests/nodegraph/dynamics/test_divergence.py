import numpy as np
import pytest

import nodegraph as ng
from nodegraph.dynamics import largest_exponent
from nodegraph.errors import DataError


@pytest.mark.parametrize(
    ("series", "dt", "options", "wanted"),
    [
        (lambda: ng.datasets.logistic_map(5000, r=4.0, x0=0.3), 1, {"dimension": 1}, 0.693),
        (lambda: ng.datasets.henon(4000)[:, 0], 1, {"dimension": 2, "horizon": 25}, 0.419),
        (lambda: ng.datasets.lorenz(6000, discard=500), 0.02, {}, 0.906),
        (lambda: ng.datasets.lorenz(6000, discard=500)[:, 0], 0.02, {"lag": 5}, 1.0),
    ],
)
def test_it_comes_near_the_exponents_that_are_known(series, dt, options, wanted):
    assert largest_exponent(series(), dt, **options).exponent == pytest.approx(wanted, rel=0.15)


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
