import networkx as nx
import numpy as np
import pytest

import nodegraph as ng
from nodes import CTRNN, ES2N, LIF, LTC, Reservoir
from nodes.wirings import Given, auto_ncp, fully_connected, ncp, self_connected

WIRINGS = {
    "ncp": ncp(6, 4, 2, 3, 2, 3, 2),
    "auto_ncp": auto_ncp(16, 3),
    "fully_connected": fully_connected(5, 2),
    "self_connected": self_connected(5),
}


@pytest.mark.parametrize("name", WIRINGS)
def test_a_wiring_is_drawn_the_same_each_time(name):
    one, other = WIRINGS[name].signs(3), WIRINGS[name].signs(3)
    np.testing.assert_array_equal(one.recurrent, other.recurrent)
    np.testing.assert_array_equal(one.sensory, other.sensory)


@pytest.mark.parametrize("name", WIRINGS)
def test_the_graph_and_the_masks_are_the_same_synapses(name):
    wiring = WIRINGS[name]
    graph, signs, masks = wiring.graph(3), wiring.signs(3), wiring.masks(3)
    inputs = ["u0", "u1", "u2"]
    there = nx.to_numpy_array(graph, [*range(wiring.neurons), *inputs])
    n = wiring.neurons
    np.testing.assert_array_equal(there[:n, :n], signs.recurrent)
    np.testing.assert_array_equal(there[n:, :n], signs.sensory)
    assert not there[:, n:].any()
    np.testing.assert_array_equal(masks.recurrent, abs(signs.recurrent))
    motor = [i for i, layer in graph.nodes(data="layer") if layer == "motor"]
    assert motor == list(range(wiring.outputs))
    assert [graph.nodes[u]["layer"] for u in inputs] == ["sensory"] * 3


@pytest.mark.parametrize("name", WIRINGS)
def test_every_neuron_is_reached_from_an_input(name):
    graph = WIRINGS[name].graph(2)
    reached = set().union(*(nx.descendants(graph, u) for u in ("u0", "u1")))
    assert reached == set(range(WIRINGS[name].neurons))


def test_neurons_that_no_input_reaches_are_named():
    alone = Given(recurrent=[[0, 1, 0], [0, 0, 0], [0, 1, 1]], sensory=[[1, 0, 0]])
    with pytest.raises(ng.errors.FieldError, match="no input reaches neuron 2 of 3 by any path"):
        alone.signs(1)
    with pytest.raises(ng.errors.FieldError, match="ltc: wiring: no input reaches neuron 2"):
        ng.Model(LTC(wiring=alone), seed=1).run([[1.0]])


@pytest.mark.parametrize("kind", [Reservoir, ES2N, LIF, CTRNN])
def test_a_pool_of_units_is_wired(kind):
    wiring = auto_ncp(30, 4, sparsity_level=0.3)
    node = kind(wiring=wiring, input_scaling=0.5, spectral_radius=0.7)
    params, signs = node.init(np.random.default_rng(0), 3, 30), wiring.signs(3)
    np.testing.assert_array_equal(np.sign(params.W), signs.recurrent.T)
    np.testing.assert_array_equal(np.sign(params.W_in), signs.sensory.T)
    assert np.abs(np.linalg.eigvals(params.W)).max() == pytest.approx(0.7)
    assert ng.Model(node, seed=1).run(np.ones((5, 3))).shape == (5, 30)
    with pytest.raises(ng.errors.FieldError, match="no effect, for wiring says who hears whom"):
        kind(wiring=wiring, connectivity=0.5)
    with pytest.raises(ng.errors.FieldError, match="wiring: it has 30 neurons, not 20"):
        kind(wiring=wiring, units=20)


def test_without_a_cycle_the_largest_weight_is_the_radius():
    line = Given(recurrent=[[0, 1, 0], [0, 0, -1], [0, 0, 0]], sensory=[[1, 0, 0]])
    W = Reservoir(wiring=line, spectral_radius=0.7).init(np.random.default_rng(0), 1, 3).W
    assert np.abs(W).max() == pytest.approx(0.7) and W[2, 1] < 0 < W[1, 0]
