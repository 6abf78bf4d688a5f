"""Every recurrent kind takes a wiring, and W as a graph; or stands here with the reason."""

import networkx as nx
import numpy as np
import pytest

import nodegraph as ng
import nodes
from nodegraph.testing import check_node
from nodes import ESN, GRU, LSTM, MTRNN, Input, NeuralODE
from nodes.families import FAMILIES
from nodes.rules import TBPTT
from nodes.wirings import auto_ncp

RNG = np.random.default_rng(0)
WIRING = auto_ncp(8, 2, seed=3)
N, D = 8, 2
SIGNS = WIRING.signs(D)
W, W_IN = SIGNS.recurrent.T, SIGNS.sensory.T
BOTH = {"W": W, "W_in": W_IN}
ITSELF = W + np.eye(N) * (np.diag(W) == 0)


def gates(k):
    """Return the signs of stacked gates."""
    return {"W": np.tile(W, (k, 1)), "W_in": np.tile(W_IN, (k, 1))}


WIRED = {  # fields, and the signs that params are to have
    "Reservoir": ({}, BOTH),
    "ES2N": ({}, BOTH),
    "CTRNN": ({}, BOTH),
    "LIF": ({}, BOTH),
    "Izhikevich": ({}, BOTH),
    "LSTM": ({"variant": "peephole"}, gates(4)),
    "GRU": ({}, gates(3)),
    "MTRNN": ({}, BOTH),
    "ClockworkRNN": ({"periods": [1]}, BOTH),
    "PredictiveCell": ({}, BOTH),
    "HMLSTM": (
        {"levels": 3},
        {
            "W_in": np.tile(W_IN, (4, 1)),
            "W": np.array([np.tile(W, (4, 1))] * 3),
            "W_up": np.array([np.tile(ITSELF, (4, 1))] * 2),
            "W_down": np.array([np.tile(ITSELF, (4, 1))] * 2),
        },
    ),
    "LTC": (
        {},
        {
            "erev": W.T,
            "mask": np.abs(W.T),
            "sensory_erev": W_IN.T,
            "sensory_mask": np.abs(W_IN.T),
        },
    ),
    "NeuralODE": (
        {"hidden": 16},
        {
            "W": np.tile(W, (2, 1)),
            "W_in": np.tile(W_IN, (2, 1)),
            "W_out": np.tile(np.eye(N), (1, 2)),
        },
    ),
}
PLACES = {"CfC": ({"backbone": []}, np.abs(np.concatenate([W_IN, ITSELF], axis=1)))}
AROUND = {"SkipRNN", "Zoneout", "Ponder"}  # what their cell takes
WITHOUT = {
    "ESN": "is a Reservoir and a readout, and hands both on; see below",
    "NVAR": "reads its input's past: nobody hears another",
    "Conceptor": "stands behind the units of another node",
    "TemporalConvolution": "reads its input's past: nobody hears another",
    "DCM": "learns who drives whom: A is what it finds, and may start from a graph",
    "RateEncoder": "each signal becomes a spike train of its own",
    "LatencyEncoder": "each signal becomes a spike train of its own",
    "Filter": "each signal is smoothed by itself",
}
NO_W = {
    "HMLSTM": "has no arrays to be given: wiring=graph",
    "LTC": "a synapse has five numbers: w, mu, sigma, erev and mask take a graph, or wiring=graph",
    "CfC": "its heads hear inputs and units by one array: wiring=graph",
}
NAMES = [name for family in ("reservoirs", "cells", "spiking") for name in FAMILIES[family]]


def drawn(name, **fields):
    """Return the params of a node that hears two inputs."""
    node = getattr(nodes, name)(**fields)
    return node.init(np.random.default_rng(1), D, node.declared_size or node.size(D))


def dense(array):
    return array.toarray() if hasattr(array, "toarray") else array


def test_every_recurrent_kind_is_looked_at():
    assert {*NAMES} == {*WIRED, *PLACES, *AROUND, *WITHOUT}


@pytest.mark.parametrize("wiring", [WIRING, WIRING.graph(D)], ids=["wiring", "graph"])
@pytest.mark.parametrize("name", WIRED)
def test_weights_are_where_the_wiring_has_synapses_with_their_signs(name, wiring):
    fields, signs = WIRED[name]
    params = drawn(name, **fields, wiring=wiring)
    for array, wanted in signs.items():
        np.testing.assert_array_equal(np.sign(dense(getattr(params, array))), wanted)


def test_the_heads_of_cfc_hear_those_of_the_wiring_and_themselves():
    fields, places = PLACES["CfC"]
    params = drawn("CfC", **fields, wiring=WIRING)
    for head in (params.ff1_W, params.ff2_W, params.time_a_W, params.time_b_W):
        np.testing.assert_array_equal(head != 0, places != 0)


@pytest.mark.parametrize("name", sorted(AROUND))
def test_what_stands_around_a_cell_takes_its_wiring(name):
    params = drawn(name, cell=GRU(wiring=WIRING))
    np.testing.assert_array_equal(np.sign(params.W), gates(3)["W"])


GRAPH = nx.gnp_random_graph(N, 0.4, seed=1, directed=True)
for source, target in GRAPH.edges:
    GRAPH.edges[source, target]["weight"] = 0.3 * (1 + source) - 0.2 * target - 0.05
A = np.zeros((N, N))
for source, target, weight in GRAPH.edges(data="weight"):
    A[target, source] = weight


