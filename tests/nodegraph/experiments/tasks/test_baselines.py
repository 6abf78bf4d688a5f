import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.experiments.tasks.baselines import (
    Autoregression,
    LinearClassifier,
    filled,
    majority,
    mean,
    persistence,
)


def series(n_steps, seed=0):
    return np.random.default_rng(seed).standard_normal((n_steps, 1))


@given(start=st.integers(1, 20), lag=st.integers(1, 20))
def test_persistence_is_the_series_held_back(start, lag):
    y = np.arange(30.0)[:, None]
    expected = np.maximum(np.arange(start, 30) - lag, 0.0)
    assert np.array_equal(persistence(y, start, lag)[:, 0], expected)


def test_persistence_and_mean_pass_over_gaps():
    y = np.array([[1.0], [np.nan], [4.0], [np.nan], [np.nan], [7.0]])
    assert persistence(y, 2, 1)[:, 0].tolist() == [1.0, 4.0, 4.0, 4.0]
    assert mean(y, 2)[:, 0].tolist() == [4.0, 4.0]


def test_gaps_are_filled_column_by_column_and_nothing_else_is_touched():
    gap = np.nan
    x = np.array([[gap, 1.0, gap], [2.0, gap, gap], [gap, 3.0, gap]])
    assert filled(x).tolist() == [[2.0, 1.0, 0.0], [2.0, 1.0, 0.0], [2.0, 3.0, 0.0]]
    assert np.array_equal(filled(series(9)), series(9))


def test_autoregression_finds_the_rule_of_a_linear_series():
    x = np.zeros((400, 1))
    noise = 0.1 * series(400)
    for t in range(2, 400):
        x[t] = 1.6 * x[t - 1] - 0.8 * x[t - 2] + noise[t]
    model = Autoregression.fit(x[:299], x[1:300])
    off = model.predict(x[:-1], 300) - x[301:]
    assert off.std() < 1.05 * noise[301:].std()


def test_autoregression_equals_least_squares_written_out():
    x, y = series(80), series(80, 1)
    model = Autoregression.fit(x, y, most_lags=1)
    assert model.lags == 1
    slopes = [np.linalg.lstsq(np.c_[x, np.ones(80)], y, rcond=None)[0]]
    plain = np.c_[x, np.ones(80)] @ slopes[0]
    shrunk = model.predict(x, 0)
    assert np.corrcoef(plain[:, 0], shrunk[:, 0])[0, 1] == pytest.approx(1.0)


def test_autoregression_never_sees_the_rows_that_it_is_scored_on():
    x = series(200)
    y = np.roll(x, -1, axis=0)
    model = Autoregression.fit(x[:150], y[:150])
    other = x.copy()
    other[160:] = 9.0
    assert np.array_equal(model.predict(x, 150)[:10], model.predict(other, 150)[:10])


def test_autoregression_goes_on_with_a_sine_alone():
    wave = np.sin(np.arange(600) / 4)[:, None]
    model = Autoregression.fit(wave[:399], wave[1:400])
    assert np.abs(model.generate(wave[:400], 100) - wave[400:500]).max() < 1e-3


def test_what_autoregression_generates_stays_finite():
    growing = np.exp(np.arange(60) / 3)[:, None]
    model = Autoregression.fit(growing[:-1], growing[1:])
    assert np.isfinite(model.generate(growing, 2000)).all()


def test_the_majority_is_the_commonest_class():
    guesses = majority(np.array([0, 2, 2, 1]), 3, 5)
    assert guesses.shape == (5, 3)
    assert (guesses.argmax(axis=1) == 2).all()


def test_the_linear_classifier_tells_levels_apart():
    rng = np.random.default_rng(3)
    labels = np.arange(40) % 2
    data = [rng.standard_normal((5 + i % 3, 2)) * 0.1 + labels[i] for i in range(40)]
    guesses = LinearClassifier.fit(data[:30], np.eye(2)[labels[:30]]).predict(data[30:])
    assert (guesses.argmax(axis=1) == labels[30:]).all()


def test_the_order_of_classes_does_not_decide_what_a_classifier_is_judged_by():
    rng = np.random.default_rng(0)
    labels = np.tile(np.arange(4), 10)
    series = [rng.normal(np.eye(4)[c] * 1e-3, 3e-4, (5, 4)) * [1, 1e3, 1, 1e6] for c in labels]
    told = LinearClassifier.fit(series, np.eye(4)[labels]).predict(series)
    assert np.mean(told.argmax(axis=1) == labels) > 0.95


def test_units_of_the_inputs_do_not_decide_what_a_baseline_learns():
    x = np.random.default_rng(1).normal(size=(400, 2))
    y = np.roll(x[:, :1], 1, axis=0) + x[:, 1:]
    plain, other = (Autoregression.fit(x * units, y) for units in ([1, 1], [1e6, 1e-3]))
    np.testing.assert_allclose(
        other.predict(x * [1e6, 1e-3], 10), plain.predict(x, 10), rtol=1e-6, atol=1e-9
    )
