import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning, FieldError, GraphError, IllConditionedWarning
from nodes import Input, Reservoir, Ridge
from nodes.ridge_regression import conjugate_gradient
from nodes.rules import least_squares

RNG = np.random.default_rng(0)
X = RNG.normal(0.5, 1, (900, 3))
Y = np.tanh(np.roll(X[:, :2], 1, axis=0) + X[:, 1:])


def model(solver, *, ridge=1e-2, fit_bias=True, **options):
    readout = Ridge(name="out", ridge=ridge, fit_bias=fit_bias, solver=solver)
    pool = Reservoir(name="pool", units=30, noise=0.01, input_scaling=0.5)
    return ng.Model(Input() >> pool >> readout, **options)


@pytest.mark.parametrize("fit_bias", [True, False])
@pytest.mark.parametrize("many", [False, True])
def test_it_finds_the_weights_of_the_direct_way(fit_bias, many):
    x, y = ([X[:300], X[300:310], X[310:]], [Y[:300], Y[300:310], Y[310:]]) if many else (X, Y)
    direct = model("direct", fit_bias=fit_bias).fit(x, y, warmup=5)
    iterative = model("iterative", fit_bias=fit_bias).fit(x, y, warmup=5)
    one, other = direct.report[0], iterative.report[0]
    assert other["solver"] == "conjugate gradients" and other["residual"] <= 1e-10
    assert one["rows"] == other["rows"] and 2 < other["passes"] < 500
    assert other["train_rmse"] == pytest.approx(one["train_rmse"], rel=1e-5)
    for a, b in zip(iterative.params["out"], direct.params["out"], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_it_stops_where_all_inputs_are_known_whatever_their_units():
    units, rng = np.array([1e-4, 1.0, 1e5]), np.random.default_rng(1)
    x = rng.normal(size=(600, 3))
    y = x @ np.array([[3.0], [2.0], [1.0]])
    plain, scaled = (
        ng.Model(Input() >> Ridge(name="out", ridge=0.0, solver="iterative")).fit(inputs, y)
        for inputs in (x, x * units)
    )
    assert plain.report[0]["passes"] == scaled.report[0]["passes"]
    np.testing.assert_allclose(scaled.params["out"].W_out * units, [[3.0, 2.0, 1.0]], rtol=1e-9)


def test_chunks_and_workers_do_not_show():
    whole = model("iterative").fit(X, Y)
    lists = [model("iterative").fit([X] * 3, [Y] * 3)]
    with pytest.warns(DataWarning, match="workers: are for rules that learn from series apart"):
        lists.append(model("iterative").fit([X] * 3, [Y] * 3, workers=2))
    np.testing.assert_array_equal(*(one.params["out"].W_out for one in lists))

    class Parts:
        def __iter__(self):
            return iter([(X[:33], Y[:33]), (X[33:500], Y[33:500]), (X[500:], Y[500:])])

    parts = model("iterative").fit(Parts())
    np.testing.assert_array_equal(parts.params["out"].W_out, whole.params["out"].W_out)


def test_rows_without_target_are_left_out():
    gaps = Y.copy()
    gaps[100:400] = np.nan
    direct, iterative = (model(s).fit(X, gaps) for s in ("direct", "iterative"))
    assert iterative.report[0]["rows"] == 600
    np.testing.assert_allclose(
        iterative.params["out"].W_out, direct.params["out"].W_out, rtol=1e-5, atol=1e-7
    )


def test_it_is_taken_when_the_gram_matrix_does_not_fit(monkeypatch):
    monkeypatch.setattr(least_squares, "LARGE", 10)
    monkeypatch.setattr(least_squares, "available_bytes", lambda: 5000)
    least_squares._fits.cache_clear()
    assert model("auto").fit(X, Y).report[0]["solver"] == "conjugate gradients"
    least_squares._fits.cache_clear()
    monkeypatch.setattr(least_squares, "available_bytes", lambda: 10**9)
    assert model("auto").fit(X, Y).report[0]["solver"] == "cholesky"
    least_squares._fits.cache_clear()


def test_only_it_goes_through_the_data_again():
    quick, slow = Ridge(name="quick", ridge=0.1), Ridge(name="slow", solver="iterative")
    pool = Reservoir(name="pool", units=20)
    both = ng.Model(Input() >> pool >> [quick, slow]).fit(X, {"quick": Y, "slow": Y})
    alone = ng.Model(Input() >> pool >> quick).fit(X, Y)
    assert both.report[0]["rows"] == 900
    np.testing.assert_array_equal(both.params["quick"].W_out, alone.params["quick"].W_out)


def test_readouts_of_one_input_iterate_together():
    outs = [Ridge(name=name, ridge=0.1, solver="iterative") for name in "ab"]
    pool = Reservoir(name="pool", units=20)
    both = ng.Model(Input() >> pool >> outs).fit(X, {"a": Y[:, :1], "b": Y[:, 1:]})
    direct = ng.Model(Input() >> pool >> Ridge(name="o", ridge=0.1)).fit(X, Y)
    found = np.vstack([both.params[name].W_out for name in "ab"])
    np.testing.assert_allclose(found, direct.params["o"].W_out, rtol=1e-5, atol=1e-7)


def test_what_it_cannot_do_is_said():
    with pytest.raises(FieldError, match="give one strength"):
        model("iterative", ridge=(0.1, 1.0)).fit(X, Y)
    with pytest.raises(DataError, match="goes through the data many times"):
        model("iterative").fit(iter([(X, Y)]))
    with pytest.raises(GraphError, match="keeps no sums to add to"):
        model("iterative").fit(X, Y).update(X, Y)
    with pytest.raises(DataError, match="no rows to learn from"):
        model("iterative").fit(X, np.full_like(Y, np.nan))


def test_a_model_in_a_file_keeps_its_weights(tmp_path):
    made = model("iterative").fit(X, Y)
    made.save(tmp_path / "m.safetensors")
    again = ng.Model.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.run(X), made.run(X))


def test_it_warns_when_it_gives_up(monkeypatch):
    monkeypatch.setattr(conjugate_gradient, "PASSES", 2)
    with pytest.warns(IllConditionedWarning, match="stopped after"):
        model("iterative").fit(X, Y)


def test_inputs_that_never_move_do_no_harm():
    x = np.column_stack([X, np.ones(900)])
    readout = ng.Model(Ridge(solver="iterative", ridge=0.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        readout.fit(x, 2 * x[:, :1] + 1)
    np.testing.assert_allclose(readout.params["ridge"].W_out, [[2, 0, 0, 0]], atol=1e-8)
    np.testing.assert_allclose(readout.params["ridge"].bias, [1], atol=1e-8)


@pytest.mark.parametrize("huge", ["x", "y"])
def test_sums_that_overflow_are_refused(huge):
    rows = {"x": X.copy(), "y": Y.copy()}
    rows[huge][50] = 1e160
    with pytest.raises(DataError, match="the sums over inputs and targets overflow: scale the"):
        ng.Model(Ridge(solver="iterative")).fit(rows["x"], rows["y"])
