"""What no rule can do is refused in one sentence, when the graph is planned or the call is made."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, FieldError, GraphError
from nodegraph.graph.registry import kinds
from nodes import LMS, RLS, TD, Input, Reservoir, RewardReadout
from nodes.rules import (
    Hebb,
    IntrinsicPlasticity,
    LeastMeanSquares,
    Oja,
    RewardHebb,
    Sanger,
    SynapticNormalization,
    TemporalDifference,
)

U = np.random.default_rng(0).normal(size=(20, 2))
WITH_RATE = sorted(
    name for name, kind in kinds().items() if "rate" in getattr(kind, "model_fields", {})
)


def sized(name):
    return {"units": 3} if "units" in kinds()[name].model_fields else {}


@pytest.mark.parametrize("rate", [-0.1, 0, float("nan"), float("inf")])
@pytest.mark.parametrize("name", WITH_RATE)
def test_rates_that_are_not_above_0_and_finite_are_refused(name, rate):
    with pytest.raises(FieldError, match="rate: should be"):
        kinds()[name](**sized(name), rate=rate)


def test_rules_with_a_rate_are_many():
    assert {"Hebb", "Sanger", "LeastMeanSquares", "TD", "RewardHebb"} <= set(WITH_RATE)


@pytest.mark.parametrize(
    ("rule", "arrays"),
    [
        (LeastMeanSquares(), "W_out"),
        (TemporalDifference(), "W_out"),
        (RewardHebb(), "W_out"),
    ],
)
def test_a_rule_on_a_node_without_its_arrays_is_refused_when_planned(rule, arrays):
    expected = (
        f"r: {type(rule).__name__} changes {arrays}, which Reservoir does not have "
        r"\(it has W_in, W, W_fb, bias\)"
    )
    with pytest.raises(GraphError, match=expected):
        ng.plan(Input() >> Reservoir(units=3, rule=rule, name="r"))


@pytest.mark.parametrize("node", [TD(name="it"), RewardReadout(name="it")])
def test_a_reward_port_that_is_left_unwired_is_refused_when_planned(node):
    with pytest.raises(GraphError, match=r"it: .* learns from .* port reward, but nothing"):
        ng.Model(Input() >> node)


@pytest.mark.parametrize(
    ("fields", "rule", "what"),
    [
        ({"W": np.zeros((3, 3))}, Hebb(), "W is 0"),
        ({"spectral_radius": 0.0, "units": 3}, Oja(), "spectral_radius is 0"),
        ({"units": 3, "input_scaling": 0.0}, Sanger(), "input_scaling is 0"),
        ({"W_in": np.zeros((3, 2)), "units": 3}, Hebb(weights="W_in"), "W_in is 0"),
        ({"W": np.zeros((3, 3))}, SynapticNormalization(), "W is 0"),
    ],
)
def test_weights_that_are_all_0_cannot_grow_and_that_is_told_when_planned(fields, rule, what):
    kind = type(getattr(rule, "rule", rule)).__name__
    with pytest.raises(
        GraphError, match=f"r: {kind} changes .* where it is not 0, but {what} every"
    ):
        ng.plan(Input() >> Reservoir(rule=rule, name="r", **fields))


def test_of_several_input_scalings_one_may_be_0():
    ng.plan(Input() >> Reservoir(units=3, input_scaling=(1.0, 0.0), rule=Sanger()))


@pytest.mark.parametrize("readout", [LMS(name="out"), RLS(name="out")])
def test_a_supervised_rule_without_a_target_is_refused_when_called(readout):
    model = ng.Model(Input() >> Reservoir(units=3) >> readout)
    for learn in (model.fit, model.partial_fit):
        with pytest.raises(DataError, match="out has no target to learn from: give y"):
            learn(U)
    model.partial_fit(U, U)
    with pytest.raises(GraphError, match="online: out has no target to learn from: give y"):
        model.partial_fit(U)


def test_a_target_where_nobody_takes_one_is_refused_when_called():
    model = ng.Model(Input() >> Reservoir(units=3, rule=IntrinsicPlasticity(), name="r"))
    with pytest.raises(DataError, match="a target was given, but no node learns from one"):
        model.partial_fit(U, U)
