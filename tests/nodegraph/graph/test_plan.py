import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import GraphError
from nodegraph.graph.plan import Plan
from nodegraph.testing.zoo import Mix, Sum, Trace
from nodes import Reservoir


def loops(graph):
    return {block.names: block.span for block in Plan.of(graph).blocks if block.span}


def test_a_chain_runs_in_sweeps_in_its_order():
    a, b, c = (Sum(name=n) for n in "abc")
    plan = Plan.of((b >> c) & (a >> b))
    assert [block.names for block in plan.blocks] == [("a",), ("b",), ("c",)]


def test_only_the_loop_goes_step_by_step():
    a, b, c, d = (Sum(name=n) for n in "abcd")
    assert loops((a >> b >> c >> d) & (b << c)) == {("b", "c"): 1}


def test_a_loop_moves_as_many_steps_as_its_delay_allows():
    a, b = Sum(name="a"), Sum(name="b")
    assert loops((a >> b) & (b >> delay(10) >> a)) == {("a", "b"): 10}


def test_the_shortest_of_two_nested_loops_sets_the_stride():
    a, b, c = (Sum(name=n) for n in "abc")
    inner = (a >> b >> c) & (b >> delay(4) >> a)
    assert loops(inner & (c >> delay(10) >> a)) == {("a", "b", "c"): 4}


def test_delays_along_a_ring_add_up():
    a, b = Sum(name="a"), Sum(name="b")
    ring = (a >> delay(3) >> b) & (b >> delay(5) >> a)
    assert loops(ring) == {("a", "b"): 5}


def test_a_node_may_feed_itself():
    a = Sum(name="a")
    assert loops(a >> delay(2) >> a) == {("a",): 2}


def test_a_ring_without_delay_is_refused_with_the_ring_and_the_mend():
    a, b = Sum(name="reservoir"), Sum(name="ridge")
    with pytest.raises(GraphError) as error:
        ng.plan((a >> b) & (b >> a))
    assert str(error.value) == (
        "reservoir >> ridge >> reservoir has no delay, so each waits for the other; "
        "write ridge >> delay(1) >> reservoir"
    )


def test_the_mend_of_a_ring_keeps_its_port():
    u, r, out = Sum(name="u"), Reservoir(units=3, name="r"), Sum(name="out")
    with pytest.raises(GraphError, match=r'write out >> delay\(1\) >> r\["feedback"\]$'):
        ng.plan((u >> r >> out) & (out >> r["feedback"]))


def test_the_plan_can_be_read():
    u, r, out = Sum(name="u"), Trace(name="r"), Sum(name="out")
    text = str(ng.plan((u >> r >> out) & (r << out)))
    assert "u: one sweep" in text
    assert "r, out: loop, 1 step at a time" in text
    assert "feedback: out 1 step ago" in text


def test_a_rule_that_cannot_teach_its_node_is_refused_when_planned():
    class Odd(Mix):
        """A node whose weights have another name."""

        class Params(Mix.Params):
            """None that the rule knows."""

            _fields = ("V",)

    from nodegraph.testing.zoo import Follow

    with pytest.raises(GraphError, match=r"odd: Follow changes W, which Odd does not have"):
        ng.plan(Odd(rule=Follow()) >> Sum())


def test_depth_is_the_longest_delay_of_any_reader():
    a, b = Sum(name="a"), Sum(name="b")
    assert Plan.of((a >> b) & (a >> delay(7) >> b)).depth == {"a": 7, "b": 1}
