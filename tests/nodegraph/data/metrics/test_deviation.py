"""Errors of value against their formulas and what is known of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.errors import DataError
from nodegraph.metrics import capacity, mae, mse, nrmse, r2, rmse

METRICS = [mae, mse, nrmse, r2, rmse]
RNG = np.random.default_rng(0)
Y, Y_HAT = RNG.standard_normal((50, 3)), RNG.standard_normal((50, 3))


def test_each_error_is_its_formula_column_by_column():
    gap = Y - Y_HAT
    expected = {
        mse: (gap**2).sum(axis=0) / 50,
        rmse: np.sqrt((gap**2).sum(axis=0) / 50),
        mae: np.abs(gap).sum(axis=0) / 50,
        nrmse: np.sqrt((gap**2).sum(axis=0) / ((Y - Y.mean(axis=0)) ** 2).sum(axis=0)),
        r2: 1 - (gap**2).sum(axis=0) / ((Y - Y.mean(axis=0)) ** 2).sum(axis=0),
    }
    for metric, values in expected.items():
        np.testing.assert_allclose(metric(Y, Y_HAT, multioutput="raw"), values, rtol=1e-13)
        np.testing.assert_allclose(metric(Y, Y_HAT), values.mean(), rtol=1e-13)


def test_a_perfect_prediction_has_no_error():
    assert [metric(Y, Y.copy()) for metric in METRICS] == [0, 0, 0, 1, 0]


def test_predicting_the_mean_scores_one_and_zero():
    flat = np.broadcast_to(Y.mean(axis=0), Y.shape)
    np.testing.assert_allclose([nrmse(Y, flat), r2(Y, flat)], [1, 0], atol=1e-14)


def test_norms_by_name_divide_by_what_they_say():
    y = np.array([1.0, 2.0, 3.0, 4.0, 10.0])
    error = np.sqrt(((y - 3) ** 2).mean())
    spreads = {"std": np.sqrt(10.0), "range": 9.0, "mean": 4.0, "iqr": 2.0}
    for norm, spread in spreads.items():
        np.testing.assert_allclose(nrmse(y, np.full(5, 3.0), norm=norm), error / spread)


@given(scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
@settings(max_examples=25, deadline=None)
def test_nrmse_and_r2_know_no_units(scale, shift):
    for metric in (nrmse, r2):
        np.testing.assert_allclose(
            metric(scale * Y + shift, scale * Y_HAT + shift), metric(Y, Y_HAT), rtol=1e-9
        )


@pytest.mark.parametrize("metric", METRICS)
def test_series_in_a_list_count_as_one_after_the_other(metric):
    parts = [Y[:7], Y[7:]], [Y_HAT[:7], Y_HAT[7:]]
    np.testing.assert_allclose(metric(*parts), metric(Y, Y_HAT), rtol=1e-13)
    stacked = Y.reshape(2, 25, 3), Y_HAT.reshape(2, 25, 3)
    np.testing.assert_allclose(metric(*stacked), metric(Y, Y_HAT), rtol=1e-13)


@pytest.mark.parametrize("metric", METRICS)
def test_rows_whose_target_has_a_gap_are_left_out(metric):
    gaps = Y.copy()
    gaps[[3, 9], [0, 2]] = np.nan
    kept = np.delete(np.arange(50), [3, 9])
    np.testing.assert_allclose(metric(gaps, Y_HAT), metric(Y[kept], Y_HAT[kept]), rtol=1e-13)


def test_a_flat_series_is_one_column_and_integers_are_numbers():
    assert mse(np.array([1, 2]), np.array([[2], [2]])) == 0.5
    assert isinstance(mse([1, 2], [2, 2]), float)


def test_inputs_are_not_changed():
    before = Y.copy(), Y_HAT.copy()
    for metric in METRICS:
        metric(Y, Y_HAT)
    np.testing.assert_array_equal((Y, Y_HAT), before)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("y", "y_hat", "message"),
    [
        (np.zeros((5, 1)), np.zeros((5, 301)), r"y has shape \(5, 1\), y_hat \(5, 301\)"),
        (np.zeros((5, 1)), np.zeros((4, 1)), r"y has shape \(5, 1\), y_hat \(4, 1\)"),
        (np.zeros((5, 1)), np.zeros((1, 1)), "y has shape"),
        ([np.zeros((5, 1))], [np.zeros((5, 1))] * 2, "y holds 1 series, y_hat 2"),
        ([np.zeros((5, 1)), np.zeros((5, 2))],) * 2 + ("differ in their number of columns",),
        (np.arange(3.0), [0.0, np.nan, 0.0], "y_hat: NaN in row 1"),
        (np.full(3, np.nan), np.zeros(3), "every row of y has a NaN"),
        (np.zeros((0, 1)), np.zeros((0, 1)), "nothing in it"),
        ("abc", "abc", "expected"),
    ],
)
def test_what_does_not_fit_together_is_refused(metric, y, y_hat, message):
    with pytest.raises(DataError, match=message):
        metric(y, y_hat)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nrmse([2.0, 2.0], [1.0, 2.0]), "column 0 of y has a std of zero; write rmse"),
        (lambda: nrmse([0.1] * 3, [1.0] * 3), "std of zero"),
        (lambda: nrmse([1.0, 1.0 + 2e-16, 1.0], [1.0] * 3), "std of zero"),
        (lambda: nrmse([0.1, 0.2, -0.3], [0.0] * 3, norm="mean"), "mean of zero"),
        (lambda: nrmse([5.0, 5 + 1e-15, 5.0, 5 + 1e-15], [0.0] * 4, norm="iqr"), "iqr of zero"),
        (lambda: r2([1.0, 1.0 + 2e-16, 1.0], [1.0] * 3), "no variance"),
        (lambda: r2([0.1] * 3, [1.0] * 3), "no variance; write mse"),
        (lambda: nrmse(Y, Y_HAT, norm="sdt"), "none called 'sdt'; did you mean std?"),
        (lambda: mse(Y, Y_HAT, multioutput="all"), r"mse.multioutput: should be 'mean' or 'raw'"),
    ],
)
def test_what_has_no_value_is_refused_with_what_to_write(call, message):
    with pytest.raises(DataError, match=message):
        call()


DEAD = np.column_stack([U := np.sin(np.arange(60.0)), np.cos(np.arange(60.0)), 1e-31 * U])
SAID = DEAD + 0.1 * np.random.default_rng(0).normal(size=DEAD.shape)


def test_pooled_scores_are_those_of_all_numbers_as_of_one_column():
    y, y_hat = DEAD[:, :2] * [1, 10], SAID[:, :2] * [1, 10]
    off = ((y - y_hat) ** 2).sum()
    assert r2(y, y_hat, multioutput="pooled") == pytest.approx(
        1 - off / ((y - y.mean(axis=0)) ** 2).sum()
    )
    assert rmse(y, y_hat, multioutput="pooled") == pytest.approx(np.sqrt(off / y.size))
    assert mse(y, y_hat, multioutput="pooled") == pytest.approx(off / y.size)
    wanted = np.sqrt(off / ((y - y.mean(axis=0)) ** 2).sum())
    assert nrmse(y, y_hat, multioutput="pooled") == pytest.approx(wanted)


def test_the_words_of_scikit_learn_mean_what_they_mean_there():
    sklearn = pytest.importorskip("sklearn.metrics")
    y, y_hat = DEAD[:, :2] * [1, 10], SAID[:, :2]
    for word in ("uniform_average", "raw_values", "variance_weighted"):
        wanted = sklearn.r2_score(y, y_hat, multioutput=word)
        np.testing.assert_allclose(r2(y, y_hat, multioutput=word), wanted, rtol=1e-12)


@pytest.mark.parametrize("metric", [r2, nrmse])
def test_dead_columns_are_named_and_left_out_on_request(metric):
    with pytest.raises(DataError, match=r"column 2 of y vary by less than 1e-12 .* dead='skip'"):
        metric(DEAD, SAID)
    alive = metric(DEAD[:, :2], SAID[:, :2])
    assert metric(DEAD, SAID, dead="skip") == pytest.approx(alive)
    raw = metric(DEAD, SAID, dead="skip", multioutput="raw")
    assert np.isnan(raw[2]) and np.nanmean(raw) == pytest.approx(alive)
    assert abs(metric(DEAD, SAID, dead="keep")) > 1e20
    with pytest.raises(DataError, match="should be 'refuse', 'skip' or 'keep'"):
        metric(DEAD, SAID, dead="drop")


def test_pooled_a_dead_column_weighs_nothing_and_only_what_is_all_constant_is_refused():
    y_hat = np.column_stack([SAID[:, :2], np.zeros(60)])
    alive = r2(DEAD[:, :2], SAID[:, :2], multioutput="pooled")
    assert r2(DEAD, y_hat, multioutput="pooled") == pytest.approx(alive)
    assert r2(DEAD, y_hat, multioutput="pooled", dead="skip") == pytest.approx(alive)
    flat = np.column_stack([DEAD[:, :2], np.ones(60)])
    assert r2(flat, flat, multioutput="pooled") == 1.0
    with pytest.raises(DataError, match="no variance"):
        r2(np.ones((9, 2)), np.ones((9, 2)), multioutput="pooled")


@pytest.mark.parametrize("power", [-560, 530, 600])
@pytest.mark.parametrize("multioutput", ["raw", "pooled"])
def test_errors_of_huge_and_of_tiny_numbers_are_those_of_numbers_of_usual_size(power, multioutput):
    """A power of 2 changes no bit, though squares of 2^530 overflow and those of 2^-560 vanish."""
    rng = np.random.default_rng(1)
    y = rng.normal([0.0, 1.0, 20.0], 1.0, (50, 3))
    p = y + 0.3 * rng.standard_normal((50, 3))
    large, told = np.ldexp(y, power), np.ldexp(p, power)
    for metric in (nrmse, r2):
        assert np.array_equal(
            metric(large, told, multioutput=multioutput), metric(y, p, multioutput=multioutput)
        )
    small = rmse(y, p, multioutput=multioutput)
    assert np.array_equal(rmse(large, told, multioutput=multioutput), np.ldexp(small, power))


def test_squares_beyond_all_numbers_are_told():
    with pytest.raises(DataError, match=r"mse: the squares of errors are beyond .* write rmse"):
        mse([1e160, 2e160], [0.0, 0.0])


def test_a_row_of_which_nothing_is_known_needs_no_prediction():
    """The cure that the message for a NaN in predictions names."""
    y, y_hat = np.array([1.0, np.nan, 3.0, 5.0]), np.array([1.0, np.nan, 2.0, 5.0])
    assert mse(y, y_hat) == pytest.approx(1 / 3, rel=1e-15)
    assert capacity(y, y_hat) == capacity(y[[0, 2, 3]], y_hat[[0, 2, 3]])
    with pytest.raises(DataError, match="y_hat: NaN in row 1"):
        mse([1.0, 2.0, 3.0, 5.0], y_hat)
