import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.errors import DataError, GraphError
from nodegraph.graph.limits import check_within
from nodegraph.node import DURATION, Limits
from nodes import CTRNN, Concat, Input, Tanh

NUMBERS = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("limits", [Limits(0, 1), Limits(1), DURATION])
@given(x=NUMBERS)
def test_any_number_can_be_brought_in(limits, x):
    assert limits.hold(limits.brought_in(np.array([x]))).all()


@pytest.mark.parametrize(
    ("limits", "words", "inside", "outside"),
    [
        (Limits(0, 1), "from 0 to 1", [0, 1], [-0.1, 1.1, np.nan]),
        (Limits(1), "1 or more", [1, 9], [0.9, np.nan]),
        (DURATION, "above 0", [1e-9], [0, -1]),
    ],
)
def test_what_may_be_and_how_it_is_said(limits, words, inside, outside):
    assert str(limits) == words
    assert limits.hold(np.array(inside, float)).all()
    assert not limits.hold(np.array(outside, float)).any()


U = np.random.default_rng(0).standard_normal((60, 2))


def timed(**fields):
    cell = CTRNN(units=3, connectivity=1.0, name="cell", **fields)
    return (Input(name="u") >> cell) & (Input(name="dt") >> cell["dt"])


def data(at=None, value=1.0, n=60):
    dt = np.full((n, 1), 0.5)
    dt[[] if at is None else at] = value
    return {"u": U[:n], "dt": dt}


@pytest.mark.parametrize("value", [0.0, -0.25])
@pytest.mark.parametrize("n", [20, 60])
def test_time_that_does_not_go_forward_is_refused_wherever_it_comes(value, n):
    model = ng.Model(timed(), seed=1)
    message = rf"^cell: dt should be above 0, .* got {value:g} at step 17; mend"
    with pytest.raises(DataError, match=message):
        model.run(data(17, value, n))
    model.run(data(n=17))
    with pytest.raises(DataError, match=message):
        model.step({"u": U[0], "dt": np.array([value])})
    lists = {name: [rows, rows] for name, rows in data(17, value, n).items()}
    with pytest.raises(DataError, match=message):
        model.run(lists)


def test_a_refused_call_leaves_the_model_where_it_was():
    model, other = ng.Model(timed(), seed=1), ng.Model(timed(), seed=1)
    model.run(data(n=20))
    with pytest.raises(DataError):
        model.run(data(17, 0.0, 20))
    other.run(data(n=20))
    np.testing.assert_array_equal(model.run(data(n=20)), other.run(data(n=20)))


def test_time_within_a_loop_is_looked_at():
    cell = CTRNN(units=1, W=[[0.0]], W_in=[[1.0]], name="cell")
    clock = Concat(name="clock")
    graph = (Input(name="u") >> cell >> ng.delay(1) >> clock) & (clock >> cell["dt"])
    with pytest.raises(DataError, match="cell: dt should be above 0"):
        ng.Model(graph, seed=1).run({"u": np.ones((30, 1))})


def test_time_is_one_signal():
    two = Input(name="dt") >> Tanh() >> CTRNN(units=3, name="cell")["dt"]
    with pytest.raises(GraphError, match=r"cell: dt should be one signal, .* got 2"):
        ng.Model(two, seed=1).run(U)


def test_a_missing_time_is_refused():
    with pytest.raises(DataError, match="dt: NaN in row 3"):
        ng.Model(timed(), seed=1).run(data(3, np.nan))
    with pytest.raises(DataError, match=r"n: dt should be above 0, .* got nan at step 5"):
        check_within("n", {"dt": DURATION}, {"dt": np.array([[1.0], [np.nan]])}, 4)
