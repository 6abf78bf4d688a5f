import numpy as np
import pytest

from nodegraph.datasets import delayed_input
from nodegraph.errors import DataError


def test_each_column_is_the_input_one_step_earlier_than_the_one_before():
    u, y = delayed_input(500, delays=7, seed=3)
    assert u.shape == (500, 1) and y.shape == (500, 7)
    for k in range(1, 8):
        np.testing.assert_array_equal(y[k:, k - 1], u[:-k, 0])
    assert np.unique(y[0]).size == 7  # what came before the first row is drawn as well


def test_the_input_is_uniform_between_its_bounds():
    u, _ = delayed_input(20000, delays=1, low=0.0, high=0.8)
    assert 0 <= u.min() < 0.001 and 0.799 < u.max() < 0.8
    assert u.mean() == pytest.approx(0.4, abs=0.01)
    assert abs(np.corrcoef(u[1:, 0], u[:-1, 0])[0, 1]) < 0.03


@pytest.mark.parametrize("given", [{"delays": 0}, {"low": 1.0, "high": 1.0}, {"high": "x"}])
def test_what_makes_no_sense_is_refused(given):
    with pytest.raises(DataError, match="delayed_input"):
        delayed_input(10, **given)
