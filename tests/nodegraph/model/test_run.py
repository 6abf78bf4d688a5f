import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DataError, GraphError, NotFittedError
from nodes import RLS, Input, Reservoir, Ridge

T = 200
U = np.random.default_rng(1).uniform(-1, 1, (T, 1))
Y = np.roll(U, 1, axis=0)


def feedback_graph():
    r, out = Reservoir(name="r", units=15, leak_rate=0.5), Ridge(name="out")
    return (Input(name="u") >> r >> out) & (r << out)


@pytest.fixture(scope="module")
def fitted():
    return ng.Model(feedback_graph(), seed=4).fit(U, Y, warmup=10)


def test_of_two_reservoirs_that_hear_each_other_late_only_the_first_gets_the_data():
    near, far = Reservoir(name="near", units=4), Reservoir(name="far", units=4)
    ring = (near >> delay(2) >> far) & (near << (far >> delay(3)))
    assert ring.inputs == ("near",)
    bare = ng.Model(ring, seed=2).run(U, outputs=["near", "far"])
    bound = ng.Model((Input() >> near) & ring, seed=2).run(U, outputs=["near", "far"])
    assert all(np.array_equal(bare[name], bound[name]) for name in bare)
    assert not bound["far"][:2].any() and bound["far"][2].any()


def test_a_ring_that_nothing_enters_runs_alone_and_takes_data_only_by_name():
    a = Reservoir(name="a", W=[[0.0]], W_in=[[1.0]], bias=[1.0], activation="identity")
    b = Reservoir(name="b", W=[[0.0]], W_in=[[2.0]], activation="identity")
    ring = (a >> b) & (b >> delay(1) >> a)  # a[t] = 1 + b[t-1], b[t] = 2 a[t]
    assert ng.Model(ring).run(steps=4)[:, 0].tolist() == [2.0, 6.0, 14.0, 30.0]
    with pytest.raises(DataError, match=r"an edge reaches every node; write Input\(\) >>"):
        ng.Model(ring).run(U)
    wide = a.model_copy(update={"W_in": [[1.0, 1.0]]})  # data first, then the edge
    ring = (wide >> b) & (b >> delay(1) >> wide)
    assert ng.Model(ring).run({"a": [1.0, 0.0]})[:, 0].tolist() == [4.0, 10.0]


@given(st.integers(1, T - 1))
def test_run_then_run_equals_run_of_both_with_feedback(fitted, cut):
    whole = fitted.reset().run(U)
    fitted.reset()
    assert np.array_equal(np.concatenate([fitted.run(U[:cut]), fitted.run(U[cut:])]), whole)


def test_step_gives_the_numbers_of_run(fitted):
    whole = fitted.reset().run(U[:20])
    fitted.reset()
    assert np.array_equal(np.array([fitted.step(u) for u in U[:20]]), whole)


def test_steps_shows_every_node_and_moves_the_model(fitted):
    whole = fitted.reset().run(U[:6], outputs=["u", "r", "out"])
    fitted.reset()
    for t, frame in fitted.steps(U[:6]):
        for name, rows in whole.items():
            assert np.array_equal(frame[name], rows[t])
        assert fitted.time == t + 1


def test_any_node_can_be_watched_and_nothing_else_is_returned(fitted):
    out = fitted.reset().run(U, outputs=["r"])
    assert {name: rows.shape for name, rows in out.items()} == {"r": (T, 15)}


def test_watching_one_node_moves_the_others_too(fitted):
    whole = fitted.reset().run(U)
    fitted.reset().run(U[:50], outputs=["u"])
    assert np.array_equal(fitted.run(U[50:]), whole[50:])


def test_independent_series_leave_the_own_stream_alone(fitted):
    fitted.reset().run(U[:30])
    alone = fitted.snapshot()
    outs = fitted.run([U[:50], U[:7]])
    after = fitted.run(U[30:])
    assert np.array_equal(after, fitted.restore(alone).run(U[30:]))
    assert np.array_equal(outs[0], fitted.reset().run(U[:50]))
    assert np.array_equal(outs[1], outs[0][:7])


def test_results_have_the_form_of_the_data(fitted):
    assert fitted.run(np.stack([U[:5], U[5:10]])).shape == (2, 5, 1)
    assert isinstance(fitted.run([U[:5]]), list)
    assert fitted.run(U[:5, 0]).shape == (5, 1)
    assert fitted.run(U[:5].tolist()).shape == (5, 1)
    both = fitted.run([U[:5]], outputs=["r", "out"])
    assert [rows.shape for rows in both["r"]] == [(5, 15)]


