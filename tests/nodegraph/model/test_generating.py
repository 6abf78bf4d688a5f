"""generate is run(prompt)[-1], then each value as the next input: by a loop of single steps."""

import warnings
from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DataError, DataWarning, FieldError, GraphError, NotFittedError
from nodes import ESN, RLS, Identity, Input, Output, Reservoir, Ridge, Scaler
from nodes.rules import Hebb

X = np.sin(np.arange(301) / 6)[:, None]
V = np.cos(np.arange(301) / 9)[:, None]


def with_feedback():
    r, out = Reservoir(name="r", units=15, leak_rate=0.5), Ridge(name="out")
    return (Input(name="u") >> r >> out) & (r << out)


def with_delays_and_clocks():
    u, out = Input(name="u"), Ridge(name="out", ridge=1e-4)
    slow = Reservoir(name="slow", units=6, every=3, phase=1)
    pool, late = Reservoir(name="pool", units=9), Identity(name="late")
    return (u >> [pool, slow, delay(4) >> late] >> out) & (pool << out)


GRAPHS = {
    "a chain": lambda: Input(name="u") >> Scaler() >> Reservoir(units=20) >> Ridge(name="out"),
    "no input node": lambda: ESN(units=20),
    "output feedback": with_feedback,
    "delays, clocks": with_delays_and_clocks,
    "a readout that learned online": lambda: Input(name="u") >> Reservoir(units=9) >> RLS(),
}


def fitted(graph):
    return ng.Model(graph, seed=4).fit(X[:-1], X[1:], warmup=20)


def by_hand(model, steps, prompt):
    """Return run(prompt)[-1] and what comes of it, one step after the other."""
    values = [model.run(prompt)[-1]]
    while len(values) < steps:
        values.append(model.run(values[-1][None])[-1])
    return np.array(values)


@pytest.mark.parametrize("kind", GRAPHS)
def test_the_first_value_is_the_forecast_of_the_step_after_the_prompt(kind):
    model, twin = fitted(GRAPHS[kind]()), fitted(GRAPHS[kind]())
    expected = by_hand(twin.reset(), 12, X[:80])
    np.testing.assert_array_equal(model.reset().generate(12, prompt=X[:80]), expected)
    assert model.time == twin.time == 80 + 11
    np.testing.assert_array_equal(model.run(X[91:99]), twin.run(X[91:99]))


@pytest.fixture(scope="module")
def hears_itself():
    return fitted(with_feedback())


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(1, 30))
def test_generation_in_parts_is_generation_of_the_whole(hears_itself, parts, shown):
    model = hears_itself
    whole = model.reset().generate(sum(parts), prompt=X[:shown])
    first = model.reset().generate(parts[0], prompt=X[:shown])
    rest = [model.generate(n) for n in parts[1:]]
    np.testing.assert_array_equal(np.concatenate([first, *rest]), whole)


def test_one_value_is_that_of_the_last_row_and_the_model_stands_behind_the_prompt():
    model = fitted(with_feedback())
    whole = model.reset().run(X[:50])
    np.testing.assert_array_equal(model.reset().generate(1, prompt=X[:50]), whole[-1:])
    assert model.time == 50
    np.testing.assert_array_equal(model.step(X[50]), model.reset().run(X[:51])[-1])


@pytest.mark.parametrize("parts", [(20,), (1, 19), (7, 1, 12)])
@pytest.mark.parametrize("kept", ["as it is", "saved", "a snapshot"])
def test_a_forecast_that_fit_left_behind_comes_first(kept, parts, tmp_path):
    u, beside = X[:200], V[:200]
    graph = [Input(name="u"), Input(name="v")] >> Reservoir(units=40, name="r")
    graph = graph >> Ridge(name="out", ridge=1e-9)
    model = ng.Model(graph, seed=1).fit({"u": u, "v": beside}, u, ahead=1, warmup=30)
    if kept == "saved":
        model.save(tmp_path / "m.safetensors")
        model = ng.load(tmp_path / "m.safetensors")
    elif kept == "a snapshot":
        before = model.snapshot()
        model.run({"u": u[:9], "v": beside[:9]})
        model.restore(before)
    said, at = [], 200
    for count in parts:
        rows = {"v": V[at : at + count - (not said)]}
        said.append(model.generate(count, x=rows if len(rows["v"]) else None, loop={"u": "out"}))
        at += count - (len(said) == 1)
    other = ng.Model(graph, seed=1).fit({"u": u[:-1], "v": beside[:-1]}, u[1:], warmup=30)
    wanted = other.generate(20, x={"v": V[199:219]}, loop={"u": "out"})
    np.testing.assert_allclose(np.concatenate(said), wanted, rtol=1e-9)


