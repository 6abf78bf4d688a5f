import numpy as np
import pytest

from nodegraph.datasets import irregular_sines
from nodegraph.errors import DataError


def test_the_target_is_the_next_sample_and_the_second_input_the_time_to_it():
    u, y = irregular_sines(4000, sines=2, spread=0.5, slowest=30.0, seed=3)
    np.testing.assert_array_equal(u[1:, 0], y[:-1, 0])
    assert 0.5 <= u[:, 1].min() < 0.51 and 1.49 < u[:, 1].max() <= 1.5
    assert u[:, 0].mean() == pytest.approx(0, abs=0.05)
    assert u[:, 0].var() == pytest.approx(1, abs=0.05)


def test_samples_lie_on_sines_of_the_golden_ratio():
    u, y = irregular_sines(300, sines=3, slowest=40.0)
    t = np.concatenate([[0], np.cumsum(u[:, 1])])
    w = 2 * np.pi * t[:, None] / (40.0 / ((1 + 5**0.5) / 2) ** np.arange(3))
    x = np.concatenate([u[:, 0], y[-1]])
    waves = np.concatenate([np.sin(w), np.cos(w)], axis=1)
    weights, rest, *_ = np.linalg.lstsq(waves, x, rcond=None)
    assert rest < 1e-20
    np.testing.assert_allclose(np.hypot(weights[:3], weights[3:]), np.sqrt(2 / 3))


def test_without_spread_it_is_sampled_at_each_unit_of_time():
    np.testing.assert_array_equal(irregular_sines(20, spread=0.0)[0][:, 1], 1.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spread": 1.0}, "irregular_sines.spread: should be from 0 to 0.99"),
        ({"sines": 0}, "irregular_sines.sines"),
        ({"slowest": 0.0}, "irregular_sines.slowest: should be greater than 0"),
    ],
)
def test_nonsense_is_refused(options, message):
    with pytest.raises(DataError, match=message):
        irregular_sines(20, **options)
