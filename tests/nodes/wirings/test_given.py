import networkx as nx
import numpy as np
import pytest

import nodegraph as ng
from nodes import LTC
from nodes.wirings import Given, auto_ncp, from_graph


def test_signs_are_as_they_were_said():
    signs = Given(recurrent=[[0, -2.5], [0, 0]], sensory=[[3, 0]]).signs(1)
    np.testing.assert_array_equal(signs.recurrent, [[0, -1], [0, 0]])
    np.testing.assert_array_equal(signs.sensory, [[1, 0]])


def test_a_graph_of_a_wiring_is_that_wiring():
    one = auto_ncp(16, 3)
    again = from_graph(one.graph(4))
    for mine, other in zip(again.signs(4), one.signs(4), strict=True):
        np.testing.assert_array_equal(mine, other)
    assert again.outputs == 3


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.DiGraph([(0, 1)]), 'inputs, nodes that have layer="sensory"'),
        (nx.path_graph(3, nx.DiGraph), "got 0 and 3"),
    ],
)
def test_a_graph_without_inputs_is_refused(graph, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        LTC(wiring=graph)


def test_an_edge_to_an_input_is_refused():
    graph = nx.DiGraph([("u", "a"), ("a", "u")])
    graph.nodes["u"]["layer"] = "sensory"
    with pytest.raises(ng.errors.FieldError, match="no edges to inputs"):
        LTC(wiring=graph)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"recurrent": [[0, 1]], "sensory": [[1, 0]]}, r"\(n, n\) and \(n_in, n\)"),
        ({"recurrent": [[0]], "sensory": [[1]], "output_size": 2}, "should be at most 1, got 2"),
    ],
)
def test_shapes_agree(fields, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        Given(**fields)


def test_the_number_of_inputs_is_fixed():
    with pytest.raises(ng.errors.FieldError, match="wiring: it has 1 inputs, but 3 signals"):
        Given(recurrent=[[1]], sensory=[[1]]).signs(3)


def chain(layer="sensory", **edge):
    graph = nx.DiGraph()
    graph.add_node("u", layer=layer)
    graph.add_node("a", layer="inter")
    graph.add_node("m", layer="motor")
    graph.add_edges_from([("u", "a"), ("a", "m")], **edge)
    return graph


@pytest.mark.parametrize(
    ("edge", "sign"),
    [
        ({}, 1),
        ({"weight": -0.3}, -1),
        ({"polarity": "inhibitory"}, -1),
        ({"polarity": "excitatory"}, 1),
        ({"polarity": -1, "weight": 2.0}, 1),
    ],
)
def test_signs_of_edges_are_those_of_their_weights_or_polarities(edge, sign):
    graph = chain(**edge)
    wiring = from_graph(graph)
    assert wiring.recurrent[1, 0] == sign * abs(edge.get("weight", 1))
    assert wiring.drawn(1).sensory[0, 1] == sign
    assert "weight" in edge or "weight" not in graph.edges["u", "a"]  # it is left as it was


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (chain(layer="Sensory"), "node 'u': layer 'Sensory' is none; did you mean 'sensory'"),
        (chain(layer="sensor"), "did you mean 'sensory'"),
        (chain(polarity="negative"), "edge 'u' to 'a': polarity should be excitatory or"),
    ],
)
def test_words_that_mean_nothing_are_told_of(graph, message):
    with pytest.raises(ValueError, match=message):
        from_graph(graph)
