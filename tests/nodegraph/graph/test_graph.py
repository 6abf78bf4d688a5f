import operator as op

import numpy as np
import pytest

from nodegraph import delay
from nodegraph.errors import GraphError
from nodegraph.testing.zoo import Mix, Sum, Trace


def wires(graph):
    names = graph.names
    return {(names[e.source], names[e.target], e.delay, e.port) for e in graph.edges}


def test_equal_nodes_stay_two_and_the_same_object_stays_one():
    a, b = Sum(), Sum()
    assert list((a >> b).names.values()) == ["sum", "sum_2"]
    assert len(((a >> b) & (a >> b)).nodes) == 2
    assert len(((a >> b) & (a >> b)).edges) == 1


def test_lists_fan_in_and_out():
    a, b, c, d = (Sum(name=n) for n in "abcd")
    graph = a >> [b, c] >> d
    assert wires(graph) == {
        ("a", "b", 0, "x"),
        ("a", "c", 0, "x"),
        ("b", "d", 0, "x"),
        ("c", "d", 0, "x"),
    }


def test_every_end_of_every_item_of_a_list_stays_an_end():
    x, a, b = (Sum(name=n) for n in "xab")
    assert wires([x, x >> a] >> b) == {("x", "a", 0, "x"), ("x", "b", 0, "x"), ("a", "b", 0, "x")}


def test_a_delay_lies_on_the_edge_and_delays_add_up():
    a, b = Sum(name="a"), Sum(name="b")
    assert wires(a >> delay(3) >> b) == {("a", "b", 3, "x")}
    assert wires(a >> delay(3) >> delay(2) >> b) == {("a", "b", 5, "x")}
    assert wires(a >> (delay(2) >> b)) == {("a", "b", 2, "x")}


def test_feedback_arrives_at_the_output_ends_one_step_later():
    u, r, out = Sum(name="u"), Trace(name="r"), Sum(name="out")
    graph = (u >> r >> out) & (r << out)
    assert ("out", "r", 1, "feedback") in wires(graph)
    assert graph.inputs == ("u",)
    assert graph.outputs == ("out",)


def test_feedback_leaves_the_ends_as_they_were_so_that_the_chain_goes_on():
    u, r, out = Sum(name="u"), Trace(name="r"), Sum(name="out")
    assert wires(u >> r << out >> out) == {
        ("u", "r", 0, "x"),
        ("out", "r", 1, "feedback"),
        ("r", "out", 0, "x"),
    }


def test_feedback_of_a_written_delay_has_that_delay():
    r, out = Trace(name="r"), Sum(name="out")
    assert ("out", "r", 4, "feedback") in wires(r << (out >> delay(4)))
    assert ("out", "r", 1, "x") in wires(r["x"] << out)


def test_feedback_goes_to_x_where_there_is_no_feedback_port():
    a, b = Sum(name="a"), Sum(name="b")
    assert wires(a << b) == {("b", "a", 1, "x")}


def test_a_port_is_named_in_brackets_and_an_unknown_one_is_refused():
    a, r = Sum(name="a"), Trace(name="r")
    assert wires(a >> r["feedback"]) == {("a", "r", 0, "feedback")}
    with pytest.raises(GraphError, match="r has no port 'key'; it has x, feedback"):
        r["key"]


def test_a_plain_delayed_edge_neither_makes_nor_moves_an_output():
    a, b, c = (Sum(name=n) for n in "abc")
    graph = (a >> b) & (b >> delay(3) >> c)
    assert (graph.inputs, graph.outputs) == (("a",), ("c",))


def test_a_loop_alone_keeps_its_ends():
    r, out = Trace(name="r"), Sum(name="out")
    graph = (r >> out) & (r << out)
    assert (graph.inputs, graph.outputs) == (("r",), ("out",))


def loop(*names, lag=1):
    a, b = (Sum(name=name) for name in names)
    return (a >> b) & (b >> delay(lag) >> a)


