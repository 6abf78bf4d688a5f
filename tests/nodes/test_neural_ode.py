import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import Input, NeuralODE

RNG = np.random.default_rng(0)
U, DT = RNG.standard_normal((8, 2)), RNG.uniform(0.2, 1.0, (8, 1))


def timed(**fields):
    node = NeuralODE(units=5, hidden=12, name="field", **fields)
    return ng.Model((Input(name="u") >> node) & (Input(name="dt") >> node["dt"]), seed=1)


@pytest.mark.parametrize("fields", [{"solver": "euler", "unfolds": 2}, {"solver": "dopri5"}])
def test_it_keeps_the_contract(fields):
    check_node(NeuralODE(units=4, hidden=6, **fields))


def test_eulers_step_is_that_of_the_equation():
    model, x = timed(solver="euler", decay=0.7), np.zeros(5)
    found, p = model.run({"u": U, "dt": DT}), model.params["field"]
    for u, dt, row in zip(U, DT[:, 0], found, strict=True):
        x = x + dt * (p.W_out @ np.tanh(p.W @ x + p.W_in @ u + p.bias) - 0.7 * x)
        np.testing.assert_allclose(row, x, rtol=1e-11)


@pytest.mark.parametrize(
    ("solver", "order"), [("euler", 1), ("midpoint", 2), ("rk4", 4), ("dopri5", 5)]
)
def test_errors_shrink_with_the_order_of_the_solver(solver, order):
    data = {"u": U, "dt": DT}
    exact = timed(solver="rk4", unfolds=200).run(data)
    wide, narrow = (np.abs(timed(solver=solver, unfolds=n).run(data) - exact).max() for n in (4, 8))
    assert order - 0.4 < np.log2(wide / narrow) < order + 0.8


def test_decay_keeps_it_bounded():
    node = NeuralODE(units=20, gain=20.0, decay=2.0, solver="euler", unfolds=4, name="field")
    model = ng.Model(node, seed=1)
    states = model.run(RNG.standard_normal((300, 2)))
    bound = np.abs(model.params["field"].W_out).sum(axis=1) / 2.0
    assert (np.abs(states) <= bound + 1e-12).all()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "units is missing"),
        ({"units": 3, "W_out": np.ones((2, 4))}, r"W_out: expected shape \(3, 4\), got \(2, 4\)"),
        ({"units": 3, "bias": [1.0, 2.0], "hidden": 3}, r"bias: expected shape \(3,\)"),
        ({"units": 1, "bias": [1.0], "bias_scaling": 0.5}, "no effect, for bias stand as given"),
    ],
)
def test_nonsense_is_refused(fields, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        NeuralODE(**fields)
