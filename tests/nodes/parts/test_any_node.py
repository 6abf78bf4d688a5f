import pytest
from pydantic import TypeAdapter

from nodes import NVAR, Reservoir
from nodes.parts.any_node import AnyNode

FIELD = TypeAdapter(AnyNode)


@pytest.mark.parametrize("node", [Reservoir(units=3, leak_rate=0.5), NVAR(delay=2)])
def test_a_node_comes_back_from_its_kind_and_what_was_given(node):
    plain = FIELD.dump_python(node)
    assert plain["kind"] == type(node).__name__
    again = FIELD.validate_python(plain)
    assert type(again) is type(node) and again.as_given() == node.as_given()


def test_what_is_given_is_taken_as_it_is_and_faults_of_its_fields_are_told():
    node = Reservoir(units=3)
    assert FIELD.validate_python(node) is node
    with pytest.raises(ValueError, match="leak_rate: should be at most 1"):
        FIELD.validate_python({"kind": "Reservoir", "units": 3, "leak_rate": 2})
