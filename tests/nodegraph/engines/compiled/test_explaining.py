"""What is shown of a step at each stage of compiling."""

from typing import ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import maths as m
from nodegraph.engines.compiled.explaining import explain


class State(NamedTuple):
    v: ng.Array


class Doubling(ng.Node):
    units: int = 3

    def start(self, n_out):
        return State(np.zeros(n_out))

    def step(self, params, state, x):
        return State(state.v * 2 + x[0]), state.v[::-1] * 0.5


class Settling(Doubling):
    def step(self, params, state, x):
        v = m.repeat(4, lambda u: m.tanh(u + x[0]), state.v)
        v = m.cond(m.total(v) > 0, lambda v: v * 0.5, v)
        return State(v), v[:2] + 1


def test_the_trace_has_a_line_for_each_operation():
    assert explain(Doubling()).trace.splitlines() == [
        "%0 = state.v                             (3,) f8",
        "%1 = x                                   (1,) f8",
        "%3 = multiply %0 2                       (3,) f8",
        "%4 = view %1                             () f8",
        "%5 = add %3 %4                           (3,) f8",
        "%7 = view %0 2                           (3,) f8",
        "%9 = multiply %7 0.5                     (3,) f8",
    ]


def test_the_plan_says_where_each_array_lies():
    assert explain(Doubling(), dtype="float32").plan.splitlines() == [
        "state.v: %0, then %5",
        "x: %1",
        "y: %9",
    ]


def test_loops_read_the_old_state_before_they_write_the_new_one():
    assert explain(Doubling()).loops.splitlines() == [
        "for each of 3:",
        "    y = (state.v[2::-1] * 0.5)",
        "for each of 3:",
        "    state.v = ((state.v * 2) + x[0])",
    ]


def test_a_loop_and_a_branch_are_shown_with_what_is_in_them():
    lines = explain(Settling()).loops.splitlines()
    assert "4 times:" in lines
    assert [line.strip() for line in lines if line.startswith("if ")]
    assert lines[lines.index("4 times:") + 1].startswith("    for each of 3:")


def test_the_text_is_that_of_one_function():
    text = explain(Doubling()).llvm
    assert text.startswith("define void @NAME(") and text.endswith("\n}")
    assert text.count("define") == 1 and text.count("fmul double") == 2


def test_a_step_that_runs_through_python_has_no_stages():
    class Plain(Doubling):
        traced: ClassVar[bool] = False

    with pytest.raises(ng.errors.ContractError, match=r"Plain\.step runs through Python"):
        explain(Plain())
