import pytest

from nodegraph.errors import FieldError, GraphError
from nodegraph.graph.names import name_nodes, snake_case
from nodes import ESN, Input, Output, Ridge


@pytest.mark.parametrize(
    ("word", "snake"),
    [
        ("Reservoir", "reservoir"),
        ("ForwardUnit", "forward_unit"),
        ("ESN", "esn"),
        ("ES2N", "es2n"),
        ("NVAR", "nvar"),
        ("LMSReadout", "lms_readout"),
        ("ScikitLearn", "scikit_learn"),
    ],
)
def test_a_class_becomes_a_word(word, snake):
    assert snake_case(word) == snake


def test_parts_of_composites_carry_the_name_of_the_whole():
    graph = Input() >> [ESN(units=3), ESN(units=3), ESN(units=3, name="left")] >> Output()
    assert list(graph.names.values()) == [
        "input",
        "esn.reservoir",
        "esn.readout",
        "esn_2.reservoir",
        "esn_2.readout",
        "left.reservoir",
        "left.readout",
        "output",
    ]


def test_a_given_name_is_left_to_its_owner():
    a, b = Ridge(), Ridge(name="ridge")
    assert name_nodes([a, b], {}) == {a: "ridge_2", b: "ridge"}


def test_the_same_name_twice_is_refused_in_composites_too():
    with pytest.raises(GraphError, match="two nodes are named 'e'"):
        _ = (ESN(units=3, name="e") >> ESN(units=3, name="e")).names


@pytest.mark.parametrize("name", ["a b", "", "1a", "a.b", "a" * 61, "<b>"])
def test_names_are_plain_words(name):
    with pytest.raises(FieldError, match=r"Ridge\.name"):
        Ridge(name=name)
