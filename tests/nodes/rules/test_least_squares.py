from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.arrays import copy_tree
from nodegraph.errors import DataError, IllConditionedWarning
from nodegraph.rule import Seen
from nodegraph.testing import check_rule
from nodegraph.testing.comparing import same_trees
from nodes import Input, Ridge
from nodes.rules import LeastSquares

RNG = np.random.default_rng(2)


class Weights(NamedTuple):
    W_out: Any
    bias: Any


def problem(n, n_in=3, n_out=2, noise=0.3):
    xs = RNG.normal(1, 1, (n, n_in))
    return xs, xs @ RNG.normal(size=(n_in, n_out)) + 2 + noise * RNG.normal(size=(n, n_out))


def empty(xs, ts):
    return Weights(np.zeros((ts.shape[1], xs.shape[1])), np.zeros(ts.shape[1]))


def gathered(rule, xs, ts, cuts=()):
    params, edges = empty(xs, ts), [0, *sorted(cuts), len(xs)]
    memory = rule.begin(params)
    for start, stop in pairwise(edges):
        if stop > start:
            seen = Seen(xs[start:stop], None, None, ts[start:stop])
            params, memory = rule.update(params, memory, seen)
    return memory


def finished(rule, memory, xs, ts):
    return rule.conclude_team([empty(xs, ts)], memory)[0]


def solved(rule, xs, ts):
    return finished(rule, gathered(rule, xs, ts), xs, ts)


def ridge_regression(x, t, ridge):
    dx, dt = x - x.mean(axis=0), t - t.mean(axis=0)
    W = np.linalg.solve(dx.T @ dx + ridge * np.eye(x.shape[1]), dx.T @ dt).T
    return W, t.mean(axis=0) - W @ x.mean(axis=0)


@pytest.mark.parametrize("fields", [{}, {"fit_bias": False}, {"ridge": (0.1, 1.0)}])
@pytest.mark.parametrize("n_in", [3, 700])
def test_it_keeps_the_contract(fields, n_in):
    check_rule(LeastSquares(**fields), Ridge(), n_in=n_in, n_out=2, n_steps=600)


@pytest.mark.parametrize("n_in, n_steps", [(3, 600), (90, 60)])
def test_it_keeps_the_contract_by_triangles(n_in, n_steps):
    rule = LeastSquares(solver="qr", ridge=(1e-20, 1.0))
    check_rule(rule, Ridge(), n_in=n_in, n_out=2, n_steps=n_steps)


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(1, 900),
    cuts=st.lists(st.integers(0, 900), max_size=6),
    n_in=st.sampled_from([1, 3, 300]),
    ridge=st.sampled_from([0.1, (0.01, 1.0)]),
    solver=st.sampled_from(["auto", "qr"]),
)
def test_how_the_rows_are_cut_into_chunks_changes_no_bit(n, cuts, n_in, ridge, solver):
    rule, (xs, ts) = LeastSquares(ridge=ridge, solver=solver), problem(n, n_in)
    whole = solved(rule, xs, ts)
    parts = gathered(rule, xs, ts, [min(cut, n) for cut in cuts])
    same_trees(finished(rule, parts, xs, ts)[0], whole[0], "chunks show")
    assert finished(rule, parts, xs, ts)[1] == whole[1]


@pytest.mark.parametrize("solver", ["direct", "qr"])
@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("cuts", [(1,), (256, 300), (100, 400, 500, 501, 800)])
def test_parts_merged_are_the_whole(cuts, offset, solver):
    rule, (xs, ts) = LeastSquares(ridge=0.1, solver=solver), problem(900)
    xs = xs + offset
    edges, memory = [*cuts, 900], gathered(rule, xs[: cuts[0]], ts[: cuts[0]])
    for start, stop in pairwise(edges):
        memory = rule.merge(memory, gathered(rule, xs[start:stop], ts[start:stop]))
    W, b = ridge_regression(xs - offset, ts, 0.1)
    params, report = finished(rule, memory, xs, ts)
    np.testing.assert_allclose(params.W_out, W, rtol=1e-8)
    np.testing.assert_allclose(params.bias, b - offset * W.sum(axis=1), rtol=1e-8)
    assert report["rows"] == 900