@pytest.mark.parametrize("name", [name for name in WIRED if name not in NO_W])
def test_a_graph_is_the_weights_of_w_in_each_gate(name):
    fields = {} if name == "NeuralODE" else WIRED[name][0]
    found = dense(drawn(name, **fields, W=GRAPH).W)
    np.testing.assert_array_equal(found, np.tile(A, (len(found) // N, 1)))


@pytest.mark.parametrize("name", sorted(NO_W))
def test_those_without_w_say_what_they_know(name):
    fields = (WIRED | PLACES)[name][0]
    with pytest.raises(ng.errors.FieldError, match="unknown field 'W'"):
        drawn(name, units=N, **fields, W=GRAPH)


def test_a_coupled_lstm_has_no_gate_i():
    np.testing.assert_array_equal(drawn("LSTM", variant="coupled", W=GRAPH).W, np.tile(A, (3, 1)))


def test_esn_hands_both_on():
    u = RNG.standard_normal((30, D))
    for fields, wanted in (({"wiring": WIRING}, np.sign(W)), ({"W": GRAPH}, np.sign(A))):
        model = ng.Model(Input(name="u") >> ESN(**fields, name="esn"), seed=1).fit(u, u)
        np.testing.assert_array_equal(np.sign(dense(model.params["esn.reservoir"].W)), wanted)


def test_synapses_of_ltc_are_those_of_a_graph_too():
    p = drawn("LTC", mask=np.abs(A.T), w=nx.to_networkx_graph(np.abs(A.T), nx.DiGraph), erev=GRAPH)
    np.testing.assert_array_equal(p.w, np.abs(A.T))
    np.testing.assert_array_equal(p.erev, A.T)


def test_learning_moves_the_edges_of_a_graph_and_adds_none():
    node = MTRNN(W=GRAPH, rule=TBPTT(steps=5, batch=10), name="cell")
    found = ng.Model(node, seed=1).fit(RNG.standard_normal((100, D))).params["cell"].W
    np.testing.assert_array_equal(found != 0, A != 0)
    assert (found != A)[A != 0].mean() > 0.9


def test_a_graph_is_kept_when_a_cell_is_saved(tmp_path):
    u = RNG.standard_normal((80, D))
    model = ng.Model(LSTM(W=GRAPH, name="cell"), seed=1).fit(u)
    model.save(tmp_path / "cell.safetensors")
    again = ng.load(tmp_path / "cell.safetensors")
    for one in (model, again):
        one.partial_fit(u)
    np.testing.assert_array_equal(again.params["cell"].W, model.params["cell"].W)
    learned, given = again.params["cell"].W, np.tile(A, (4, 1))
    np.testing.assert_array_equal(learned != 0, given != 0)
    assert (learned != given)[given != 0].mean() > 0.9


def test_a_graph_of_another_size_is_told_in_the_order_of_the_gates():
    with pytest.raises(ng.errors.FieldError, match=r"\(9, 3\), 3 rows for each of r, z, n.*\(8, 8"):
        GRU(units=3, W=GRAPH)


class TestNeuralODE:
    """Its field has hidden units, which are shared out among the neurons."""

    def test_it_keeps_the_contract(self):
        check_node(NeuralODE(wiring=WIRING, hidden=16, solver="euler"))

    def test_the_field_moves_whom_the_wiring_names_with_its_signs(self):
        p = drawn("NeuralODE", wiring=WIRING)
        x, u, eps = RNG.standard_normal(N), RNG.standard_normal(D), 1e-6

        def field(x, u):
            return p.W_out @ np.tanh(p.W @ x + p.W_in @ u + p.bias)

        by_x = [(field(x + eps * e, u) - field(x - eps * e, u)) / eps for e in np.eye(N)]
        by_u = [(field(x, u + eps * e) - field(x, u - eps * e)) / eps for e in np.eye(D)]
        np.testing.assert_array_equal(np.sign(np.round(np.array(by_x).T, 7)), W)
        np.testing.assert_array_equal(np.sign(np.round(np.array(by_u).T, 7)), W_IN)

    def test_deviations_are_over_what_is_joined(self):
        wiring = auto_ncp(100, 20, seed=1)
        p = NeuralODE(wiring=wiring, hidden=800, gain=2.0).init(np.random.default_rng(0), 5, 100)
        heard = (wiring.signs(5).recurrent != 0).sum(axis=0)
        squares = (p.W**2).sum(axis=1)[np.tile(heard, 8) > 0]
        assert squares.mean() == pytest.approx(4, rel=0.1)
        assert (p.W_out**2).sum(axis=1).mean() == pytest.approx(4, rel=0.1)

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"units": 5}, "wiring: it has 8 neurons, not 5"),
            ({"hidden": 20}, "20 units do not divide among the 8 neurons.*write hidden=24"),
            ({"W": np.ones((64, 8)), "W_in": np.ones((64, 2)), "W_out": np.ones((8, 64))},
             "wiring would have no effect, for W and W_in and W_out stand as given"),
        ],
    )  # fmt: skip
    def test_what_does_not_fit_is_told(self, fields, said):
        with pytest.raises(ng.errors.FieldError, match=said):
            NeuralODE(wiring=WIRING, **fields)

    def test_the_default_hidden_units_divide_among_the_neurons(self):
        assert NeuralODE(wiring=auto_ncp(12, 3)).inner == 72


@pytest.mark.parametrize("kind", ["Reservoir", "CTRNN", "LIF", "Izhikevich", "GRU"])
def test_a_wiring_beside_weights_that_are_given_is_refused(kind):
    signs, own = (gates(3), {"rule": None}) if kind == "GRU" else (BOTH, {})
    with pytest.raises(ng.errors.FieldError, match="wiring would have no effect, for W and W_in"):
        getattr(nodes, kind)(wiring=WIRING, **signs, **own)
