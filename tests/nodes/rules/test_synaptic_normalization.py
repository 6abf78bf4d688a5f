import numpy as np
import pytest
from scipy import sparse

import nodegraph as ng
from nodegraph.errors import DivergenceError, FieldError
from nodegraph.testing import check_rule
from nodes import Input, Reservoir
from nodes.rules import (
    BCM,
    AntiHebb,
    Hebb,
    IntrinsicPlasticity,
    Oja,
    Sanger,
    SynapticNormalization,
)
from nodes.rules.synaptic_normalization import row_lengths

RNG = np.random.default_rng(1)
U = RNG.uniform(-1, 1, (200, 2))
LINEAR = {"activation": "identity", "W": np.zeros((1, 1))}


def dense(W):
    return W.toarray() if hasattr(W, "toarray") else np.array(W)


@pytest.mark.parametrize("kind", [Hebb, AntiHebb, Oja, Sanger, BCM])
def test_contract(kind):
    for connectivity in (0.2, 1.0):
        for fields in ({}, {"norm": "l1"}, {"length": 0.5}):
            rule = SynapticNormalization(rule=kind(rate=0.01), **fields)
            node = Reservoir(units=12, connectivity=connectivity, rule=rule, leak_rate=0.5)
            check_rule(rule, node)


@pytest.mark.filterwarnings("ignore:r. SynapticNormalization has raised")
@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize("connectivity", [0.2, 1.0])
def test_weights_grow_and_are_scaled_back_as_the_equation_says(norm, connectivity):
    rule = SynapticNormalization(rule=Hebb(rate=0.05), norm=norm, length=0.7)
    node = Reservoir(units=8, connectivity=connectivity, rule=rule, name="r")
    model = ng.Model(Input() >> node, seed=3)
    model.run(U[:1])
    start = model.params["r"]
    W, x = dense(start.W), np.zeros(8)
    mask = W != 0
    for u in U:
        new = np.tanh(W @ x + dense(start.W_in) @ u)
        W = W + 0.05 * mask * np.outer(new, x)
        W = 0.7 * W / np.maximum(np.linalg.norm(W, 1 if norm == "l1" else 2, axis=1), 1e-9)[:, None]
        x = new
    model.fit(U)
    np.testing.assert_allclose(dense(model.params["r"].W), W, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_each_units_weights_keep_the_length_that_they_had(norm):
    rule = SynapticNormalization(rule=Hebb(rate=0.1), norm=norm)
    model = ng.Model(Input() >> Reservoir(units=15, rule=rule, name="r"), seed=3)
    model.run(U[:1])
    before = row_lengths(model.params["r"].W, norm)
    model.fit(U)
    np.testing.assert_allclose(row_lengths(model.params["r"].W, norm), before, rtol=1e-12)


def test_hebb_diverges_alone_and_finds_the_first_component_in_bounds():
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    x = RNG.normal(size=(5000, 3)) * [2.0, 0.7, 0.3] @ turn.T
    first = np.linalg.eigh(x.T @ x)[1][:, -1]

    def weights(rule):
        node = Reservoir(W_in=np.full((1, 3), 0.5), rule=rule, name="r", **LINEAR)
        return ng.Model(Input() >> node).fit(x).params["r"].W_in[0]

    hebb = Hebb(rate=2e-3, weights="W_in")
    assert np.linalg.norm(weights(hebb)) > 1e10
    w = weights(SynapticNormalization(rule=hebb, length=1.0))
    assert np.linalg.norm(w) == pytest.approx(1)
    assert abs(w @ first) > np.cos(np.deg2rad(3))


def test_weights_of_length_zero_stay_zero():
    W = sparse.csr_array(np.array([[0.0, 3.0], [0.0, 0.0]]))
    assert row_lengths(W).tolist() == row_lengths(W, "l1").tolist() == [3.0, 0.0]
    node = Reservoir(W=W, W_in=[[1.0], [1.0]], rule=SynapticNormalization(length=2.0), name="r")
    model = ng.Model(Input() >> node).fit(U[:, :1])
    assert dense(model.params["r"].W).tolist() == [[0, 2], [0, 0]]


@pytest.mark.parametrize("connectivity", [0.8, 1.0])
def test_weights_that_run_away_in_single_precision_are_told_and_not_erased(connectivity):
    """Their squares are no numbers of single precision; a row divided by that was 0."""
    rule = SynapticNormalization(rule=Hebb(rate=0.01))
    node = Reservoir(units=5, rule=rule, activation="identity", connectivity=connectivity)
    u = np.random.default_rng(2).normal(size=(300, 3))
    with pytest.raises(DivergenceError, match="output is no longer finite at step"):
        ng.Model(Input() >> node, seed=1, dtype="float32").partial_fit(u)
    large = np.array([[3e19, -4e19], [0.0, 1.0]], np.float32)
    for W in (large, sparse.csr_array(large)):
        np.testing.assert_allclose(row_lengths(W), [5e19, 1.0], rtol=1e-6)


def test_a_rule_that_lets_nothing_grow_is_refused():
    with pytest.raises(FieldError, match=r"should let weights grow.*IntrinsicPlasticity"):
        SynapticNormalization(rule=IntrinsicPlasticity())


def test_it_comes_back_from_plain_values():
    rule = SynapticNormalization(rule={"kind": "BCM", "rate": 0.2}, norm="l1")
    assert isinstance(rule.rule, BCM) and rule.rule.rate == 0.2
    assert SynapticNormalization(**rule.model_dump()).rule.rate == 0.2
