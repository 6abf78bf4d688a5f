import numpy as np
import pytest
from pydantic import TypeAdapter

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import CTRNN, NVAR, Gate, Hold, Input, Reduce, Reservoir
from nodes.parts.around_node import AnyNode, AroundNode

FIELD = TypeAdapter(AnyNode)


class Twice(AroundNode):
    """Its node's output, doubled.

    Parameters
    ----------
    node : node
        Any that does not learn.
    """

    def size(self, n_in, **widths):
        return self.node.size(n_in, **widths)

    @property
    def declared_size(self):
        return self.node.declared_size

    def init(self, rng, n_in, n_out, **widths):
        return self.node.init(rng, n_in, n_out, **self.asked("init", widths))

    def start(self, n_out, **told):
        return self.node.start(n_out, **self.asked("start", told))

    def step(self, params, state, x, **ports):
        state, y = self.node.step(params, state, x, **ports)
        return state, 2 * y

    def draw_noise(self, rng, n_steps, n_out):
        return self.node.draw_noise(rng, n_steps, n_out)


INSIDE = [
    CTRNN(units=2, start="random"),
    Reservoir(units=3, noise=0.1),
    Reduce(kind="mean"),
    NVAR(delay=2),
]


@pytest.mark.parametrize("node", INSIDE, ids=lambda node: type(node).__name__)
def test_it_is_told_and_answers_what_its_node_is_and_does(node):
    check_node(Twice(node=node))
    around = Twice(node=node)
    for name in ("ports", "step_ports", "gaps", "smooth", "double"):
        assert getattr(around, name) == getattr(node, name)
    assert around.takes["start"] == node.takes["start"]


def test_what_arrives_at_ports_goes_in():
    x, gate = np.ones((4, 2)), np.arange(4.0)[:, None]
    twice = Twice(node=Gate())
    graph = (Input(name="x") >> twice) & (Input(name="g") >> twice["gate"])
    np.testing.assert_array_equal(ng.Model(graph).run({"x": x, "g": gate}), 2 * gate * x)
    with pytest.raises(ng.errors.GraphError, match="Twice has no port 'dt'; it has x, gate"):
        twice["dt"]


def test_gaps_are_for_its_node_to_fill():
    rows = np.array([[1.0], [np.nan], [3.0]])
    filled = ng.Model(Input() >> Twice(node=Hold())).run(rows)
    np.testing.assert_array_equal(filled[:, 0], [2, 2, 6])


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