@pytest.mark.parametrize("unknown", [1, 3])
def test_it_does_as_well_where_the_last_targets_are_unknown(unknown):
    targets = X[1:201].copy()
    targets[-unknown:] = np.nan
    graph = Input(name="u") >> Reservoir(units=40) >> Ridge(ridge=1e-9)
    model = ng.Model(graph, seed=1).fit(X[:200], targets, warmup=30)
    weights = model.params["ridge"].W_out
    np.testing.assert_allclose(model.generate(9), X[200:209], atol=0.01)
    model.reset()
    np.testing.assert_allclose(model.generate(9, prompt=X[:200]), X[200:209], atol=0.01)
    known = ng.Model(graph, seed=1).fit(X[: 200 - unknown], targets[: 200 - unknown], warmup=30)
    np.testing.assert_allclose(weights, known.params["ridge"].W_out, rtol=1e-6)


@pytest.mark.parametrize("move", ["run", "step"])
def test_what_was_said_since_is_not_said_again(move):
    fitted = ng.Model(Input(name="u") >> Reservoir(units=40) >> Ridge(ridge=1e-9), seed=1)
    fitted.fit(X[:200], X[:200], ahead=1, warmup=30)
    row = X[200] if move == "step" else X[200:201]
    said = getattr(fitted, move)(row)
    np.testing.assert_allclose(np.ravel(said), X[201], atol=0.01)
    np.testing.assert_allclose(fitted.generate(9), X[202:211], atol=0.02)
    fitted.reset()
    with pytest.warns(DataWarning, match="start"):
        fitted.generate(2)


@pytest.mark.parametrize("how", ["fit", "update", "load"])
def test_after_learning_the_first_value_is_the_first_that_was_never_seen(how, tmp_path):
    model = ng.Model(Input() >> Reservoir(units=60) >> Ridge(ridge=1e-10), seed=1)
    cut = 200 if how == "update" else 300
    model.fit(X[:cut], X[1 : cut + 1], warmup=50)
    if how == "update":
        model.update(X[cut:-1], X[cut + 1 :])
    if how == "load":
        model.save(tmp_path / "m.safetensors")
        model = ng.load(tmp_path / "m.safetensors")
    expected = np.sin(np.arange(301, 321) / 6)
    np.testing.assert_allclose(model.generate(20)[:, 0], expected, atol=1e-3)


@pytest.mark.parametrize("move", ["run", "step", "partial_fit", "generate"])
def test_without_a_prompt_the_last_output_is_the_next_input(move):
    model = fitted(Input() >> Reservoir(units=9) >> RLS())
    if move == "run":
        last = model.run(X[:9])[-1]
    elif move == "step":
        last = [model.step(row) for row in X[:30]][-1]
    elif move == "partial_fit":
        last = model.partial_fit(X[:9], X[1:10])[-1]
    else:
        last = model.generate(4)[-1]
    here, expected = model.snapshot(), []
    for _ in range(5):
        last = model.run(last[None])[-1]
        expected.append(last)
    np.testing.assert_array_equal(model.restore(here).generate(5), expected)


def test_prompts_in_a_list_are_independent_and_leave_the_own_stream_alone():
    model = fitted(with_feedback())
    prompts = [X[:40], X[100:117]]
    expected = [model.reset().generate(6, prompt=p) for p in prompts]
    model.reset().run(X[:33])
    after = model.snapshot()
    found = model.generate(6, prompt=prompts)
    assert isinstance(found, list) and model.time == 33
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(model.run(X[33:50]), model.restore(after).run(X[33:50]))
    stack = model.generate(6, prompt=np.stack([X[:40], X[50:90]]))
    assert stack.shape == (2, 6, 1)
    np.testing.assert_array_equal(stack[0], expected[0])


