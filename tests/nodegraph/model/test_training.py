"""Stages of learning, teacher forcing, and where a model is left by them."""

import warnings

import numpy as np
import pytest
from ridge_by_hand import T, U, Y, chain, numpy_ridge, numpy_states

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DataWarning, NotFittedError
from nodes import LMS, Filter, Input, Output, Reservoir, Ridge, Scaler
from nodes.rules import IntrinsicPlasticity, Oja


def test_fit_with_feedback_sees_the_teacher_of_the_step_before():
    r, out = Reservoir(name="r", units=15), Ridge(name="out")
    model = ng.Model((Input() >> r >> out) & (r << out), seed=1).fit(U, Y, warmup=30)
    states = numpy_states(model.params["r"], U, feedback=Y)
    W, b = numpy_ridge(states[30:], Y[30:], 1e-6)
    np.testing.assert_allclose(model.params["out"].W_out, W, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.params["out"].bias, b, rtol=1e-5)


def test_after_a_forced_fit_run_goes_on_from_the_last_teacher_value():
    r, out = Reservoir(name="r", units=15), Ridge(name="out")
    model = ng.Model((Input() >> r >> out) & (r << out), seed=1).fit(U[:300], Y[:300])
    params, y_hat = model.params["r"], model.run(U[300:302])
    x = numpy_states(params, U[:300], feedback=Y)[-1]
    y = Y[299]
    W, W_in, W_fb = (getattr(params, n) for n in ("W", "W_in", "W_fb"))
    for t in range(2):
        x = np.tanh(W @ x + W_in @ U[300 + t] + W_fb @ y + params.bias)
        y = model.params["out"].W_out @ x + model.params["out"].bias
        np.testing.assert_allclose(y_hat[t], y, rtol=1e-9)


def test_fit_leaves_the_model_at_the_end_of_the_series():
    model = ng.Model(chain(), seed=2).fit(U[:250], Y[:250])
    whole = ng.Model(chain(), seed=2).fit(U[:250], Y[:250]).reset().run(U)
    assert np.array_equal(model.run(U[250:]), whole[250:])
    assert model.time == T


def test_nodes_behind_a_readout_are_left_at_the_end_too():
    graph = chain() >> Reservoir(name="after", units=5)
    model = ng.Model(graph, seed=2).fit(U[:250], Y[:250])
    again = ng.Model(graph, seed=2).fit(U[:250], Y[:250]).reset().run(U)
    assert np.array_equal(model.run(U[250:]), again[250:])


def test_an_unsupervised_rule_upstream_learns_first_and_is_then_frozen():
    r = Reservoir(name="r", units=10, rule=IntrinsicPlasticity(rate=1e-3))
    model = ng.Model(Input() >> r >> Ridge(name="out"), seed=5).fit(U, Y, warmup=20)
    plain = ng.Model(Input() >> Reservoir(name="r", units=10) >> Ridge(), seed=5).fit(U, Y)
    assert not np.array_equal(model.params["r"].bias, plain.params["r"].bias)
    W, _ = numpy_ridge(numpy_states(model.params["r"], U)[20:], Y[20:], 1e-6)
    np.testing.assert_allclose(model.params["out"].W_out, W, rtol=1e-4, atol=1e-6)
    assert [(r["node"], r["stage"]) for r in model.report] == [("r", 1), ("out", 2)]


def test_a_second_readout_learns_from_the_predictions_of_the_first():
    first, second = Ridge(name="first"), Ridge(name="second")
    graph = Input() >> Reservoir(units=10, name="r") >> first >> second
    model = ng.Model(graph, seed=1).fit(U, {"first": Y, "second": 2 * Y + 1})
    y1 = model.reset().run(U, outputs=["first"])["first"]
    W, _ = numpy_ridge(y1, 2 * Y + 1, 1e-6)
    np.testing.assert_allclose(model.params["second"].W_out, W, rtol=1e-6)
    assert model.report[1]["stage"] == 2


def test_forcing_all_gives_downstream_nodes_the_teacher():
    graph = Input() >> Reservoir(units=10) >> Ridge(name="first") >> Ridge(name="second")
    targets = {"first": Y, "second": 2 * Y + 1}
    model = ng.Model(graph).fit(U, targets, forcing="all")
    np.testing.assert_allclose(model.params["second"].W_out, 2 * np.eye(2), atol=1e-6)
    assert {report["stage"] for report in model.report} == {1}


