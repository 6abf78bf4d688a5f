"""Stacks of xarray (series, time, columns): names, times and labels count as in a list."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning
from nodes import Input, Reduce, Ridge

xarray = pytest.importorskip("xarray")
pandas = pytest.importorskip("pandas")

A = np.random.default_rng(0).normal(size=(3, 40, 2))
X = xarray.DataArray(
    A,
    dims=("shop", "time", "column"),
    coords={
        "shop": ["p", "q", "r"],
        "time": pandas.date_range("2024-01-01", periods=40),
        "column": ["sales", "price"],
    },
)
Y = X[..., :1]


def fit(x, y, **options):
    return ng.Model(Input() >> Ridge(name="out")).fit(x, y, **options)


def test_names_of_columns_are_remembered_and_bits_are_those_of_the_array():
    model = fit(X, Y)
    assert model.columns["input"] == ("sales", "price")
    assert fit(list(X), list(Y)).columns == model.columns
    found = model.run(X)
    assert found.shape == (3, 40, 1)
    np.testing.assert_array_equal(found, fit(A, A[..., :1]).run(A))
    for call in (model.run, lambda x: model.score(x, Y), lambda x: fit(X, X).score(X, x)):
        with pytest.raises(DataError, match="columns in the order 'price', 'sales'"):
            call(X[..., ::-1])


def test_times_are_looked_at():
    with pytest.warns(DataWarning, match=r"input \(series p\): rows go back .* in 2 more series"):
        fit(X[:, ::-1], Y[:, ::-1])
    model = fit(X[:, :-1], Y[:, 1:])
    with pytest.warns(DataWarning, match="of one time with .* 1 d later"):
        model.score(X[:, :-1], Y[:, :-1])


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (Y[::-1], r"target: its series .* y\.sel\(shop=\.\.\.\)"),
        (Y[:, ::-1], r"target \(series 0\): its rows .* y\.sel\(time=\.\.\.\)"),
    ],
)
def test_targets_in_another_order_are_refused(y, said):
    with pytest.raises(DataError, match=said):
        fit(X, y)
    fit(X, y.to_numpy())


def test_labels_are_called_by_series():
    def classify(labels):
        graph = Input() >> Reduce(kind="mean") >> Ridge(classes=("u", "v"), name="out")
        return ng.Model(graph).fit(X, labels).params["out"].W_out

    plain = classify(["u", "v", "v"])
    named = xarray.DataArray(["u", "v", "v"], dims="shop", coords={"shop": X.shop})
    table = named.to_series()
    for labels in (named, table):
        np.testing.assert_array_equal(classify(labels), plain)
    for labels, cure in ((named, r"y\.sel\(shop"), (table, r"y\.loc\[x\.indexes\['shop'\]\]")):
        with pytest.raises(DataError, match=cure):
            classify(labels[::-1])
