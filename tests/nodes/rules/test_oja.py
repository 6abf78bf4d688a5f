import numpy as np

import nodegraph as ng
from nodegraph.testing import check_rule
from nodes import Input, Reservoir
from nodes.rules import Oja


def test_contract():
    for connectivity in (0.2, 1.0):
        for rule in (Oja(), Oja(weights="W_in")):
            node = Reservoir(units=12, connectivity=connectivity, rule=rule, leak_rate=0.5)
            check_rule(rule, node)


def test_a_linear_unit_finds_the_first_principal_component_with_length_one():
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    x = rng.normal(size=(20_000, 3)) * [2.0, 0.7, 0.3] @ turn.T
    first = np.linalg.eigh(x.T @ x)[1][:, -1]
    linear = {"activation": "identity", "W": np.zeros((1, 1)), "W_in": np.full((1, 3), 0.2)}
    rule = Oja(rate=5e-4, weights="W_in")
    w = ng.Model(Input() >> Reservoir(rule=rule, name="r", **linear)).fit(x).params["r"].W_in[0]
    assert abs(np.linalg.norm(w) - 1) < 0.02
    assert abs(w @ first) / np.linalg.norm(w) > np.cos(np.deg2rad(1))
