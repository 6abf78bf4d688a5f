import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DivergenceError
from nodegraph.testing import check_rule
from nodes import Input, Reservoir
from nodes.rules import Hebb

LINEAR = {"activation": "identity", "W": np.zeros((1, 1)), "W_in": np.array([[0.3, 0.1]])}


def test_contract():
    for connectivity in (0.2, 1.0):
        for rule in (Hebb(), Hebb(weights="W_in")):
            node = Reservoir(units=12, connectivity=connectivity, rule=rule, leak_rate=0.5)
            check_rule(rule, node)


def test_alone_it_grows_as_exp_of_rate_times_eigenvalue_times_steps():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 2)) * [2.0, 0.1]
    rule = Hebb(rate=1e-3, weights="W_in")
    model = ng.Model(Input() >> Reservoir(rule=rule, name="r", **LINEAR)).fit(x)
    growth = np.log(np.linalg.norm(model.params["r"].W_in) / 0.3)
    assert abs(growth / (1e-3 * 4000 * 4.0) - 1) < 0.1


def test_what_has_grown_beyond_all_numbers_is_told():
    rule = Hebb(rate=0.5, weights="W_in")
    model = ng.Model(Input() >> Reservoir(rule=rule, name="r", **LINEAR))
    with pytest.raises(DivergenceError, match="r: output is no longer finite at step"):
        model.partial_fit(np.ones((5000, 2)))
    assert model.time == 0


@pytest.mark.filterwarnings("ignore:r. .* beyond .99 of tanh")
def test_bounded_units_let_it_grow_by_at_most_rate_a_step():
    u = np.ones((1000, 2))
    node = Reservoir(units=4, rule=Hebb(rate=0.1, weights="W_in"), name="r", connectivity=1.0)
    model = ng.Model(Input() >> node, seed=1)
    model.run(u[:1])
    before = np.abs(model.params["r"].W_in).max()
    after = np.abs(model.partial_fit(u) is not None and model.params["r"].W_in)
    assert 90 < after.max() <= before + 0.1 * 1000