def test_threads_change_no_bit(fitted):
    series = [U[i:] for i in range(20)]
    for one, two in zip(fitted.run(series), fitted.run(series, workers=2), strict=True):
        assert np.array_equal(one, two)


def test_an_iterator_of_chunks_is_the_same_as_the_whole(fitted):
    whole = fitted.reset().run(U)
    assert np.array_equal(fitted.reset().run(U[i : i + 9] for i in range(0, T, 9)), whole)


@pytest.mark.parametrize(
    "kind",
    [
        lambda a: a.astype(">f8"),
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=0)[::2],
        lambda a: a[::-1][::-1],
        lambda a: a.astype(object),
        lambda a: a.tolist(),
    ],
)
def test_any_array_of_the_same_numbers_gives_the_same_result(fitted, kind):
    expected, given_data = fitted.reset().run(U), kind(U)
    assert np.array_equal(fitted.reset().run(given_data), expected)


def test_integers_become_floats_and_read_only_data_are_left_alone(fitted):
    ints = np.arange(5)[:, None]
    ints.setflags(write=False)
    assert np.array_equal(fitted.reset().run(ints), fitted.reset().run(ints.astype(float)))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((5, 2)), r"u: the input should have 1 column .* got 2"),
        (np.zeros((2, 3, 4, 5)), r"expected shape \(T, d\)"),
        (np.zeros((0, 1)), "nothing in it"),
        (np.array([["a"]]), "expected numbers"),
        (np.array([1j]), "expected numbers, got complex"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "expected numbers"),
        (np.array([[1.0], [np.inf]]), "inf in row 1, column 0"),
        ([np.zeros((3, 1)), np.zeros(3)], "independent series"),
        ([], "empty list"),
        ([[1.0], [1.0, 2.0]], "rows of different lengths"),
        ({"w": U}, "no node is named so"),
        (None, "u has no data|no data"),
        ("text", "expected numbers"),
    ],
)
def test_bad_data_are_refused_and_nothing_moves(fitted, x, message):
    fitted.reset().run(U[:3])
    with pytest.raises(DataError, match=message):
        fitted.run(x)
    assert fitted.time == 3


def test_a_wrong_step_is_refused(fitted):
    with pytest.raises(DataError, match=r"one step of shape \(d,\)"):
        fitted.step(U[:2])


def test_an_unfitted_readout_is_named():
    with pytest.raises(NotFittedError, match=r"out has not learned yet.*call fit first"):
        ng.Model(Input() >> Reservoir(units=5) >> Ridge(name="out")).run(U)


def test_what_is_upstream_of_an_unfitted_readout_runs():
    model = ng.Model(Input() >> Reservoir(units=5, name="r") >> Ridge())
    assert model.run(U, outputs=["r"])["r"].shape == (T, 5)


def test_two_inputs_need_a_dict():
    model = ng.Model([Input(name="a"), Input(name="b")] >> Reservoir(units=4))
    with pytest.raises(DataError, match=r"2 inputs: give a dict, \{'a': ..., 'b': ...\}"):
        model.run(U)
    assert model.run({"a": U, "b": U}).shape == (T, 4)
    with pytest.raises(DataError, match="b has no data"):
        model.run({"a": U})


def test_an_unknown_output_is_named_with_the_nearest(fitted):
    with pytest.raises(DataError, match="did you mean 'out'"):
        fitted.run(U, outputs=["outt"])


def test_a_graph_without_inputs_runs_for_a_number_of_steps():
    model = ng.Model(Reservoir(units=4, bias_scaling=1.0))
    whole = model.run(steps=7)
    assert np.array_equal(np.concatenate([model.reset().run(steps=3), model.run(steps=4)]), whole)
    with pytest.raises(DataError, match="steps"):
        model.run()


def test_adding_a_node_changes_no_weight_of_another():
    small = ng.Model(Input() >> Reservoir(units=6, name="r"), seed=9)
    large = ng.Model(Input() >> [Reservoir(units=6, name="r"), Reservoir(units=5)], seed=9)
    small.run(U), large.run(U)
    for one, two in zip(small.params["r"], large.params["r"], strict=True):
        assert np.array_equal(getattr(one, "data", one), getattr(two, "data", two))


