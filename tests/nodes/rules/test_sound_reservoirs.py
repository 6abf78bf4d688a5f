"""By default no rule destroys a default reservoir: neither its radius nor its range of states."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodes import Input, Reservoir
from nodes.rules import BCM, AntiHebb, Hebb, IntrinsicPlasticity, Oja, Sanger, SynapticNormalization

T = np.arange(10_000)
DATA = {
    "noise": np.random.default_rng(0).uniform(-1, 1, (len(T), 1)),
    "mackey_glass": ng.datasets.mackey_glass(len(T), tau=17),
    "sines": np.c_[np.sin(T / 5), np.sin(T / 3.3)],
}
RULES = [
    Hebb(),
    AntiHebb(),
    Oja(),
    Sanger(weights="W"),
    Sanger(),
    BCM(),
    SynapticNormalization(),
]


@pytest.mark.parametrize("what", DATA)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_a_default_reservoir_stays_what_it_was(rule, what):
    model = ng.Model(Input() >> Reservoir(units=60, rule=rule, name="r"), seed=1).fit(DATA[what])
    assert 0.6 < ng.metrics.spectral_radius(model.params["r"].W) < 1.35
    states = model.run(DATA[what][-500:])
    assert np.mean(np.abs(states) > 0.99) < 0.05
    assert np.median(np.ptp(states, axis=0)) > 0.03


@pytest.mark.parametrize("what", DATA)
def test_intrinsic_plasticity_brings_states_to_their_spread_and_lets_nothing_grow(what):
    data = (DATA[what] - DATA[what].mean(axis=0)) / DATA[what].std(axis=0)
    rule = IntrinsicPlasticity()
    model = ng.Model(Input() >> Reservoir(units=60, rule=rule, name="r"), seed=1).fit(data)
    assert ng.metrics.spectral_radius(model.params["r"].W) < 1.35
    spread = np.median(model.run(data[-500:]).std(axis=0))
    assert 0.75 * rule.sigma < spread < 1.5 * rule.sigma


FAST = [Hebb(rate=1e-3), Oja(rate=1e-3), SynapticNormalization(rule=Hebb(rate=1e-3))]


@pytest.mark.parametrize("rule", FAST, ids=lambda rule: type(rule).__name__)
def test_one_that_does_is_told(rule):
    model = ng.Model(Input() >> Reservoir(units=60, rule=rule, name="r"), seed=1)
    with pytest.warns(DataWarning, match=f"{type(rule).__name__} has raised its spectral radius"):
        model.fit(DATA["mackey_glass"])


def test_the_rate_that_is_left_out_goes_by_the_weights():
    assert (Oja().rate, Oja(weights="W_in").rate, Oja(weights="W_in", rate=0.1).rate) == (
        1e-6,
        1e-3,
        0.1,
    )
    assert (Sanger().rate, Sanger(weights="W").rate) == (1e-3, 1e-6)
    assert Oja(weights="W_in").model_copy(update={"weights": "W"}).rate == 1e-6
