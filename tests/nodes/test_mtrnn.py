import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node, check_rule
from nodes import MTRNN, Input

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 2))
GROUPS = {"io": [6, 2], "fast": [4, 5.0], "slow": [2, 70]}


def test_it_keeps_the_contract():
    cell = MTRNN(tau=GROUPS, emits=("h", "u"))
    check_node(cell)
    check_rule(cell.rule, cell)


def test_its_states_are_those_of_the_equation():
    tau = np.array([1.0, 3, 20, 5])
    W, W_in, bias = (RNG.normal(0, 0.7, shape) for shape in ((4, 4), (4, 2), (4,)))
    found = ng.Model(MTRNN(tau=tau, W=W, W_in=W_in, bias=bias)).run(X)
    u = np.zeros(4)
    for x, y in zip(X, found, strict=True):
        u = (1 - 1 / tau) * u + (W @ np.tanh(u) + W_in @ x + bias) / tau
        np.testing.assert_allclose(y, np.tanh(u), rtol=0, atol=1e-13)


def test_groups_are_joined_to_their_neighbours_also_after_learning():
    model = ng.Model(Input() >> MTRNN(tau=GROUPS, name="m"), seed=1)
    model.fit(X)
    p = model.params["m"]
    assert (p.W[:6, 10:] == 0).all() and (p.W[10:, :6] == 0).all() and (p.W_in[6:] == 0).all()
    assert (p.W[:6, :10] != 0).all() and (p.W[10:, 6:] != 0).all() and (p.W_in[:6] != 0).all()


def test_slow_units_are_slow():
    y = ng.Model(MTRNN(tau=GROUPS, rule=None), seed=1).run(RNG.standard_normal((3000, 1)))
    alike = [np.corrcoef(y[:-1, i], y[1:, i])[0, 1] for i in (0, 11)]
    assert alike[0] < 0.9 < 0.98 < alike[1]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tau": 0.5, "units": 3}, "greater than or equal to 1|at least 1"),
        ({"tau": [2.0, 3.0], "units": 3}, "tau: is of 2 units, but units is 3"),
        ({"tau": GROUPS, "W": np.eye(3)}, r"W: expected shape \(12, 12\); got \(3, 3\)"),
    ],
)
def test_bad_fields_are_told(fields, said):
    with pytest.raises(ng.errors.FieldError, match=said):
        MTRNN(**fields)


def test_groups_come_back_as_they_were_given():
    cell = MTRNN(tau={"io": [3, 2], "slow": [2, 70]})
    assert cell.as_given()["tau"] == {"io": (3, 2.0), "slow": (2, 70.0)}
    assert MTRNN(**cell.as_given()).tau == cell.tau