def test_without_forcing_the_loop_carries_the_unlearned_output():
    r, out = Reservoir(name="r", units=15), Ridge(name="out")
    model = ng.Model((Input() >> r >> out) & (r << out), seed=1).fit(U, Y, forcing=False)
    states = numpy_states(model.params["r"], U)  # the readout gives zeros until it has learned
    W, _ = numpy_ridge(states, Y, 1e-6)
    np.testing.assert_allclose(model.params["out"].W_out, W, rtol=1e-4, atol=1e-6)


def test_without_forcing_a_model_is_left_where_it_runs_by_what_it_has_learned():
    """Not where its nodes stood while they heard zeros of the readout, which had not learned."""
    r, out = Reservoir(name="r", units=15, feedback_scaling=0.1), Ridge(name="out", ridge=0.1)
    graph = (Input() >> r >> out >> Filter(tau=5.0, name="late")) & (
        out >> delay(2) >> r["feedback"]
    )
    model = ng.Model(graph, seed=1).fit(U[:250], Y[:250], forcing=False)
    names = ["r", "out", "late"]
    after = model.run(U[250:], outputs=names)
    whole = model.reset().run(U, outputs=names)
    for name in names:
        np.testing.assert_array_equal(after[name], whole[name][250:])


def test_a_scaler_in_front_learns_in_a_stage_of_its_own():
    graph = Input() >> Scaler(name="s") >> Reservoir(units=10, name="r") >> Ridge(name="out")
    model = ng.Model(graph, seed=2).fit(100 * U + 7, Y)
    low, high = U.min(0), U.max(0)
    scaled = 2 * (U - low) / (high - low) - 1
    W, _ = numpy_ridge(numpy_states(model.params["r"], scaled), Y, 1e-6)
    np.testing.assert_allclose(model.params["out"].W_out, W, rtol=1e-4, atol=1e-6)


def test_delayed_edges_of_any_length_run_before_and_after_a_fit():
    u, out = Input(name="u"), Ridge(name="out")
    graph = (u >> delay(2) >> out) & (u >> delay(30) >> out)
    model = ng.Model(graph)
    target = np.zeros((T, 1))
    target[2:] += U[:-2, :1]
    target[30:] -= 2 * U[:-30, 1:]
    y = model.fit(U, target, warmup=30).reset().run(U)
    np.testing.assert_allclose(y[30:], target[30:], atol=1e-6)
    np.testing.assert_allclose(model.params["out"].W_out, [[1, 0, 0, -2]], atol=1e-6)


def test_an_output_node_behind_a_readout_is_transparent():
    graph = chain() >> Output()
    assert np.array_equal(
        ng.Model(graph, seed=1).fit(U, Y).run(U[:9]), ng.Model(chain(), seed=1).fit(U, Y).run(U[:9])
    )


def test_learners_one_after_the_other_learn_from_a_list_of_series():
    graph = Input(name="u") >> Scaler(name="s") >> Reservoir(units=20) >> Ridge(name="out")
    one = ng.Model(graph, seed=3).fit([U, U[:50]], [Y, Y[:50]], warmup=5)
    scaled = ng.Model(Input(name="u") >> Scaler(name="s"), seed=3).fit([U, U[:50]])
    for param, other in zip(one.params["s"], scaled.params["s"], strict=True):
        assert np.array_equal(param, other)
    assert len(one.report) == 2


def learning_pool():
    return Input() >> Reservoir(units=5, rule=Oja(weights="W_in"), name="pool")


def test_who_learns_online_waits_for_no_target_of_who_learns_offline():
    alone = ng.Model(learning_pool(), seed=1)
    beside = ng.Model(learning_pool() >> Ridge(name="out"), seed=1)
    states = beside.partial_fit(U[:60], outputs=["pool"])["pool"]
    assert np.array_equal(states, alone.partial_fit(U[:60]))
    assert np.array_equal(beside.params["pool"].W_in, alone.params["pool"].W_in)
    with pytest.raises(NotFittedError, match="out has not learned yet"):
        beside.partial_fit(U[:60])


def test_targets_that_teach_nobody_online_are_told():
    model = ng.Model(learning_pool() >> Ridge(name="out"), seed=1).fit(U, Y)
    before = model.params["out"].W_out.copy()
    with pytest.warns(DataWarning, match="the target of out teaches nothing, for LeastSquares"):
        model.partial_fit(U[:60], Y[:60])
    assert np.array_equal(model.params["out"].W_out, before)
    both = ng.Model(Input() >> [LMS(rate=0.01, name="fast"), Ridge(name="out")], seed=1).fit(U, Y)
    with pytest.warns(DataWarning, match="target of out teaches"):
        both.partial_fit(U[:60], {"fast": Y[:60], "out": Y[:60]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        both.partial_fit(U[:60], Y[:60])  # meant for whoever can
