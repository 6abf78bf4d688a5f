import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph import delay
from nodegraph.engines import loops
from nodegraph.errors import DataError, DivergenceError
from nodegraph.testing.comparing import same_trees
from nodes import Identity, Input, Output, Reservoir, Ridge, Tanh

X = np.random.default_rng(0).normal(size=(60, 2))


def graphs():
    pool = Reservoir(name="pool", units=20, leak_rate=0.4)
    out = Ridge(name="out", W_out=np.full((1, 20), 0.1))
    slow = Reservoir(name="slow", units=5, every=3, phase=1)
    yield Input() >> pool >> out
    yield (Input() >> pool >> out) & (pool << out)
    yield Input() >> [pool >> delay(5) >> Identity(name="late"), Tanh()] >> Output()
    yield Input() >> [pool, slow] >> Identity()


def stepped(model, rows):
    return np.array([model.step(row) for row in rows])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("which", range(4))
def test_steps_give_the_bits_of_a_run_and_leave_the_model_there(which, dtype):
    graph = list(graphs())[which]
    one, other = (ng.Model(graph, dtype=dtype) for _ in range(2))
    whole = other.run(X)
    np.testing.assert_array_equal(stepped(one, X[:40]), whole[:40])
    assert one._stepper is not None
    np.testing.assert_array_equal(one.run(X[40:50]), whole[40:50])
    np.testing.assert_array_equal(stepped(one, X[50:]), whole[50:])
    assert one.time == other.time == 60
    for name in one.state:
        same_trees(one.state[name], other.state[name], name)
        np.testing.assert_array_equal(
            one._settle().slots[name].past, other._settle().slots[name].past
        )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["step", "run", "look", "save", "generate"]), max_size=25))
def test_whatever_is_done_between_steps_they_go_on(acts):
    graph = list(graphs())[1]
    model = ng.Model(Input(units=1) >> graph.nodes[1] >> graph.nodes[2])
    plain = ng.Model(model.graph)
    t = 0
    for act in acts:
        if act == "step":
            y, expected = model.step(X[t, :1]), plain.run(X[t : t + 1, :1])[0]
        elif act == "run":
            y, expected = model.run(X[t : t + 2, :1]), plain.run(X[t : t + 2, :1])
        elif act == "look":
            y, expected = model.state["pool"].x, plain.state["pool"].x
        elif act == "generate":
            y, expected = model.generate(2), plain.generate(2)
        else:
            model = pickle.loads(pickle.dumps(copy.deepcopy(model)))
            continue
        t = (t + 2) % 50
        np.testing.assert_array_equal(y, expected)


def test_rows_may_be_lists_numbers_or_whole_numbers():
    model = ng.Model(Input(units=1) >> Identity())
    rows = [np.array([0.5]), [0.5], 0.5, np.float32(0.5), (0.5,)] * 3
    assert [float(model.step(row)[0]) for row in rows] == [0.5] * 15
    assert model.step(np.array([2])) == 2.0
    assert model.step(3) == 3.0


@pytest.mark.parametrize("bad", [[np.nan, 0.0], [np.inf, 0.0], [1.0], [[1.0, 2.0]], "no", None])
def test_a_bad_row_is_refused_and_nothing_moves(bad):
    model, other = (ng.Model(next(iter(graphs()))) for _ in range(2))
    for row in X[:9]:
        model.step(row)
    with pytest.raises(DataError):
        model.step(bad)
    other.run(X[:9])
    np.testing.assert_array_equal(model.step(X[9]), other.run(X[9:10])[0])


def test_a_step_that_diverges_is_told_as_in_a_run_and_changes_nothing():
    growing = Reservoir(name="r", W=[[3.0]], W_in=[[1.0]], activation="identity")
    model = ng.Model(Input() >> growing)
    with np.errstate(over="ignore"), pytest.raises(DivergenceError, match="r: output"):
        for _ in range(2000):
            model.step([1e290])
    steps, x = model.time, model.state["r"].x.copy()
    assert np.isfinite(x).all() and steps > 10
    with pytest.raises(DivergenceError, match=f"step {steps} "):
        model.step([1e290])
    assert model.time == steps


def test_float32_rows_that_do_not_fit_are_refused():
    model = ng.Model(Input(units=1) >> Identity(), dtype="float32")
    for _ in range(5):
        model.step([1.0])
    with pytest.raises(DataError, match="float32"):
        model.step(np.array([1e300]))


def test_a_graph_with_a_node_that_is_not_compiled_is_stepped_as_before():
    class InPython(Identity):
        traced = False

    model, other = (ng.Model(Input() >> InPython()) for _ in range(2))
    np.testing.assert_array_equal(stepped(model, X), other.run(X))
    assert model._stepper is None


def test_inputs_by_name():
    a, b = Input(name="a"), Input(name="b")
    model = ng.Model([a, b] >> Output())
    for row in X[:20]:
        y = model.step({"a": row[:1], "b": row[1:]})
        np.testing.assert_array_equal(y, row)
    assert model._stepper is not None
    with pytest.raises(DataError, match="b has no data"):
        model.step({"a": X[0, :1]})


def test_new_params_and_states_count_at_once():
    model = ng.Model(next(iter(graphs())))
    stepped(model, X[:10])
    model.params["out"] = model.params["out"]._replace(bias=np.array([7.0]))
    model.state["pool"] = model.state["pool"]._replace(x=np.zeros(20))
    y = model.step(np.zeros(2))
    assert abs(y[0] - 7) < 1e-12


def test_loops_in_programs_give_the_bits_of_loops_in_python(monkeypatch):
    for graph in graphs():
        model = ng.Model(graph)
        compiled = model.run(X)
        monkeypatch.setattr(loops, "FEWEST", 10**9)
        np.testing.assert_array_equal(model.reset().run(X), compiled)
        monkeypatch.undo()
