import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_rule
from nodes import Input, Reservoir
from nodes.rules import Oja, Sanger

RNG = np.random.default_rng(0)


def linear(W_in, rule):
    W_in = np.asarray(W_in)
    zeros = np.zeros((len(W_in), len(W_in)))
    return Reservoir(W=zeros, W_in=W_in, activation="identity", rule=rule, name="r")


def learned(x, W_in, rule):
    return ng.Model(Input() >> linear(W_in, rule)).fit(x).params["r"].W_in


def test_contract():
    for connectivity in (0.2, 1.0):
        for rule in (Sanger(), Sanger(weights="W")):
            node = Reservoir(units=12, connectivity=connectivity, rule=rule, leak_rate=0.5)
            check_rule(rule, node)


def test_weights_follow_the_equation():
    x, W = RNG.normal(size=(50, 4)), RNG.uniform(0.1, 0.5, (3, 4))
    found = learned(x, W, Sanger(rate=0.01))
    for u in x:
        y = W @ u
        W = W + 0.01 * (np.outer(y, u) - np.tril(np.outer(y, y)) @ W)  # the form of the paper
    np.testing.assert_allclose(found, W, rtol=1e-10)


def test_linear_units_find_the_principal_components_in_order():
    rng = np.random.default_rng(1)
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    x = rng.normal(size=(20_000, 6)) * [3.0, 2.0, 1.2, 0.4, 0.3, 0.2] @ turn.T
    components = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][:3]
    W = learned(x, rng.uniform(0.1, 0.2, (3, 6)), Sanger(rate=3e-4, epochs=4))
    np.testing.assert_allclose(np.linalg.norm(W, axis=1), 1, atol=0.01)
    cosines = np.abs(W @ components.T) / np.linalg.norm(W, axis=1)[:, None]
    assert np.diag(cosines).min() > np.cos(np.deg2rad(2.5))
    assert (cosines - np.diag(np.diag(cosines))).max() < 0.05


def test_the_first_unit_follows_ojas_rule():
    x, w = RNG.normal(size=(300, 3)), np.full((1, 3), 0.2)
    np.testing.assert_allclose(
        learned(x, w, Sanger(rate=0.01)), learned(x, w, Oja(rate=0.01, weights="W_in")), rtol=1e-9
    )


@pytest.mark.parametrize("factor", [1, 100])
def test_a_rate_that_is_far_too_high_does_not_let_weights_grow_without_bound(factor):
    x = factor * RNG.normal(size=(3000, 3))
    W = learned(x, np.full((2, 3), 0.2), Sanger(rate=1.0))
    assert np.isfinite(W).all()
    assert (W**2).sum(axis=1).max() < 2 + (x**2).sum(axis=1).max()
