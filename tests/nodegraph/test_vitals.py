"""A network that is dead, saturated or fed raw data says so after learning, once."""

import re
import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodegraph.slot import Chunk
from nodegraph.vitals import EACH, PARTS, Sample, Vitals
from nodes import ES2N, LIF, RLS, Dense, ForwardUnit, Input, Reservoir, Ridge, Scaler
from nodes.rules import Hebb

RNG = np.random.default_rng(0)
U = RNG.uniform(-1, 1, (400, 1))


def said(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(w.message) for w in caught if issubclass(w.category, DataWarning)]


def fitted(node, u=U, **options):
    model = ng.Model(Input() >> node >> Ridge(), seed=1)
    return said(lambda: model.fit(u, np.roll(u, -1, axis=0), **options))


def test_saturated_states_are_told_with_what_to_lower():
    (words,) = fitted(Reservoir(units=50, input_scaling=1000.0, name="pool"))
    assert "% of its states are beyond .99 of tanh's range: lower input_scaling (1000.0)" in words
    (words,) = fitted(Reservoir(units=50, bias_scaling=90.0, activation="sigmoid", name="pool"))
    assert "of sigmoid's range: lower bias_scaling (90.0)" in words
    (words,) = fitted(Reservoir(units=50, spectral_radius=500.0, name="pool"))
    assert "lower spectral_radius (500.0)" in words
    W_in = 300.0 * RNG.normal(size=(9, 1))
    (words,) = fitted(Reservoir(units=9, W_in=W_in, name="pool"))
    assert "lower the sizes of W_in, or put a Scaler in front" in words


def test_a_sound_network_says_nothing():
    for node in (Reservoir(units=50), ES2N(units=50), Dense(units=9), LIF(units=50)):
        assert fitted(node) == []
    assert fitted(Reservoir(units=50, activation="identity"), 1000 + 50 * U) == []
    assert fitted(Reservoir(units=50, input_scaling=1e-3), 1000 * U) == []


@pytest.mark.parametrize("how", ["one", "list", "array", "chunks"])
def test_every_form_of_data_is_looked_at_and_spoken_of_once(how):
    x = 300 + U
    given = {
        "one": (x, U),
        "list": ([x[:200], x[200:]], [U[:200], U[200:]]),
        "array": (x.reshape(4, 100, 1), U.reshape(4, 100, 1)),
        "chunks": ([(x[:200], U[:200]), (x[200:], U[200:])].__iter__(), None),
    }[how]
    node = Reservoir(units=20, bias_scaling=0.1, name="pool")
    (words,) = said(lambda: ng.Model(Input() >> node >> Ridge()).fit(*given))
    assert re.match("pool: its input has mean 300 and spread 0.5..?: put a Scaler in front", words)
    assert "100 % of its states are beyond .99 of tanh's range" in words


def test_the_rows_of_a_scaler_in_front_are_what_counts():
    graph = Input() >> Scaler() >> Reservoir(units=20) >> Ridge()
    assert said(lambda: ng.Model(graph).fit(300 + U, U)) == []


def test_warmup_rows_do_not_count():
    x = np.concatenate([np.full((100, 1), 1e4) * RNG.normal(size=(100, 1)), U])
    assert fitted(Reservoir(units=20), x, warmup=150) == []


def test_force_from_zeros_is_dead_and_a_start_state_brings_it_to_life():
    target = np.sin(np.arange(400) / 5)[:, None]

    def learn(**fields):
        pool, out = (
            Reservoir(units=50, spectral_radius=1.2, name="pool", **fields),
            RLS(fit_bias=False, name="out"),
        )
        model = ng.Model((pool >> out) & (pool << out), seed=1)
        return said(lambda: model.partial_fit(None, target))

    (words,) = learn()
    assert words.startswith("pool: its states do not move, for nothing drives it")
    assert 'start="random"' in words
    assert learn(start="random") == [] == learn(bias_scaling=0.1)


def test_units_that_learn_by_themselves_want_scaled_inputs():
    for kind in ("attention", "forecast"):
        node = ForwardUnit(units=10, kind=kind, name="units")
        (words,) = said(lambda node=node: ng.Model(node).fit(50 + 20 * U))
        assert words.startswith("units: its input has mean")
        (words,) = said(lambda node=node: ng.Model(node).fit(1e-5 * U))
        assert "its input has a spread of 5.4e-06: put a Scaler in front" in words
        assert (
            said(lambda node=node: ng.Model(Input() >> Scaler(kind="z-score") >> node).fit(U)) == []
        )


def test_a_rule_that_multiplies_the_spectral_radius_is_told():
    node = Reservoir(units=30, rule=Hebb(rate=1e-2), name="pool")
    (words,) = said(lambda: ng.Model(Input() >> node, seed=1).fit(U))
    assert "Hebb has raised its spectral radius from 0.9 to " in words
    assert "lower rate (0.01)" in words


def test_neurons_that_never_or_always_fire_are_told():
    (words,) = fitted(LIF(units=9, input_scaling=1e-6, name="pool"))
    assert words == "pool: no unit ever fires: raise input_scaling (1e-06) or lower threshold (1.0)"


def test_a_few_steps_are_no_reason_to_speak():
    model = ng.Model(Input() >> Reservoir(units=9) >> RLS(), seed=1)
    assert said(lambda: model.partial_fit(300 + U[:20], U[:20])) == []


def test_an_input_that_rests_is_no_fault_of_the_node():
    assert fitted(Reservoir(units=9, bias_scaling=0.1), np.ones((400, 1))) == []


def test_rows_are_spread_over_the_whole_series_and_bounded():
    vitals, data = Vitals(["n"]), np.arange(100_000.0)[:, None]
    vitals.begin()
    for start in range(0, len(data), 500):
        part = data[start : start + 500]
        chunk = Chunk(500, {}, {})
        vitals.take(["n", "m"], chunk, lambda _, rows, part=part: Sample(part[rows], part[rows]))
    x, _ = vitals.sample("n")
    assert EACH * PARTS / 2 <= len(x) <= EACH * PARTS
    assert x.min() == 0 and x.max() > 90_000 and abs(x.mean() - 50_000) < 8_000
    assert vitals.sample("m") is None
