from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from least_squares_alone import RNG, finished, gathered, problem, ridge_regression, solved

import nodegraph as ng
from nodegraph.arrays import copy_tree
from nodegraph.errors import DataError, IllConditionedWarning
from nodegraph.testing import check_rule
from nodegraph.testing.comparing import same_trees
from nodes import Input, Ridge
from nodes.rules import LeastSquares


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
    size = abs(W).max()  # a weight may be next to none
    np.testing.assert_allclose(params.W_out / size, W / size, rtol=0, atol=1e-9)
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
