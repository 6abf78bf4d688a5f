"""Weights of rows in the statistics of least squares."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodes import Input, Ridge
from nodes.ridge_regression.gathered import (
    Gathered,
    believed,
    dealt,
    is_lost,
    is_rounded,
    joined,
)
from nodes.ridge_regression.rows import Rows
from nodes.ridge_regression.statistics import Statistics
from nodes.ridge_regression.triangle import Triangle

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


def rows(noise, n=2000, n_in=12):
    """Return inputs that differ by down to 1e-11 of their size, and what they say, with noise."""
    rng = np.random.default_rng(1)
    turned = np.linalg.qr(rng.normal(size=(n_in, n_in)))[0]
    xs = rng.normal(size=(n, n_in)) * np.logspace(0, -11, n_in) @ turned
    ts = xs @ turned.T @ np.logspace(0, 11, n_in)[:, None]
    return xs, ts + noise * rng.normal(size=(n, 1)) * ts.std()


def gathered(kind, xs, ts):
    return Gathered.nothing(kind.empty(xs.shape[1], 1), 1).add(xs, ts, None)


@pytest.mark.parametrize("ridge, lost", [(1.0, False), (1e-9, False), (1e-20, True), (0.0, True)])
@pytest.mark.parametrize("fit_bias", [True, False])
def test_digits_are_lost_where_cholesky_gives_up(ridge, lost, fit_bias):
    xs, ts = rows(0.0)
    assert is_lost(gathered(Statistics, xs, ts), ridge, fit_bias) is lost
    solver = gathered(Statistics, xs, ts).data()[0].solve(ridge, fit_bias).solver
    assert (solver == "eigenvectors") is lost


@pytest.mark.parametrize("n", [255, 256, 600])
@pytest.mark.parametrize("number", [None, 3])
def test_squares_are_bounded_by_those_of_all_rows_whether_they_wait_or_not(n, number):
    some = Gathered.nothing(Statistics.empty(5, 2), 5).add(X[:n], Y[:n], number)
    np.testing.assert_allclose(some.bound(), np.square(X[:n]).sum(axis=0).max(), rtol=1e-13)
    largest = max(fold.squares().max() for fold in some.data())
    assert largest <= some.bound() * (1 + 1e-13)


def test_no_bound_is_known_of_rows_with_weights_nor_of_none():
    nothing = Gathered.nothing(Statistics.empty(5, 2), 1)
    assert nothing.bound() == nothing.add(X[:50], Y[:50], None, COUNTS[:50]).bound() == np.inf


def test_nothing_is_lost_by_a_triangle_nor_by_few_rows():
    xs, ts = rows(0.0)
    assert not is_lost(gathered(Triangle, xs, ts), 0.0, True)
    assert not is_lost(gathered(Statistics, xs[:5], ts[:5]), 0.0, True)


@pytest.mark.parametrize("fit_bias", [True, False])
def test_what_tells_much_is_kept(fit_bias):
    xs, ts = rows(1e-9)
    (data,) = gathered(Triangle, xs, ts).data()
    solution, facts = believed(data, 1e-24, fit_bias)
    assert solution.solver == "qr" and facts["why"].endswith("read again")
    assert (
        np.abs(xs @ solution.W.T + solution.b - ts).max() < 1e-4 * ts.std()
    )  # rounding times the condition


def test_what_tells_little_is_left_out_as_a_gram_matrix_would():
    xs, _ = rows(0.0)
    ts = xs[:, :1] + 0.1 * np.random.default_rng(2).normal(size=(2000, 1)) * xs.std()
    (data,), (sums,) = (gathered(kind, xs, ts).data() for kind in (Triangle, Statistics))
    (solution, facts), known = believed(data, 0.0, True), sums.solve(0.0, True)
    assert not solution.unique and "tells little" in facts["why"]
    errors = [data.squared_error(each.W, each.b) for each in (solution, known)]
    np.testing.assert_allclose(*errors, rtol=1e-3)
    assert abs(solution.rank - known.rank) <= 1


def test_sums_are_believed_as_they_are():
    (data,) = gathered(Statistics, *rows(0.1)).data()
    solution, facts = believed(data, 1e-3, True)
    assert solution.solver == "cholesky" and facts == {}


def in_single(ridge, fit_bias, faint):
    """Return what float32 sums of inputs with some faint directions are told, and the error."""
    rng = np.random.default_rng(3)
    xs = rng.normal(size=(4200, 20)) @ rng.normal(size=(20, 600)) + faint * rng.normal(
        size=(4200, 600)
    )
    xs = (xs / xs.std(axis=0)).astype(np.float32)
    ts = (xs @ rng.normal(size=(600, 1)) / 25 + rng.normal(size=(4200, 1))).astype(np.float32)
    found = []
    for single in (True, False):
        empty = Gathered.nothing(Statistics.empty(600, 1, single), 1)
        found.append(empty.add(xs, ts, None))
    rounded = is_rounded(found[0], ridge, fit_bias)
    data = [each.data()[0] for each in found]
    weights = [each.solve(ridge, fit_bias) for each in data]
    errors = [data[1].squared_error(each.W, each.b)[0] for each in weights]
    return rounded, errors[0] / errors[1] - 1


@pytest.mark.parametrize("fit_bias", [True, False])
@pytest.mark.parametrize("ridge, faint", [(0.0, 1.0), (1.0, 1e-3), (0.5, 0.0)])
def test_sums_in_single_precision_are_good_where_the_ridge_or_the_data_cover_it(
    ridge, faint, fit_bias
):
    rounded, more = in_single(ridge, fit_bias, faint)
    assert not rounded and abs(more) < 1e-4


@pytest.mark.parametrize("fit_bias", [True, False])
def test_sums_in_single_precision_are_known_to_be_too_coarse(fit_bias):
    assert in_single(1e-3, fit_bias, 1e-5)[0]


def test_every_row_of_the_first_block_is_dealt_once_also_to_more_folds_than_rows():
    for n, count in [(256, 5), (3, 5), (1, 1)]:
        seen = [row for _, rows in dealt(0, n, count) for row in range(n)[rows]]
        assert seen == list(range(n))
    assert {fold for fold, _ in dealt(0, 3, 5)} <= set(range(5))


def test_folds_are_joined_in_their_order():
    parts = [Rows(X[start : start + 9], Y[start : start + 9]) for start in (0, 9, 18)]
    np.testing.assert_array_equal(joined(parts).xs, X[:27])
    np.testing.assert_array_equal(joined(parts).ts, Y[:27])
