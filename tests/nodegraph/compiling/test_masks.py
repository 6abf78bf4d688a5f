"""What is left over behind whole vectors is one under a mask, where a turn takes long."""

import platform
import re
from typing import Any, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import maths as m
from nodegraph.compiling import machine_code
from nodegraph.compiling.stages import planned
from nodegraph.engines.compiled.explaining import explain
from nodegraph.engines.compiled.tracing import Writer, places

X86 = platform.machine().lower() in ("x86_64", "amd64")


class State(NamedTuple):
    before: Any
    h: Any
    behind: Any


class Curved(ng.Node):
    """Units that forget by a share that is worked out, between arrays that stay as they are."""

    units: int = 10

    def start(self, n_out):
        return State(np.full(3, 7.0), np.linspace(-1, 1, n_out), np.full(3, 8.0))

    def step(self, params, state, x):
        share = m.sigmoid(state.h + x[0])
        h = share * state.h + (1 - share) * m.tanh(m.exp(state.h) - x[0])
        return state._replace(h=h), h * 1


class Straight(Curved):
    """Units that forget."""

    def step(self, params, state, x):
        h = 0.5 * state.h + x[0]
        return state._replace(h=h), h * 1


class Turning(Curved):
    """Units of which each turn asks a library for one number after the other."""

    def step(self, params, state, x):
        h = m.tanh(np.sin(state.h) + x[0])
        return state._replace(h=h), h * 1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_units_beside_whole_vectors_have_the_bits_of_those_in_one(dtype):
    x = np.sin(np.arange(20.0))[:, None].astype(dtype)
    start = np.linspace(-1, 1, 64)

    def outcome(n, first=0):
        model = ng.Model(Curved(units=n), seed=1, dtype=dtype)
        model.run(x[:1])
        model.reset()
        state = model.state["curved"]
        model.state["curved"] = state._replace(h=start[first : first + n].astype(dtype))
        found = model.run(x)
        state = model.state["curved"]
        np.testing.assert_array_equal(state.before, 7)
        np.testing.assert_array_equal(state.behind, 8)
        return found

    whole = outcome(64)
    assert np.abs(np.diff(whole, axis=0)).max() > 0.1
    for n in (*range(1, 20), 31, 33):
        np.testing.assert_array_equal(outcome(n), whole[:, :n])
        np.testing.assert_array_equal(outcome(n, 64 - n), whole[:, 64 - n :])


def test_only_loops_whose_turns_take_long_are_marked():
    def marks(node):
        return set(re.findall(r"!llvm.loop !(\d)", explain(node).llvm))

    assert marks(Curved()) == {"3"}
    assert marks(Straight()) == marks(Turning()) == {"1"}


@pytest.mark.skipif(not X86, reason="LLVM for other processors is not set up")
def test_a_processor_with_masks_is_given_no_turns_of_one_number():
    machine_code.target()
    import llvmlite.binding as llvm

    kind, node = np.dtype("float64"), Curved()
    writer = Writer(node, (), node.start(10), {"x": 1}, kind)
    text = planned(writer, places(node), kind)[1].text.replace("@NAME", "@step")
    target = llvm.Target.from_triple("x86_64-unknown-linux-gnu")
    machine = target.create_target_machine(cpu="skylake-avx512")

    def divisions(text):
        lines = machine.emit_assembly(machine_code.module_of(text, machine, machine_code.OPTIMIZED))
        return len(re.findall("divsd", lines)), len(re.findall("divpd", lines))

    assert machine_code.MASKS in text
    assert divisions(text) == (0, 2)
    assert divisions(text.replace("i1 true", "i1 false")) == (2, 2)
