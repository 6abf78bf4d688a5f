"""Valid prediction times of errors that are known."""

import numpy as np
import pytest

from nodegraph.errors import DataError
from nodegraph.metrics import valid_prediction_time

Y = np.stack([np.sin(0.1 * np.arange(400)), np.cos(0.1 * np.arange(400))], axis=1)
SPREAD = np.sqrt(((Y - Y.mean(axis=0)) ** 2).sum(axis=1).mean())


def growing(rate):
    """Return a forecast whose normalised error is ``rate * row``."""
    return Y + (rate * SPREAD * np.arange(400))[:, None] * np.array([0.6, -0.8])


def test_a_growing_error_ends_the_forecast_at_the_threshold():
    assert valid_prediction_time(Y, growing(0.0103)) == np.ceil(0.4 / 0.0103)
    assert valid_prediction_time(Y, growing(0.0103), threshold=0.1) == np.ceil(0.1 / 0.0103)


def test_time_comes_in_rows_seconds_or_lyapunov_times():
    rows = valid_prediction_time(Y, growing(0.01), threshold=0.123)
    seconds = valid_prediction_time(Y, growing(0.01), threshold=0.123, dt=0.02)
    assert (rows, seconds) == (13, 13 * 0.02)
    times = valid_prediction_time(Y, growing(0.01), threshold=0.123, dt=0.02, lyapunov=0.9)
    np.testing.assert_allclose(times, 13 * 0.02 * 0.9)


def test_a_forecast_that_never_errs_holds_to_the_end():
    assert valid_prediction_time(Y, Y) == 400


def test_a_late_return_does_not_count():
    y_hat = Y.copy()
    y_hat[5] += 10
    assert valid_prediction_time(Y, y_hat) == 5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_a_forecast_that_blows_up_ends_there(bad):
    y_hat = Y.copy()
    y_hat[30:] = bad
    assert valid_prediction_time(Y, y_hat) == 30


def test_a_scale_of_ones_own_replaces_the_spread():
    assert valid_prediction_time(Y, growing(0.0103), scale=2 * SPREAD) == np.ceil(0.8 / 0.0103)


def test_windows_in_a_list_give_the_mean_time():
    pair = [Y, Y], [growing(0.0103), growing(0.0207)]
    mean = (np.ceil(0.4 / 0.0103) + np.ceil(0.4 / 0.0207)) / 2
    assert valid_prediction_time(*pair) == mean


@pytest.mark.parametrize(
    ("y", "y_hat", "options", "message"),
    [
        (Y, Y[:, :1], {}, "y has shape"),
        (Y, Y[:-1], {}, "y has shape"),
        (Y, "words", {}, "y_hat should be numbers"),
        (np.ones((5, 1)), np.ones((5, 1)), {}, "y is constant; write scale"),
        (Y, Y, {"lyapunov": 0.9}, "write dt=... as well"),
        (Y, Y, {"threshold": 0}, "threshold: should be greater than 0"),
        (Y, Y, {"dt": "x"}, "dt: should be a finite number"),
        ([1.0, np.nan, 2.0], [1.0, 1.0, 1.0], {}, "y has a NaN"),
    ],
)
def test_what_has_no_time_is_refused(y, y_hat, options, message):
    with pytest.raises(DataError, match=message):
        valid_prediction_time(y, y_hat, **options)
