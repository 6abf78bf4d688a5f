"""Which output becomes which input, and the plan in which it does."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, GraphError
from nodegraph.graph.plan import Read
from nodegraph.model.closed_loop import closed_plan, find_loop
from nodes import Identity, Input

a, b = Input(name="a"), Input(name="b")
PAIR = ng.plan([a >> Identity(name="p"), b >> Identity(name="q")] >> Identity(name="out"))
CHAIN = ng.plan(Input(name="u") >> Identity(name="out"))


def test_the_only_output_goes_to_the_only_input():
    assert find_loop(CHAIN, {"u": 1}, None) == {"u": "out"}
    assert find_loop(CHAIN, {}, None) == {}


def test_where_there_are_several_it_must_be_said():
    with pytest.raises(GraphError, match=r"inputs are a, b, outputs out; write loop={'a': 'out'}"):
        find_loop(PAIR, {"a": 1, "b": 1}, None)
    assert find_loop(PAIR, {"a": 1, "b": 1}, {"b": "q"}) == {"b": "q"}
    with pytest.raises(DataError, match="loop for 'c': no node is named so"):
        find_loop(PAIR, {"a": 1, "b": 1}, {"c": "q"})


def test_an_input_reads_its_output_one_step_later():
    plan = closed_plan(CHAIN, {"u": 2, "out": 2}, {"u": 2}, {"u": "out"})
    assert plan.reads["u"]["x"] == (Read("out", 1),)
    (block,) = plan.blocks
    assert set(block.names) == {"u", "out"} and block.span == 1


def test_an_output_of_another_size_is_refused():
    with pytest.raises(GraphError, match="out gives 3 values, u takes 2: the loop cannot be clos"):
        closed_plan(CHAIN, {"u": 2, "out": 3}, {"u": 2}, {"u": "out"})


def test_a_closed_loop_repeats_what_it_was_shown_last():
    model = ng.Model(Input(name="u") >> Identity(name="out"))
    y = model.generate(3, prompt=np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert np.array_equal(y, [[3.0, 4.0]] * 3)