def test_what_an_x_edge_reaches_is_no_input_end_delayed_or_not():
    a, r = Sum(name="a"), Trace(name="r")
    assert (loop("a", "b").inputs, loop("a", "b").outputs) == ((), ("b",))
    assert (a >> delay(1) >> a).inputs == (r["x"] << r).inputs == ()
    assert (a << a).inputs == ((r >> a) & (r["x"] << a)).inputs == ()
    assert (r << r).inputs == ((r >> a) & (r << a)).inputs == ("r",)


@pytest.mark.parametrize("lag", [0, 2])
def test_of_two_loops_in_a_chain_neither_has_an_input_end(lag):
    first, second = loop("a", "b"), loop("c", "d", lag=3)
    b, c = first["b"], second["c"]
    both = first & second & ((b >> delay(lag) >> c) if lag else (b >> c))
    assert (both.inputs, both.outputs) == ((), ("d",))
    u = Sum(name="u")
    assert ((u >> first["a"]) & both).inputs == ("u",)


def test_nothing_is_led_into_a_loop_that_has_no_input_end():
    u, r, out = Sum(name="u"), Trace(name="r"), Sum(name="out")
    with pytest.raises(GraphError, match=r"an edge reaches each of a, b; .*Input\(\) >> a"):
        u >> loop("a", "b")
    assert ("u", "r", 0, "x") in wires(u >> ((r >> out) & (r << out)))


def test_names_are_given_or_made_of_the_class():
    graph = Sum() >> Mix(name="sum_2") >> Sum() >> Sum()
    assert list(graph.names.values()) == ["sum", "sum_2", "sum_3", "sum_4"]


def test_a_name_given_twice_is_refused():
    with pytest.raises(GraphError, match="two nodes are named 'a'"):
        _ = (Sum(name="a") >> Sum(name="a")).names


@pytest.mark.parametrize(
    "misuse",
    [
        lambda a, b: a >> b and b >> a,
        lambda a, b: a >> np.ones(3),
        lambda a, b: np.ones(3) >> a,
        lambda a, b: "text" >> a,
        lambda a, b: a & "text",
        lambda a, b: a >> [],
        lambda a, b: a << 3,
        lambda a, b: delay(2) >> delay(3),
    ],
)
def test_misuse_that_python_lets_through_is_refused_with_a_sentence(misuse):
    with pytest.raises(GraphError, match=r"\w+ \w+"):
        misuse(Sum(), Sum())


def test_many_to_many_lists_are_refused_with_the_mend():
    a, b, c, d, e = (Sum() for _ in range(5))
    with pytest.raises(GraphError, match=r"\(a >> c\) & \(b >> d\)"):
        a >> [b, c] >> [d, e]


@pytest.mark.parametrize("steps", [0, -1, 1.5, True, "3", None])
def test_a_delay_is_a_whole_number_of_steps(steps):
    with pytest.raises(GraphError, match="expected a whole number of steps of at least 1"):
        delay(steps)


def test_operators_leave_their_operands_alone():
    a, b, c = Sum(name="a"), Sum(name="b"), Sum(name="c")
    left = a >> b
    before = wires(left)
    _ = left >> c, left & (b >> c), left << c
    assert wires(left) == before


def test_networkx_has_names_kinds_delays_and_ports():
    r, out = Trace(name="r", units=3), Mix(name="out")
    net = ((r >> out) & (r << out)).to_networkx()
    assert net.nodes["r"]["kind"] == "Trace" and net.nodes["r"]["units"] == 3
    assert net.nodes["r"]["input"] and net.nodes["out"]["output"]
    assert sorted(net.edges(data=True), key=str) == [
        ("out", "r", {"delay": 1, "port": "feedback"}),
        ("r", "out", {"delay": 0, "port": "x"}),
    ]


def test_classes_in_place_of_nodes_are_refused_by_every_operator():
    for join in (op.rshift, op.lshift, op.and_):
        for left, right in ((Sum, Mix), (Sum, Mix()), (Sum(), Mix), (Sum, [Mix()]), ([Sum()], Mix)):
            with pytest.raises(GraphError, match=r"(Sum|Mix) is a class: write (Sum|Mix)\(\)"):
                join(left, right)
