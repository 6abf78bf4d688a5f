from itertools import pairwise

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import (
    DataError,
    DataWarning,
    FieldError,
    IllConditionedWarning,
    NotFittedError,
)
from nodegraph.testing import check_node
from nodes import HyperNode, Input, Reservoir, Ridge

RNG = np.random.default_rng(0)
X = RNG.normal(3, 1, (500, 4))
T = X @ RNG.normal(size=(4, 2)) - 5 + 0.1 * RNG.normal(size=(500, 2))


def closed_form(x, t, ridge, fit_bias=True):
    """Ridge regression as the normal equations have it, the bias left out of the penalty."""
    z = np.c_[x, np.ones(len(x))] if fit_bias else x
    penalty = ridge * np.eye(z.shape[1])
    penalty[x.shape[1] :] = 0
    solved = np.linalg.solve(z.T @ z + penalty, z.T @ t).T
    bias = solved[:, x.shape[1]] if fit_bias else np.zeros(t.shape[1])
    return solved[:, : x.shape[1]], bias


def learned(x=X, t=T, dtype="float64", **fields):
    return ng.Model(Ridge(name="readout", **fields), dtype=dtype).fit(x, t).params["readout"]


@pytest.mark.parametrize(
    "fields", [{}, {"ridge": [0.1, 1.0]}, {"ridge": "cv", "units": 2}, {"W_out": np.ones((2, 3))}]
)
def test_it_keeps_the_contract(fields):
    check_node(Ridge(**fields), n_out=2)


@pytest.mark.parametrize("ridge", [0.0, 1e-6, 0.5, 300.0])
@pytest.mark.parametrize("fit_bias", [True, False])
def test_weights_are_those_of_the_closed_form(ridge, fit_bias):
    params = learned(ridge=ridge, fit_bias=fit_bias)
    W_out, bias = closed_form(X, T, ridge, fit_bias)
    np.testing.assert_allclose(params.W_out, W_out, rtol=1e-9)
    np.testing.assert_allclose(params.bias, bias, rtol=1e-9, atol=1e-12)


def test_the_bias_is_not_penalised():
    params = learned(ridge=1e12)
    np.testing.assert_allclose(params.W_out, 0, atol=1e-6)
    np.testing.assert_allclose(params.bias, T.mean(axis=0), atol=1e-6)


def test_an_offset_of_a_million_costs_no_weight_its_digits():
    np.testing.assert_allclose(learned(X + 1e6).W_out, learned().W_out, rtol=1e-9)


def test_its_output_is_the_weights_times_the_input():
    model = ng.Model(Ridge(name="readout")).fit(X, T)
    W_out, bias = model.params["readout"]
    np.testing.assert_allclose(model.run(X), X @ W_out.T + bias, rtol=1e-13)


def test_single_precision_models_learn_from_sums_in_double():
    x, t = (X + 1000).astype(np.float32), T.astype(np.float32)
    params = learned(x, t, dtype="float32")
    assert params.W_out.dtype == params.bias.dtype == np.float32
    W_out, bias = closed_form(x.astype(float) - 1000, t.astype(float), 1e-6)
    np.testing.assert_allclose(params.W_out, W_out, rtol=1e-6)
    np.testing.assert_allclose(params.bias, bias - 1000 * W_out.sum(axis=1), rtol=1e-6)


def test_given_weights_are_used_as_they_stand_and_do_not_learn():
    readout = Ridge(W_out=[[1.0, 2.0]], bias=[0.5])
    assert readout.rule is None and readout.declared_size == 1
    np.testing.assert_array_equal(ng.Model(readout).run([[1.0, 1.0]]), [[3.5]])
    with pytest.raises(DataError, match="no node learns"):
        ng.Model(readout).fit([[1.0, 1.0]], [[0.0]])


def test_sparse_weights_may_be_given():
    from scipy import sparse

    readout = Ridge(W_out=sparse.csr_array([[0.0, 2.0]]))
    np.testing.assert_array_equal(ng.Model(readout).run([[1.0, 1.0]]), [[2.0]])


def test_it_has_to_learn_before_it_runs():
    with pytest.raises(NotFittedError, match="ridge has not learned"):
        ng.Model(Ridge(units=2)).run(X)


