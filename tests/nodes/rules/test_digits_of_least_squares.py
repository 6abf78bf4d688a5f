"""Digits that sums of squares lose, and what least squares does about it."""

import numpy as np
import pytest
from least_squares_alone import ridge_regression, solved

import nodegraph as ng
from nodegraph.errors import IllConditionedWarning
from nodegraph.testing.comparing import same_trees
from nodes import Ridge
from nodes.rules import LeastSquares

RNG = np.random.default_rng(2)


def nearly_alike(n=1500, n_in=12):
    """Return inputs that span their space by differences of down to 1e-11, and noiseless sums."""
    rng = np.random.default_rng(7)
    xs = rng.normal(size=(n, n_in)) * np.logspace(0, -11, n_in)
    xs = xs @ np.linalg.qr(rng.normal(size=(n_in, n_in)))[0]
    return xs, xs @ rng.normal(size=(n_in, 2)) / 1e-9 + 1


@pytest.mark.parametrize("ridge", [1e-26, (1e-26, 1e-6, 1.0), "cv"])
def test_a_triangle_keeps_what_a_gram_matrix_loses_in_its_squares(ridge):
    xs, ts = nearly_alike()
    params, report = solved(LeastSquares(ridge=ridge, solver="qr"), xs, ts)
    misfit = np.abs(xs @ params.W_out.T + params.bias - ts).max() / ts.std()
    assert misfit < 1e-11 and report["ridge"] <= 1e-20
    assert report["solver"] == "qr" and report["condition"] > 1e20
    with pytest.warns(IllConditionedWarning, match="linearly dependent"):
        squared, _ = solved(LeastSquares(ridge=1e-26, solver="direct"), xs, ts)
    assert np.abs(xs @ squared.W_out.T + squared.bias - ts).max() / ts.std() > 1e3 * misfit


def test_where_a_gram_matrix_would_lose_digits_the_rows_are_read_again():
    xs, ts = nearly_alike()
    model = ng.Model(Ridge(ridge=1e-26, name="readout")).fit(xs, ts)
    exact = ng.Model(Ridge(ridge=1e-26, solver="qr", name="readout")).fit(xs, ts)
    same_trees(model.params["readout"], exact.params["readout"], "a second look is no first one")
    assert model.report[0]["solver"] == "qr" and "read again" in model.report[0]["why"]
    assert "why" not in exact.report[0]
    plenty = ng.Model(Ridge(ridge=1e-3)).fit(xs, ts)
    assert plenty.report[0]["solver"] == "cholesky" and "why" not in plenty.report[0]


def test_rows_that_come_once_are_told_what_would_be_better():
    xs, ts = nearly_alike()
    with pytest.warns(IllConditionedWarning, match="or write solver='qr'"):
        model = ng.Model(Ridge(ridge=1e-26)).fit(iter([(xs[:700], ts[:700]), (xs[700:], ts[700:])]))
    assert model.report[0]["solver"] == "eigenvectors"


@pytest.mark.parametrize("ridge", [1e-26, [1e-26, 1e-20]])
def test_a_second_look_is_the_same_for_any_workers_and_goes_on_after_saving(tmp_path, ridge):
    xs, ts = nearly_alike(6000)
    parts = np.split(np.arange(6000), 20)
    series = [xs[p] for p in parts], [ts[p] for p in parts]
    models = [ng.Model(Ridge(ridge=ridge, name="readout")).fit(*series, workers=w) for w in (1, 3)]
    same_trees(models[0].params["readout"], models[1].params["readout"], "workers show")
    assert models[0].report[0]["solver"] == "qr" and models[0].report[0]["rows"] == 6000
    models[0].save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors").update(xs[:300], ts[:300])
    same_trees(
        again.params["readout"],
        models[1].update(xs[:300], ts[:300]).params["readout"],
        "saving shows",
    )
    assert again.report[0]["rows"] == 6300


WIDE = RNG.normal(size=(2600, 530)).astype(np.float32)
SUMS = (WIDE @ RNG.normal(size=(530, 2)) + RNG.normal(size=(2600, 2))).astype(np.float32)


def in_float32(*data, dtype="float32", **fields):
    readout = Ridge(**{"ridge": 0.1, "name": "readout", **fields})
    return ng.Model(readout, dtype=dtype).fit(*data)


def test_wide_inputs_in_float32_are_summed_in_it_and_learn_the_same():
    single, double = in_float32(WIDE, SUMS), in_float32(WIDE, SUMS, solver="direct")
    assert single.report[0]["sums"] == "float32" and "sums" not in double.report[0]
    one, other = (model.params["readout"].W_out for model in (single, double))
    np.testing.assert_allclose(one, other, atol=2e-6)
    assert single.report[0]["train_rmse"] == pytest.approx(double.report[0]["train_rmse"], rel=1e-4)
    narrow = in_float32(WIDE[:, :500], SUMS)
    assert "sums" not in narrow.report[0]


def test_sums_in_float32_do_not_show_chunks_nor_saving(tmp_path):
    whole = in_float32(WIDE, SUMS)
    parts = [np.split(rows, (3, 2047, 2050)) for rows in (WIDE, SUMS)]
    chunks = type("Again", (), {"__iter__": lambda self: zip(*parts, strict=True)})()
    same_trees(in_float32(chunks).params["readout"], whole.params["readout"], "chunks show")
    first = in_float32(WIDE[:2100], SUMS[:2100])
    first.save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors").update(WIDE[2100:], SUMS[2100:])
    same_trees(again.params["readout"], whole.params["readout"], "saving shows")
    assert again.report[0]["sums"] == "float32"


def test_workers_change_no_bit_of_sums_in_float32():
    series = [[rows.reshape(13, 200, -1)[i] for i in range(13)] for rows in (WIDE, SUMS)]
    graph = Ridge(ridge=0.1, name="readout")
    fits = [ng.Model(graph, dtype="float32").fit(*series, workers=w) for w in (1, 3)]
    same_trees(fits[0].params["readout"], fits[1].params["readout"], "workers show")
    np.testing.assert_allclose(
        fits[0].params["readout"].W_out,
        ridge_regression(WIDE.astype(float), SUMS, 0.1)[0],
        atol=2e-6,
    )


def test_what_float32_cannot_hold_is_summed_again_in_float64():
    xs = (WIDE[:, :20] @ RNG.normal(size=(20, 530)) + 1e-6 * WIDE).astype(np.float32)
    again, direct = (
        in_float32(xs, SUMS, ridge=1e-3),
        in_float32(xs, SUMS, ridge=1e-3, solver="direct"),
    )
    same_trees(again.params["readout"], direct.params["readout"], "the second look is in float32")
    assert "sums" not in again.report[0]
    once = in_float32(iter([(xs, SUMS)]), ridge=1e-3)
    same_trees(once.params["readout"], direct.params["readout"], "rows that come once are not")
    good = in_float32(WIDE, SUMS, ridge=1e-3)
    with pytest.warns(IllConditionedWarning, match="sums in float32 have lost digits"):
        good.update(150 * xs, 150 * SUMS)