def test_arrays_can_be_assigned_and_are_checked(fitted):
    out = fitted.params["out"]
    try:
        fitted.params["out"] = out._replace(bias=out.bias + 1)
        shifted = fitted.reset().step(U[0])
        fitted.params["out"] = out
        np.testing.assert_allclose(shifted, fitted.reset().step(U[0]) + 1)
        with pytest.raises(DataError, match=r"bias: expected shape \(1,\), got \(2,\)"):
            fitted.params["out"] = out._replace(bias=np.zeros(2))
        with pytest.raises(DataError, match="no node is named so"):
            fitted.params["nobody"]
    finally:
        fitted.params["out"] = out


def test_partial_fit_returns_the_prediction_made_before_each_update():
    model = ng.Model(Input() >> RLS(name="out", alpha=0.1, fit_bias=False))
    y = model.partial_fit(U[:3], 2 * U[:3])
    w, P, expected = 0.0, 10.0, []
    for u in U[:3, 0]:
        expected.append(w * u)
        gain = P * u / (1 + u * P * u)
        w, P = w + gain * (2 * u - w * u), P - gain * u * P
    np.testing.assert_allclose(y[:, 0], expected, rtol=1e-12)
    np.testing.assert_allclose(model.params["out"].W_out, [[w]], rtol=1e-12)


def test_partial_fit_by_pieces_equals_partial_fit_of_all_with_feedback():
    r, out = Reservoir(name="r", units=8), RLS(name="out", alpha=1.0)
    graph = (Input() >> r >> out) & (r << out)
    whole, parts = ng.Model(graph, seed=2), ng.Model(graph, seed=2)
    y = whole.partial_fit(U, Y)
    pieces = [parts.partial_fit(U[a : a + 23], Y[a : a + 23]) for a in range(0, T, 23)]
    assert np.array_equal(np.concatenate(pieces), y)
    assert np.array_equal(whole.params["out"].W_out, parts.params["out"].W_out)


def test_partial_fit_of_an_offline_readout_says_what_to_do():
    with pytest.raises(GraphError, match="nothing here learns online: use fit, then update"):
        ng.Model(Input() >> Ridge()).partial_fit(U, Y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"dtype": "int8"}, "dtype"),
        ({"dtype": "float16"}, "dtype"),
        ({"engine": "gpu"}, "engine"),
    ],
)
def test_bad_options_of_a_model_are_refused(options, message):
    with pytest.raises(ng.NodegraphError, match=message):
        ng.Model(Input() >> Reservoir(units=3), **options)


@pytest.mark.parametrize(
    "asked",
    [
        lambda model, x: model.run(x, noise=True),
        lambda model, x: model.run([x], noise=True),
        lambda model, x: model.step(x[0], noise=True),
        lambda model, x: model.generate(3, prompt=x, noise=True),
    ],
)
def test_noise_where_no_node_draws_any_is_refused(asked):
    x = np.sin(np.arange(30.0))[:, None]
    model = ng.Model(Input() >> Reservoir(units=5) >> Ridge(), seed=1).fit(x[:-1], x[1:])
    with pytest.raises(GraphError, match="noise=True, but no node here draws noise; leave noise"):
        asked(model, x)
    noisy = ng.Model(Input() >> Reservoir(units=5, noise=0.1) >> Ridge(), seed=1)
    assert asked(noisy.fit(x[:-1], x[1:]), x) is not None


def test_a_snapshot_of_another_model_is_refused():
    x = np.sin(np.arange(30.0))[:, None]
    model, wider, other = (
        ng.Model(Input() >> node >> Ridge(), seed=1).fit(x, x)
        for node in (Reservoir(units=5), Reservoir(units=6), RLS())
    )
    with pytest.raises(DataError, match=r"params of reservoir have shapes .*\(6, 6\).*, here "):
        model.restore(wider.snapshot())
    with pytest.raises(DataError, match="is of another model, which has rls; this one has input"):
        model.restore(other.snapshot())
    with pytest.raises(DataError, match=r"restore takes what model.snapshot\(\) gave"):
        model.restore(None)
    here, said = model.snapshot(), model.run(x)
    np.testing.assert_array_equal(model.restore(here).run(x), said)


def test_outputs_of_no_node_are_refused():
    with pytest.raises(DataError, match=r"outputs: expected a list of names, got \[\]"):
        ng.Model(Input() >> Reservoir(units=5)).run(np.ones((3, 1)), outputs=[])
