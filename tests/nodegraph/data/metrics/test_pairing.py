"""Tables are compared as they stand, so rows and columns in another order are refused."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError

pandas = pytest.importorskip("pandas")

A = np.random.default_rng(0).normal(size=(20, 2))
Y = pandas.DataFrame(A, columns=["a", "b"], index=pandas.date_range("2024-01-01", periods=20))
PAIRS = {name: getattr(ng.metrics, name) for name in ("mse", "rmse", "mae", "nrmse", "r2")}
BOUNDS = {
    "coverage": lambda y, low: ng.metrics.coverage(y, low, np.full((20, 2), 9.0)),
    "interval_score": lambda y, low: ng.metrics.interval_score(y, low, np.full((20, 2), 9.0)),
}


@pytest.mark.parametrize("measure", [*PAIRS.values(), *BOUNDS.values()], ids=[*PAIRS, *BOUNDS])
def test_what_stands_in_another_order_is_refused(measure):
    """A sorted series beside one that is not gave a plausible score."""
    other = Y + 0.1
    with pytest.raises(DataError, match=r"its rows stand in another order than those of y; write"):
        measure(Y, other[::-1])
    with pytest.raises(DataError, match=r"columns in the order 'b', 'a'; those of y are 'a', 'b'"):
        measure(Y, other[["b", "a"]])
    plain = measure(A, A + 0.1)
    for said in (other, other[::-1].loc[Y.index], other.set_axis(["p", "q"], axis=1), A + 0.1):
        assert measure(Y, said) == pytest.approx(plain, rel=1e-12)


def test_so_are_labels_and_series_of_a_list():
    labels = pandas.Series(["u", "v", "v"], index=["p", "q", "r"])
    assert ng.metrics.accuracy(labels, labels) == 1
    with pytest.raises(DataError, match="y_hat: its rows stand in another order"):
        ng.metrics.accuracy(labels, labels[::-1])
    with pytest.raises(DataError, match=r"y_hat \(series 1\): its rows stand in another order"):
        ng.metrics.rmse([Y, Y], [Y, Y[::-1]])
