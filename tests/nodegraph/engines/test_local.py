import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DivergenceError
from nodegraph.testing import check_engine
from nodegraph.testing.zoo import Mix, Sum, Trace


@settings(max_examples=30)
@given(st.integers(0, 10**9))
def test_any_graph_runs_and_learns_as_the_naive_interpreter_does(seed):
    check_engine("local", seed=seed)


class Count(ng.Node):
    """``y[t] = y[t-1] + x[t]``, so that every step can be told from the next."""

    def start(self, n_out):
        return np.zeros(n_out)

    def step(self, params, state, x):
        return state + x, state + x


class Pass(ng.Node):
    """``y[t] = x[t]``."""

    def step(self, params, state, x):
        return state, x.copy()


@pytest.mark.parametrize("lag", [1, 2, 7, 5000])
def test_a_delayed_edge_gives_the_output_of_that_many_steps_ago(lag):
    u, out = Pass(name="u"), Pass(name="out")
    model = ng.Model(u >> delay(lag) >> out)
    x = np.arange(1.0, 10_001)[:, None]
    whole = model.run(x)
    assert np.array_equal(whole[:lag], np.zeros((lag, 1)))
    assert np.array_equal(whole[lag:], x[:-lag])


def test_a_delay_reaches_across_calls():
    model = ng.Model(Pass() >> delay(3) >> Pass())
    x = np.arange(1.0, 11)[:, None]
    parts = [model.run(x[:2]), model.step(x[2])[None], model.run(x[3:4]), model.run(x[4:])]
    assert np.concatenate(parts)[:, 0].tolist() == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7]


def test_outside_data_come_before_edges_and_edges_in_the_order_declared():
    a, b, c = Pass(name="a"), Pass(name="b"), Pass(name="c")
    model = ng.Model((b >> c) & (a >> c))
    data = {name: np.full((2, 1), value) for name, value in (("a", 1.0), ("b", 2.0), ("c", 3.0))}
    assert model.run(data).tolist() == [[3.0, 2.0, 1.0]] * 2


def test_a_clocked_node_steps_at_its_ticks_and_holds_in_between():
    model = ng.Model(Pass() >> Count(every=3, phase=1))
    x = np.ones((9, 1))
    first = model.run(x[:4])
    rest = model.run(x[4:])
    assert np.concatenate([first, rest])[:, 0].tolist() == [0, 1, 1, 1, 2, 2, 2, 3, 3]


def test_divergence_names_the_node_the_step_and_the_norm_and_changes_nothing():
    class Grow(ng.Node):
        """``y[t] = 10 y[t-1] + x[t]``."""

        def start(self, n_out):
            return np.zeros(n_out)

        def step(self, params, state, x):
            with np.errstate(over="ignore"):
                return 10 * state + x, 10 * state + x

    model = ng.Model(Pass() >> Grow())
    model.run(np.ones((5, 1)))
    with pytest.raises(
        DivergenceError, match=r"grow: .* step 30, .* 1.11e\+30 \(norm one step before: 1\.11e\+29"
    ):
        model.run(np.ones((400, 1)))
    assert model.time == 5
    assert model.step([0.0])[0] == 111110.0


def test_a_long_run_keeps_only_what_is_asked_for():
    model = ng.Model(Sum() >> Mix(units=400) >> Trace(units=3))
    import tracemalloc

    x = np.zeros((60_000, 1))
    model.run(x[:10])
    tracemalloc.start()
    model.run(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6  # all outputs of 400 units would be 192 MB
