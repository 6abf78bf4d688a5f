"""Weights of rows in the statistics of least squares."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodes import Input, Ridge

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(600, 5)) + 3, RNG.normal(size=(600, 2))
COUNTS = RNG.integers(0, 4, 600)
AGAIN = np.repeat(np.arange(600), COUNTS)


def learned(x, y, weight=None, cuts=(), parts=False, **fields):
    out = Ridge(name="out", **fields)
    graph, given = Input(name="u") >> out, {"u": x}
    if weight is not None:
        graph, given = graph & (Input(name="w") >> out["weight"]), {"u": x, "w": weight[:, None]}
    if cuts:
        pieces = {name: np.split(rows, cuts) for name, rows in given.items()}
        if parts:
            return ng.Model(graph).fit(pieces, np.split(y, cuts))
        chunks = [
            dict(zip(pieces, rows, strict=True)) for rows in zip(*pieces.values(), strict=True)
        ]
        return ng.Model(graph).fit(list(zip(chunks, np.split(y, cuts), strict=True)).__iter__())
    return ng.Model(graph).fit(given, y)


@pytest.mark.parametrize("solver", ["direct", "qr"])
@pytest.mark.parametrize("fit_bias", [True, False])
@pytest.mark.parametrize("n", [600, 4])
def test_a_weight_is_how_often_a_row_is_seen(solver, fit_bias, n):
    how = {"ridge": 0.3, "solver": solver, "fit_bias": fit_bias}
    again = AGAIN[AGAIN < n]
    found = learned(X[:n], Y[:n], COUNTS[:n].astype(float), **how)
    wanted = learned(X[again], Y[again], **how)
    for one, other in zip(found.params["out"], wanted.params["out"], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-10)
    assert found.report[0]["rows"] == len(again)
    assert found.report[0]["train_rmse"] == pytest.approx(wanted.report[0]["train_rmse"], rel=1e-6)


@pytest.mark.parametrize("solver", ["direct", "qr"])
def test_chunks_show_in_no_bit_and_series_apart_are_the_whole(solver):
    weight = RNG.uniform(size=600)
    whole = learned(X, Y, weight, solver=solver).params["out"]
    chunks = learned(X, Y, weight, cuts=(1, 300, 590), solver=solver).params["out"]
    series = learned(X, Y, weight, cuts=(1, 300, 590), parts=True, solver=solver).params["out"]
    for one, other, third in zip(whole, chunks, series, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(one, third, rtol=1e-9)


def test_readouts_of_one_weight_learn_as_one_and_go_on_learning(tmp_path):
    u, w, a, b = Input(name="u"), Input(name="w"), Ridge(name="a"), Ridge(name="b")
    graph = (u >> [a, b]) & (w >> a["weight"]) & (w >> b["weight"])
    weight = RNG.uniform(size=600)

    def given(rows):
        return {"u": X[rows], "w": weight[rows, None]}, {"a": Y[rows, :1], "b": Y[rows, 1:]}

    first, then, both = slice(0, 300), slice(300, 600), slice(0, 600)
    model = ng.Model(graph).fit(*given(first))
    model.save(tmp_path / "m.safetensors")
    more = ng.load(tmp_path / "m.safetensors").update(*given(then))
    whole = learned(X, Y, weight).params["out"]
    for column, name in enumerate("ab"):
        np.testing.assert_array_equal(
            ng.Model(graph).fit(*given(both)).params[name].W_out, whole.W_out[[column]]
        )
        np.testing.assert_allclose(more.params[name].W_out, whole.W_out[[column]], rtol=1e-9)


def test_conjugate_gradients_refuse_weights():
    with pytest.raises(FieldError, match="count all rows alike; weights need solver='direct'"):
        learned(X, Y, np.ones(600), solver="iterative")