def test_outputs_name_the_nodes_at_the_steps_of_the_values():
    model = fitted(with_feedback())
    values = model.reset().generate(7, prompt=X[:30])
    found = model.reset().generate(7, prompt=X[:30], outputs=["r", "out"])
    np.testing.assert_array_equal(found["out"], values)
    whole = model.reset().run(np.concatenate([X[:30], values[:-1]]), outputs=["r"])
    np.testing.assert_array_equal(found["r"], whole["r"][-7:])
    listed = model.generate(7, prompt=[X[:30]], outputs=["r"])
    np.testing.assert_array_equal(listed["r"][0], found["r"])


def outside():
    u, v, r, out = Input(name="u"), Input(name="v"), Reservoir(units=10), Ridge(name="out")
    return ng.Model([u, v] >> r >> out, seed=1).fit({"u": X[:-1], "v": V[:-1]}, X[1:], warmup=5)


@pytest.mark.parametrize("rows", [11, 12])
def test_data_outside_the_loop_go_in_with_the_value_of_their_step(rows):
    model = outside()
    shown, after = {"u": X[:50], "v": V[:50]}, V[50:]
    expected = [model.reset().run(shown)[-1]]
    for t in range(11):
        expected.append(model.run({"u": expected[-1][None], "v": after[t : t + 1]})[-1])
    given = {"loop": {"u": "out"}, "x": {"v": after[:rows]}}
    np.testing.assert_array_equal(model.reset().generate(12, prompt=shown, **given), expected)
    lists = {"u": [X[:50]] * 2, "v": [V[:50]] * 2}
    given = {"loop": {"u": "out"}, "x": {"v": [after[:rows]] * 2}}
    np.testing.assert_array_equal(model.generate(12, prompt=lists, **given), [expected] * 2)


def test_without_a_prompt_data_outside_the_loop_are_a_row_a_value():
    model = outside()
    here, y, expected = model.snapshot(), X[-1], []
    for t in range(3):
        y = model.step({"u": y, "v": V[t]})
        expected.append(y)
    given = {"loop": {"u": "out"}, "x": {"v": V[:3]}}
    np.testing.assert_array_equal(model.restore(here).generate(3, **given), expected)
    np.testing.assert_array_equal(
        model.restore(here).generate(3, loop={"u": "out"}, x=V[:3]), expected
    )


