import numpy as np
import pytest

import nodegraph as ng
from nodegraph.dynamics import echo_state_index, lyapunov_exponents
from nodegraph.dynamics.echo_state import EchoState
from nodegraph.errors import DataError
from nodes import LIF, Concat, Input, Reservoir

U = np.random.default_rng(0).uniform(-1, 1, (300, 1))


def model(radius, scaling=1.0):
    node = Reservoir(units=40, spectral_radius=radius, input_scaling=scaling)
    return ng.Model(Input(units=1) >> node, seed=1)


def test_states_meet_where_the_property_holds_and_do_not_where_it_fails():
    assert echo_state_index(model(0.6), U).esp_index < 1e-12
    lost = echo_state_index(model(3.0, scaling=0.1), U)
    assert lost.esp_index > 0.1
    assert lost.distances.shape == (301,)


def test_the_rate_is_the_largest_conditional_exponent():
    driven = model(0.9, scaling=0.3)
    found = echo_state_index(driven, U, scale=1e-3)
    wanted = lyapunov_exponents(driven, 1, x=U, warmup=50).exponents[0]
    assert found.rate == pytest.approx(wanted, abs=0.02)
    assert driven.time == 0


def test_spiking_nodes_and_feedback_are_looked_at_too():
    assert echo_state_index(ng.Model(Input(units=1) >> LIF(units=20), seed=1), U).esp_index >= 0
    node = Reservoir(units=10, spectral_radius=0.5, feedback_scaling=0.1)
    looped = ng.Model((Input(units=1) >> node) & (node >> ng.delay(3) >> node["feedback"]), seed=1)
    assert echo_state_index(looped, U).rate < 0


def test_a_graph_without_a_state_is_refused():
    with pytest.raises(DataError, match="no node of the graph has a state"):
        echo_state_index(ng.Model(Input(units=1) >> Concat()), U)


def test_the_units_of_the_data_do_not_show():
    u = np.sin(np.arange(60) / 5)[:, None]
    found = []
    for graph in (Input(name="u") >> Reservoir(units=20, name="r"), Reservoir(units=20, name="r")):
        model = ng.Model(graph, seed=1)
        model.run([[1e6]])
        found.append(echo_state_index(model, u).distances)
    assert found[0][0] < 2 * found[0][1]
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=0.1)  # other states are drawn


def test_its_words_are_few():
    found = EchoState(0.123456, -0.5, np.array([2.0, 1.0, 0.25]))
    said = "esp_index=0.1235, rate=-0.5, distance from 2 to 0.25 in 2 steps"
    assert repr(found) == f"EchoState({said})"