@pytest.mark.parametrize("solver", ["direct", "qr"])
@pytest.mark.parametrize("ridge", [0.1, (0.01, 1.0)])
def test_merging_and_concluding_leave_memories_as_they_were(ridge, solver):
    rule, (xs, ts) = LeastSquares(ridge=ridge, solver=solver), problem(900)
    one, other = gathered(rule, xs[:500], ts[:500]), gathered(rule, xs[500:], ts[500:])
    before = copy_tree((one, other))
    rule.merge(one, other)
    finished(rule, one, xs, ts)
    same_trees((one, other), before, "a memory has changed")


def test_the_order_of_rows_does_not_matter():
    rule, (xs, ts) = LeastSquares(ridge=0.1), problem(900)
    order = RNG.permutation(900)
    params, mixed = solved(rule, xs, ts)[0], solved(rule, xs[order], ts[order])[0]
    np.testing.assert_allclose(mixed.W_out, params.W_out, rtol=1e-11)


@pytest.mark.parametrize("n, n_in", [(30, 80), (290, 310), (79, 80)])
@pytest.mark.parametrize("fit_bias", [True, False])
def test_with_fewer_rows_than_inputs_the_dual_gives_the_same_weights(n, n_in, fit_bias):
    xs, ts = problem(n, n_in)
    params, report = solved(LeastSquares(ridge=0.1, fit_bias=fit_bias), xs, ts)
    assert report["solver"] == "dual cholesky" and report["rows"] == n
    x, t = (xs.mean(axis=0), ts.mean(axis=0)) if fit_bias else (0, 0)
    dx, dt = xs - x, ts - t
    W = np.linalg.solve(dx.T @ dx + 0.1 * np.eye(n_in), dx.T @ dt).T
    np.testing.assert_allclose(params.W_out, W, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(params.bias, t - W @ np.broadcast_to(x, n_in), atol=1e-8)
    error = np.sqrt(((ts - xs @ params.W_out.T - params.bias) ** 2).mean(axis=0)).mean()
    assert report["train_rmse"] == pytest.approx(error)


def test_rows_that_wait_are_dropped_when_there_are_as_many_as_inputs():
    rule, (xs, ts) = LeastSquares(ridge=0.1), problem(700, 600)
    few, many = gathered(rule, xs[:599], ts[:599]), gathered(rule, xs, ts)
    assert few.stream.n == 599 and few.blocks == 0 and few.is_small()
    assert many.stream.full_xs == () and not many.is_small()
    W, _ = ridge_regression(xs, ts, 0.1)
    np.testing.assert_allclose(finished(rule, many, xs, ts)[0].W_out, W, rtol=1e-6, atol=1e-9)


def folds_of(n):
    """Which fold each row is in: the first block in five parts, then a block to each in turn."""
    first = min(n, 256)
    cuts = np.arange(1, 5) * first // 5
    of_first = np.searchsorted(cuts, np.arange(first), side="right")
    return np.r_[of_first, np.arange(256, n) // 256 % 5]


@pytest.mark.parametrize("solver", ["direct", "qr"])
@pytest.mark.parametrize("n, n_in", [(60, 3), (256, 3), (900, 3), (2000, 3), (60, 100)])
def test_the_strength_is_chosen_by_the_error_on_what_was_left_out(n, n_in, solver):
    strengths, (xs, ts) = (1e-3, 1.0, 30.0, 1000.0), problem(n, n_in, noise=3.0)
    fold, errors = folds_of(n), []
    for ridge in strengths:
        squares = np.zeros(2)
        for k in range(5):
            W, b = ridge_regression(xs[fold != k], ts[fold != k], ridge)
            squares += ((ts - xs @ W.T - b)[fold == k] ** 2).sum(axis=0)
        errors.append(np.sqrt(squares / n))
    params, report = solved(LeastSquares(ridge=strengths, solver=solver), xs, ts)
    means, shares = np.mean(errors, axis=1), np.mean(errors / ts.std(axis=0), axis=1)
    np.testing.assert_allclose(list(report["left_out_rmse"].values()), means, rtol=1e-9)
    assert report["ridge"] == strengths[int(np.argmin(shares))]
    W, _ = ridge_regression(xs, ts, report["ridge"])
    np.testing.assert_allclose(params.W_out, W, rtol=1e-6, atol=1e-9)


def test_noise_calls_for_a_strong_ridge_and_its_absence_for_a_weak_one():
    xs = RNG.normal(size=(200, 60))
    clean, noise = xs[:, :1] * 1.0, RNG.normal(size=(200, 1))
    _, weak = solved(LeastSquares(ridge="cv"), xs, clean)
    _, strong = solved(LeastSquares(ridge="cv"), xs, noise)
    assert weak["ridge"] <= 1e-6 and strong["ridge"] == 100


def test_a_single_row_takes_the_strongest_ridge():
    xs, ts = problem(1)
    params, report = solved(LeastSquares(ridge=(0.1, 10.0, 1.0)), xs, ts)
    assert report["ridge"] == 10
    np.testing.assert_array_equal(params.W_out, np.zeros((2, 3)))


def test_one_strength_in_a_list_is_that_strength():
    xs, ts = problem(300)
    listed, plain = (
        solved(LeastSquares(ridge=[0.5]), xs, ts),
        solved(LeastSquares(ridge=0.5), xs, ts),
    )
    same_trees(listed[0], plain[0], "a list of one differs")


@pytest.mark.parametrize("solver", ["direct", "qr"])
@pytest.mark.parametrize("n_in", [3, 400])
def test_dependent_inputs_without_a_ridge_warn_and_take_the_least_norm(n_in, solver):
    xs, ts = problem(300, n_in)
    xs = np.c_[xs, xs[:, :1]]
    with pytest.warns(IllConditionedWarning, match=rf"rank {min(n_in, 299)} of {n_in + 1}"):
        params, report = solved(LeastSquares(ridge=0.0, solver=solver), xs, ts)
    W = np.linalg.lstsq(xs - xs.mean(axis=0), ts - ts.mean(axis=0), rcond=None)[0].T
    np.testing.assert_allclose(params.W_out, W, rtol=1e-6, atol=1e-8)
    assert "vectors" in report["solver"]


def test_constant_inputs_get_no_weight():
    xs, ts = problem(300)
    xs[:, 1] = 7.0
    params, _ = solved(LeastSquares(ridge=1e-6), xs, ts)
    assert np.abs(params.W_out[:, 1]).max() == 0
    W, b = ridge_regression(xs[:, [0, 2]], ts, 1e-6)
    np.testing.assert_allclose(params.W_out[:, [0, 2]], W, rtol=1e-9)
    np.testing.assert_allclose(params.bias, b, rtol=1e-9)


@pytest.mark.parametrize("n_in", [3, 400])
def test_sums_that_overflow_are_refused(n_in):
    xs, ts = problem(300, n_in)
    with pytest.raises(DataError, match="overflow: scale the data down"):
        solved(LeastSquares(), 1e200 * xs, ts)


def test_no_rows_at_all_are_refused():
    xs, ts = problem(3)
    with pytest.raises(DataError, match="no rows to learn from"):
        solved(LeastSquares(), xs[:0], ts[:0])


@pytest.mark.parametrize("solver", ["direct", "qr"])
@pytest.mark.parametrize("n_in", [3, 500])
def test_a_saved_model_goes_on_learning_with_the_same_bits(tmp_path, n_in, solver):
    xs, ts = problem(600, n_in)
    readout = Ridge(ridge=[0.1, 1.0], solver=solver, name="readout")
    model = ng.Model(readout).fit(xs[:400], ts[:400])
    model.save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors").update(xs[400:], ts[400:])
    expected = ng.Model(readout).fit(xs, ts)
    same_trees(again.params["readout"], expected.params["readout"], "saving shows")


@pytest.mark.parametrize("solver", ["direct", "qr"])
def test_workers_change_no_bit_of_what_many_series_teach(solver):
    xs, ts = problem(12000, 20)
    parts = np.split(np.arange(12000), 30)
    fits = [
        ng.Model(Ridge(name="readout", solver=solver)).fit(
            [xs[p] for p in parts], [ts[p] for p in parts], workers=w
        )
        for w in (1, 3)
    ]
    same_trees(fits[0].params["readout"], fits[1].params["readout"], "workers show")
    np.testing.assert_allclose(
        fits[0].params["readout"].W_out, ridge_regression(xs, ts, 1e-6)[0], rtol=1e-9
    )


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


def test_readouts_of_one_input_share_a_triangle_and_learn_what_each_would_alone():
    xs, ts = problem(900, 5, 3)
    both = [Ridge(name=name, solver="qr", ridge=[1e-20, 1e-3]) for name in "ab"]
    targets = {"a": ts[:, :1], "b": ts[:, 1:]}
    model = ng.Model(Input(name="u") >> both).fit(xs, targets)
    for readout in both:
        alone = ng.Model(Input(name="u") >> readout).fit(xs, targets[readout.name])
        found, known = (m.params[readout.name].W_out for m in (model, alone))
        np.testing.assert_allclose(found, known, rtol=1e-12)
    assert model.update(xs, targets).report[0]["rows"] == 1800


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
