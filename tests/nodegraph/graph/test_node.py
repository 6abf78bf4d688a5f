import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import ContractError, FieldError, GraphError
from nodegraph.testing.zoo import Follow, Mix, Sum, Trace
from nodes import Input, Reservoir, Ridge


def test_nodes_are_frozen_and_are_themselves():
    one, other = Reservoir(units=3), Reservoir(units=3)
    assert one != other and len({one, other, one}) == 2
    with pytest.raises(ValueError, match="frozen"):
        one.units = 4


def test_ports_are_the_arguments_of_step_and_target_where_a_rule_asks_for_it():
    assert Sum().ports == ("x",)
    assert Trace().ports == ("x", "feedback")
    assert Reservoir(units=3).ports == ("x", "feedback")
    assert Mix(rule=Follow()).ports == ("x", "target")
    assert Ridge().ports == ("x", "weight", "target")
    assert Ridge(W_out=[[1.0]]).ports == ("x",)


def test_the_phase_of_a_clock_is_within_it():
    assert Sum(every=3, phase=2).phase == 2
    with pytest.raises(FieldError, match=r"phase should be below every \(3\), got 3"):
        Sum(every=3, phase=3)


@pytest.mark.parametrize("fields", [{"every": 0}, {"phase": -1}, {"every": 1.5}, {"every": True}])
def test_clocks_are_whole_numbers(fields):
    with pytest.raises(FieldError, match=r"every|phase"):
        Sum(**fields)


def test_fields_are_written_by_name():
    with pytest.raises(FieldError, match=r"as in Trace\(units=3\)"):
        Trace(3)


def test_every_fault_is_told_at_once_and_other_libraries_names_are_known():
    with pytest.raises(FieldError) as error:
        Reservoir(units=-1, sr=0.9, leak_rate="fast")
    told = str(error.value)
    assert "Reservoir.units" in told and "write spectral_radius" in told and "leak_rate" in told
    assert len(error.value.complaints) == 3


def test_numpy_numbers_and_arrays_are_taken_for_what_they_are():
    node = Reservoir(units=np.int64(2), leak_rate=np.array([0.1, 0.2]), input_scaling=np.float32(2))
    assert node.units == 2 and node.leak_rate == (0.1, 0.2) and node.input_scaling == 2.0


def test_given_arrays_are_copied_and_closed():
    W = np.eye(2)
    node = Reservoir(W=W)
    W[0, 0] = 7
    assert node.W[0, 0] == 1 and not node.W.flags.writeable


def test_a_node_in_python_has_no_truth_value():
    with pytest.raises(GraphError, match="write & to overlay"):
        bool(Sum())


def test_unknown_ports_are_refused_when_the_graph_is_planned():
    edge = ng.Edge(Sum(name="a"), b := Sum(name="b"), 0, "key")
    with pytest.raises(GraphError, match="b has no port 'key'; it has x"):
        ng.plan(ng.Graph((edge.source, b), (edge,)))


def _asking(**methods):
    members = {"__doc__": "Something.", "__module__": __name__}
    members["step"] = lambda self, params, state, x: (state, x * 2)
    return type("Mine", (ng.Node,), members | methods)


@pytest.mark.parametrize(
    ("method", "function", "words"),
    [
        (
            "init",
            lambda self, rng: (),
            r"rng, n_in, n_out, in .*def init\(self, rng, n_in, n_out\)",
        ),
        ("init", lambda self, n_in, n_out, rng: (), "Mine.init is called with rng, n_in, n_out"),
        ("start", lambda self: (), "Mine.start is called with n_out"),
        ("start", lambda self, n_in, n_out: (), "Mine.start is called with n_out, in this order"),
        ("start", lambda self, n_out, value: (), "Mine.start asks for value, and is given n_out"),
        ("step", lambda self, params, state: (), "Mine.step is called with params, state, x"),
        ("step", lambda self, state, params, x: (), "in this order"),
    ],
)
def test_methods_that_could_not_be_called_are_refused_as_they_are_written(method, function, words):
    with pytest.raises(ContractError, match=words):
        _asking(**{method: function})


def test_methods_may_take_more_and_by_other_names():
    _asking(init=lambda self, *args: (), start=lambda self, units, n_in=0: ())
    _asking(step=lambda self, weights, before, row, gate=None: (before, row * 2))


def test_a_port_without_a_default_is_to_be_wired():
    gated = _asking(step=lambda self, params, state, x, gate: (state, x * gate))
    with pytest.raises(
        GraphError, match=r"mine: nothing is wired to the port gate, and .*gate=None"
    ):
        ng.Model(Input() >> gated(name="mine"))
    node, (u, gate) = gated(name="mine"), (Input(name="u"), Input(name="gate"))
    y = ng.Model((u >> node) & (gate >> node["gate"])).run(
        {"u": np.ones((3, 2)), "gate": [3.0] * 3}
    )
    assert (y == 3).all()
