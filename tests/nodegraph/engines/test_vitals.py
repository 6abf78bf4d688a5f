"""A network that is dead, saturated or fed raw data says so after learning, once."""

import re
import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.data.series import Chunk
from nodegraph.engines.vitals import EACH, PARTS, Sample, Vitals
from nodegraph.errors import DataWarning
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
    assert words.endswith("lower the sizes of W_in")


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


@pytest.mark.parametrize("count", [*range(1, 12), 15, 40])
def test_short_series_side_by_side_are_looked_at_however_many_they_are(count):
    x = 300 + RNG.uniform(-1, 1, (count, 60, 1))
    model = ng.Model(Input() >> Reservoir(units=20, name="pool") >> Ridge(), seed=1)
    (words,) = said(lambda: model.fit(x, x - 300))
    assert words.startswith("pool: ")


def test_the_rows_of_a_scaler_in_front_are_what_counts():
    graph = Input() >> Scaler() >> Reservoir(units=20) >> Ridge()
    assert said(lambda: ng.Model(graph).fit(300 + U, U)) == []


def test_a_scaler_that_learned_from_other_rows_is_what_is_to_be_fitted():
    early, late = np.sin(np.arange(300) / 9)[:, None], 900 + np.sin(np.arange(300) / 9)[:, None]
    model = ng.Model(Input() >> Scaler() >> Reservoir(units=20) >> RLS()).fit(early, early)
    told = "reservoir: its input has mean 900 and spread .*: fit its Scaler on rows like these"
    with pytest.warns(DataWarning, match=told) as caught:
        model.partial_fit(late, late)
    assert "put a Scaler in front" not in str(caught[0].message).splitlines()[0]
    with pytest.warns(DataWarning, match="mean 900 and spread .*: put a Scaler in front"):
        ng.Model(Input() >> Reservoir(units=20) >> Ridge()).fit(late, late)


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


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("bias", [0.0, 0.2])
def test_a_constant_input_leaves_nothing_to_learn_from(bias, dtype):
    x = np.full((600, 3), 3.0)
    pool = Reservoir(units=20, bias_scaling=bias, leak_rate=0.5, name="pool")
    model = ng.Model(Input() >> Scaler() >> pool >> Ridge(), seed=1, dtype=dtype)
    (words,) = said(lambda: model.fit(x, RNG.normal(size=(600, 1)), warmup=100))
    assert "pool: its states do not move, for " in words
    model = ng.Model(Input() >> pool >> Ridge(), seed=1, dtype=dtype)
    (words,) = said(lambda: model.fit(x, RNG.normal(size=(600, 1)), warmup=100))
    assert "its states do not move, for its input does not" in words


def test_units_that_do_not_hear_are_told():
    deaf = Reservoir(units=20, input_scaling=0, bias_scaling=0.2, name="pool")
    assert fitted(deaf) == ["pool: its states do not move: raise input_scaling (0.0)"]
    slow = Reservoir(units=20, leak_rate=1e-9, bias_scaling=0.2, name="pool")
    assert fitted(slow) == ["pool: its states hardly move: raise leak_rate (1e-09)"]


@pytest.mark.parametrize("leak", [1e-4, 1e-3, 1e-2])
@pytest.mark.parametrize("u", [U, U[:60], 1e-3 * U, np.sin(np.arange(400) / 90)[:, None]])
def test_what_is_slow_is_not_dead(leak, u):
    for bias in (0.0, 0.2):
        assert fitted(Reservoir(units=20, leak_rate=leak, bias_scaling=bias), u) == []


def test_an_input_that_comes_to_rest_is_no_fault_of_the_node():
    x = np.where(np.arange(1000) < 100, np.sin(np.arange(1000.0)), 0.0)[:, None]
    assert fitted(Reservoir(units=9, bias_scaling=0.1, spectral_radius=0.3), x) == []


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


def rows_of(model, x, y, rows=1):
    for t in range(0, len(x), rows):
        model.partial_fit(x[t : t + rows], y[t : t + rows])


@pytest.mark.parametrize("rows", [1, 7, 40])
@pytest.mark.parametrize("rule", [None, Hebb(rate=1e-9)], ids=["compiled", "plain"])
def test_few_rows_at_a_time_are_looked_at_after_200_and_spoken_of_once(rows, rule):
    node = Reservoir(units=20, bias_scaling=0.1, rule=rule, name="pool")
    model = ng.Model(Input() >> node >> RLS(), seed=1)
    assert said(lambda: rows_of(model, 300 + U[:160], U[:160], rows)) == []
    (words,) = said(lambda: rows_of(model, 300 + U[160:], U[160:], rows))
    assert re.match("pool: its input has mean 300 and spread 0.[56]", words)
    assert "100 % of its states are beyond .99 of tanh's range" in words
    assert said(lambda: rows_of(model, 300 + U, U, rows)) == []
    (words,) = said(lambda: model.fit(300 + U, U))
    assert words.startswith("pool: its input has mean 300")


def test_a_rule_that_blows_up_later_is_told_then():
    node = Reservoir(units=30, rule=Hebb(rate=4e-3), name="pool")
    model = ng.Model(Input() >> node >> RLS(), seed=1)
    u = RNG.uniform(-1, 1, (1600, 1))
    assert said(lambda: rows_of(model, u[:600], u[:600], 20)) == []
    (words,) = said(lambda: rows_of(model, u[600:], u[600:], 20))
    assert words.startswith("pool: Hebb has raised its spectral radius from 0.9 to ")


def test_samples_of_compiled_steps_are_rows_of_what_the_nodes_read_and_gave():
    pool, out = Reservoir(name="pool", units=7), RLS(name="out")
    graph = (Input(name="u") >> pool >> ng.delay(3) >> out) & (pool << out)
    model, plain = (ng.Model(graph, seed=2) for _ in range(2))
    rows_of(model, U[:190], U[:190])
    model._stepper.settled()
    frame = plain.partial_fit(U[:190], U[:190], outputs=["pool", "out"])
    x, y = model._trickle.vitals.sample("out")
    late = np.concatenate([np.zeros((3, 7)), frame["pool"]])[:190]
    whole = np.concatenate([late, frame["out"]], axis=1)
    assert len(y) > 60
    for row in np.concatenate([x, y], axis=1):
        assert (whole == row).all(axis=1).sum() == 1


def test_a_sound_network_costs_no_words_a_few_rows_at_a_time():
    model = ng.Model(Input() >> Reservoir(units=20) >> RLS(), seed=1)
    assert said(lambda: rows_of(model, U, U)) == []


def test_of_huge_numbers_nothing_is_said_by_numpy():
    """Squares overflow where a node looks at what it read."""
    model = ng.Model(Input() >> RLS())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DataWarning)
        model.fit(1e160 * U, U)
