import numpy as np
import pytest

from nodegraph.errors import DataError
from nodegraph.metrics import nrmse_at_end

RNG = np.random.default_rng(0)


def test_only_last_rows_count_and_all_rows_say_what_is_large():
    y = RNG.normal(size=(6, 84, 2)) * [1.0, 9.0]
    y_hat = y + RNG.normal(size=(6, 84, 2))
    y_hat[:, -1] = y[:, -1] + [0.5, 0.9]
    spread = y.reshape(-1, 2).std(axis=0)
    expected = float(np.mean([0.5, 0.9] / spread))
    assert nrmse_at_end(list(y), list(y_hat)) == pytest.approx(expected)


def test_one_series_is_one_window():
    assert nrmse_at_end([-1.0, 1.0], [7.0, 1.5]) == 0.5


@pytest.mark.parametrize("y_hat, words", [([1.0], "nrmse_at_end"), ([1.0, np.nan], "nan|NaN")])
def test_what_cannot_be_compared_is_refused(y_hat, words):
    with pytest.raises(DataError, match=words):
        nrmse_at_end([0.0, 1.0], y_hat)


def test_a_target_that_never_changes_is_refused():
    with pytest.raises(DataError, match="y is constant"):
        nrmse_at_end([2.0, 2.0], [1.0, 2.0])


def test_what_is_not_known_is_left_out():
    """It was NaN, in silence."""
    rng = np.random.default_rng(3)
    y, y_hat = rng.normal(size=(2, 4, 6, 2))
    gappy = y.copy()
    gappy[0, 2, 1] = gappy[3, -1, 0] = np.nan
    rows = np.concatenate([y[0, [0, 1, 3, 4, 5]], y[1], y[2], y[3, :-1]])
    off = np.sqrt(np.mean((y - y_hat)[:3, -1] ** 2, axis=0))
    assert nrmse_at_end(gappy, y_hat) == pytest.approx((off / rows.std(axis=0)).mean(), rel=1e-12)
    gappy[:, -1, 0] = np.nan
    with pytest.raises(DataError, match="the last row of every window of y has a NaN"):
        nrmse_at_end(gappy, y_hat)
