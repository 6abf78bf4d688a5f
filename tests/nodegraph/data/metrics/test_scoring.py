"""Metrics by name."""

import numpy as np
import pytest

from nodegraph import metrics
from nodegraph.errors import DataError
from nodegraph.metrics import names, score

Y = np.random.default_rng(0).standard_normal((30, 2))
Y_HAT = Y + 0.1


def test_every_name_gives_what_its_function_gives():
    hot = np.eye(Y.shape[1])[Y.argmax(axis=1)]  # what all of them take
    found = score(names(), hot, Y_HAT)
    assert found == {name: getattr(metrics, name)(hot, Y_HAT) for name in names()}


def test_scores_come_in_the_order_asked_for():
    assert list(score(["r2", "nrmse", "mae"], Y, Y_HAT)) == ["r2", "nrmse", "mae"]


def test_options_come_as_in_yaml():
    options = {"threshold": 0.01, "dt": 0.5}
    expected = metrics.valid_prediction_time(Y, Y_HAT, **options)
    assert score([{"valid_prediction_time": options}], Y, Y_HAT) == {
        "valid_prediction_time": expected
    }
    assert score({"nrmse": {"norm": "range"}, "mse": {}}, Y, Y_HAT) == {
        "nrmse": metrics.nrmse(Y, Y_HAT, norm="range"),
        "mse": metrics.mse(Y, Y_HAT),
    }
    assert score("mse", Y, Y_HAT) == {"mse": metrics.mse(Y, Y_HAT)}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["nmrse"], "metrics: there is none called 'nmrse'; did you mean nrmse?"),
        (["qqq"], "known are accuracy, capacity, mae"),
        ([3], "none called 3"),
        ([{"nrmse": {"nrom": "std"}}], "nrmse: unknown option 'nrom'; did you mean norm?"),
        ([{"nrmse": {"y": 1}}], "nrmse: unknown option 'y'; known are norm, multioutput"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(asked, message):
    with pytest.raises(DataError, match=message):
        score(asked, Y, Y_HAT)


@pytest.mark.parametrize("name", ["crps", "coverage", "interval_score"])
def test_metrics_of_more_than_a_prediction_say_so(name):
    with pytest.raises(
        DataError, match=rf"metrics: {name} compares .* in Python ng.metrics.{name}"
    ):
        score([name], [1.0], [1.0])


def test_a_prediction_that_is_not_there_is_told_without_a_node_to_fill_it():
    with pytest.raises(DataError, match="rmse: y_hat: NaN in row 1, column 0; a row that nothing"):
        score("rmse", [1.0, 2.0], [1.0, np.nan])
    assert score("rmse", [1.0, np.nan], [2.0, 5.0]) == {"rmse": 1.0}