LOOP = {"loop": {"u": "out"}}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "the loop is not plain"),
        (LOOP, "v is not in the loop and has no data"),
        ({**LOOP, "x": {"v": V[:2]}}, "x: 2 rows for 3 steps; give 3, "),
        ({**LOOP, "x": {"v": V[:4]}, "prompt": {"u": X[:9], "v": V[:9]}}, "give 2, .* the prompt"),
        ({**LOOP, "x": {"u": X[:3], "v": V[:3]}}, "u is in the loop, where out becomes its input"),
        ({**LOOP, "x": {"out": X[:3], "v": V[:3]}}, "x: out takes no data"),
        ({**LOOP, "x": {"v": [V[:3]]}}, "x: expected one array"),
        ({**LOOP, "x": {"v": V[:2]}, "prompt": {"u": [X[:9]], "v": [V[:9]]}}, "a list of 1 such"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_moves(given, message):
    model = outside()
    with pytest.raises((DataError, GraphError), match=message):
        model.generate(3, **given)
    assert model.time == 300


@pytest.mark.parametrize("steps", [0, -3, 2.5, True, "9"])
def test_generate_takes_a_whole_number_of_steps(steps):
    with pytest.raises((DataError, FieldError), match="steps"):
        fitted(with_feedback()).generate(steps)


def test_generate_before_fit_is_refused():
    with pytest.raises(NotFittedError):
        ng.Model(Input() >> Reservoir(units=5) >> Ridge()).generate(5, prompt=X)


def test_a_loop_of_the_wrong_width_is_refused():
    model = ng.Model(Input() >> Reservoir(units=5) >> Ridge(name="out"))
    model.fit(X, np.hstack([X, V]))
    with pytest.raises(GraphError, match="out gives 2 values, input takes 1"):
        model.generate(3, prompt=X[:9])


@pytest.mark.parametrize("ahead", [0, 2, 10])
@pytest.mark.parametrize("loaded", [False, True])
def test_a_model_that_was_not_taught_one_step_ahead_says_so(ahead, loaded, tmp_path):
    model = ng.Model(Input(name="u") >> Reservoir(units=9) >> Ridge(name="out") >> Output())
    model.fit(X[: len(X) - ahead], X[ahead:], warmup=20)
    if loaded:
        model.save(tmp_path / "m.safetensors")
        model = ng.load(tmp_path / "m.safetensors")
    with pytest.warns(DataWarning, match=f"out was taught u {ahead} steps ahead"):
        model.generate(3)


def test_online_learning_tells_how_far_ahead_it_was_taught_as_well():
    model = ng.Model(Input(name="u") >> Reservoir(units=9) >> RLS(name="out"))
    with pytest.warns(DataWarning, match="the target of out is u 4 rows later"):
        model.partial_fit(X[:-4], X[4:])
    with pytest.warns(DataWarning, match="out was taught u 4 steps ahead"):
        model.generate(3)


def rows_of(model, x, y, rows=1):
    for t in range(0, len(x), rows):
        model.partial_fit(x[t : t + rows], y[t : t + rows])


@pytest.mark.parametrize("rows", [1, 7, 32])
@pytest.mark.parametrize("node", [{}, {"rule": Hebb(rate=1e-4)}], ids=["compiled", "plain"])
def test_so_it_does_a_few_rows_at_a_time(rows, node, tmp_path):
    model = ng.Model(Input(name="u") >> Reservoir(units=9, **node) >> RLS(name="out"))
    rows_of(model, X[:-10][:290], X[10:][:290], rows)
    model.save(tmp_path / "m.safetensors")
    for one in (model, ng.load(tmp_path / "m.safetensors")):
        with pytest.warns(DataWarning, match="out was taught u 10 steps ahead"):
            one.generate(3)
    rows_of(model, X[:280], X[1:281], rows)  # the last lessons tell
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.generate(3)


def test_rows_with_a_gap_between_them_are_not_taken_for_neighbours():
    model = ng.Model(Input(name="u") >> Reservoir(units=9) >> RLS(name="out"))
    rows_of(model, X[:90], X[4:94])
    model.run(X[:3])
    rows_of(model, X[:20], X[4:24])
    assert model._settle().ahead.horizons() == {"out": {}}
    rows_of(model, X[20:90], X[24:94])
    assert model._settle().ahead.horizons() == {"out": {"u": 4}}


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
@pytest.mark.parametrize("once", [True, False])
def test_so_it_does_of_a_stream_of_chunks(call, once):
    model = ng.Model(Input(name="u") >> Reservoir(units=9) >> RLS(name="out"))
    pairs = [(X[i : i + 40], X[i + 5 : i + 45]) for i in range(0, 280, 40)]
    again = type("Again", (), {"__iter__": lambda self: iter(pairs)})()
    told = pytest.warns(DataWarning, match="u 5 rows later")
    with told if call == "partial_fit" else nullcontext():
        getattr(model, call)(iter(pairs) if once else again)
    with pytest.warns(DataWarning, match="out was taught u 5 steps ahead"):
        model.generate(3)


def test_one_step_ahead_and_what_cannot_be_known_are_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted(with_feedback()).generate(3)
        fitted(with_feedback()).fit([X[:-1], X[:50]], [X[1:], X[1:51]]).generate(3, prompt=X[:9])
        ng.Model(Input(units=1) >> Identity()).generate(3)


def test_a_stream_that_has_seen_nothing_is_told_of():
    model = fitted(with_feedback()).reset()
    with pytest.warns(DataWarning, match="the model's own stream is at its start"):
        model.generate(3)
    apart = ng.Model(with_feedback()).fit([X[:-1]], [X[1:]])
    with pytest.warns(DataWarning, match="fit on a list of series"):
        apart.generate(3)
