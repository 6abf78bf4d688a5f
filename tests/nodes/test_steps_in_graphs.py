import numpy as np
import pytest

import nodegraph as ng
from nodegraph.model.stepping import Stepper
from nodes import RLS, Hold, Input, Mean, Reservoir, Scaler

RNG = np.random.default_rng(0)
X = RNG.normal(5, 3, (60, 3))


def scaled():
    return Input() >> Scaler() >> Reservoir(units=12) >> RLS(name="o")


def held():
    return Input() >> Hold() >> Reservoir(units=12, input_scaling=0.05) >> RLS(name="o")


def meant():
    members = [Reservoir(units=12, name=name) for name in "abc"]
    return Input() >> Scaler() >> members >> Mean() >> RLS(name="o")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("graph", [scaled, held, meant])
def test_steps_in_compiled_code_have_the_bits_of_a_whole_run(graph, dtype):
    one, other = (ng.Model(graph(), seed=1, dtype=dtype).fit(X, X[:, :1]) for _ in range(2))
    together = one.partial_fit(X, X[:, 1:2])
    apart = [other.partial_fit(X[i : i + 1], X[i : i + 1, 1:2]) for i in range(len(X))]
    np.testing.assert_array_equal(np.vstack(apart), together)
    np.testing.assert_array_equal([other.step(x) for x in X], one.run(X))
    np.testing.assert_array_equal(other.params["o"].W_out, one.params["o"].W_out)


@pytest.mark.parametrize("graph", [scaled, held, meant])
def test_such_a_graph_has_a_compiled_step(graph):
    model = ng.Model(graph(), seed=1).fit(X, X[:, :1])
    assert Stepper.of(model._settle()) is not None


def test_a_gap_between_steps_is_filled_as_in_a_whole_run():
    x = X.copy()
    x[20:23, 1] = x[40] = np.nan
    one, other = (ng.Model(held(), seed=1).fit(X, X[:, :1]) for _ in range(2))
    np.testing.assert_array_equal([other.step(row) for row in x], one.run(x))