def test_rows_without_target_are_as_if_they_were_not_there():
    t = T.copy()
    t[::3, 1] = np.nan
    kept = np.arange(500) % 3 != 0
    for one, other in zip(learned(t=t), learned(X[kept], T[kept]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_list_of_series_is_learned_as_one_table():
    cuts = [0, 3, 259, 500]
    parts = [slice(a, b) for a, b in pairwise(cuts)]
    params = learned([X[p] for p in parts], [T[p] for p in parts])
    for one, other in zip(params, learned(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11)


def test_update_goes_on_where_fit_stopped():
    model = ng.Model(Ridge(name="readout")).fit(X[:123], T[:123]).update(X[123:], T[123:])
    for one, other in zip(model.params["readout"], learned(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert model.report[0]["rows"] == 500


def test_fitting_twice_gives_the_same_bits():
    model = ng.Model(Input() >> Reservoir(units=20) >> Ridge(name="readout"), seed=1)
    first = model.fit(X - 3, T).params["readout"].W_out.copy()
    np.testing.assert_array_equal(model.fit(X - 3, T).params["readout"].W_out, first)


def test_the_report_tells_rows_solver_and_error():
    model = ng.Model(Ridge())
    (report,) = model.fit(X, T).report
    error = ng.metrics.rmse(T, model.reset().run(X))
    assert report["rows"] == 500 and report["solver"] == "cholesky" and report["ridge"] == 1e-6
    assert report["train_rmse"] == pytest.approx(error, rel=1e-9)


def test_one_row_gives_its_own_target_back():
    with pytest.warns(DataWarning, match="ridge: there is one row to learn from"):
        model = ng.Model(Ridge()).fit(X[:1], T[:1])
    np.testing.assert_allclose(model.run(X[:3]), T[[0, 0, 0]], rtol=1e-14)


@pytest.mark.parametrize("t", [np.full((500, 1), np.nan), np.full((500, 2), [np.nan, 1.0])])
def test_no_row_to_learn_from_is_an_error(t):
    with pytest.raises(DataError, match="no rows to learn from: column 0 NaN in every row"):
        learned(t=t)


@pytest.mark.parametrize("x, t", [(1e200 * X, T), (X, 1e300 * T)])
def test_sums_that_overflow_are_refused_and_the_model_stays(x, t):
    model = ng.Model(Ridge(name="readout")).fit(X, T)
    before = model.params["readout"].W_out.copy()
    with pytest.raises(DataError, match="scale the data down"):
        model.fit(x, t)
    np.testing.assert_array_equal(model.params["readout"].W_out, before)


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"ridge": -1.0}, "ridge: should be at least 0"),
        ({"ridge": "gcv"}, "ridge: should be a number or a list or 'cv'"),
        ({"ridge": []}, "ridge: should have at least 1"),
        ({"ridge": [1.0, -1.0]}, r"ridge\[1\]: should be at least 0"),
        ({"ridge": float("nan")}, "ridge: should be a finite number"),
        ({"units": 0}, "units: should be greater than 0"),
        ({"W_out": [[np.nan]]}, "W_out: should have finite entries"),
        ({"W_out": np.ones((2, 3)), "units": 3}, "3 units, 2 rows of W_out"),
        ({"bias": [1.0]}, "bias is given without W_out"),
        ({"Wout": np.ones((2, 3))}, "write W_out"),
    ],
)
def test_fields_that_cannot_be_are_refused(fields, message):
    with pytest.raises(FieldError, match=message):
        Ridge(**fields)


def test_weights_that_do_not_fit_the_input_are_refused():
    model = Input() >> Ridge(W_out=np.ones((2, 3)), name="readout")
    with pytest.raises(FieldError, match=r"readout: W_out: expected shape \(2, 4\), got \(2, 3\)"):
        ng.Model(model).run(X)


@pytest.mark.parametrize("solver", ["auto", "direct", "qr"])
@pytest.mark.parametrize("c", [0.1, 1 / 3, 0.001, 1e8 + 0.1])
def test_an_input_that_never_moves_gets_no_weight_whatever_its_mean_rounds_to(solver, c):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    y = np.tanh(x[:, :1]) + 0.1 * rng.normal(size=(300, 1))
    model = ng.Model(Input() >> Ridge(ridge=0.0, solver=solver, name="out"))
    with pytest.warns(IllConditionedWarning, match="rank 2 of 3"):
        model.fit(np.column_stack([x, np.full(300, c)]), y)
    W = model.params["out"].W_out
    centred = np.linalg.lstsq(x - x.mean(axis=0), y - y.mean(), rcond=None)[0].T
    assert W[0, 2] == 0.0
    np.testing.assert_allclose(W[:, :2], centred, rtol=1e-12)


@pytest.mark.parametrize("field", [{"ridge": 0.1}, {"solver": "qr"}])
@pytest.mark.parametrize("kind", [Ridge, HyperNode])
def test_what_nothing_is_learned_with_is_refused_beside_given_weights(kind, field):
    with pytest.raises(FieldError, match="for W_out is given, and nothing is learned"):
        kind(W_out=np.ones((1, 3)), **field)
