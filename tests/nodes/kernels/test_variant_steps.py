"""Loops through lagged products are compiled, with the bits of `run`."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.engines import fused
from nodegraph.node import Node
from nodes import NVAR, Input, Reservoir

U = np.random.default_rng(0).uniform(-1, 1, (200, 3))
KINDS = {
    "nvar": lambda: NVAR(name="it"),
    "nvar, orders": lambda: NVAR(delay=3, order=(2, 3), strides=2, name="it"),
    "nvar, plain": lambda: NVAR(delay=1, order=1, name="it"),
    "nvar, clock": lambda: NVAR(every=3, phase=1, name="it"),
}


def looped(node, dtype="float64"):
    around = Reservoir(units=2, name="around")
    graph = (Input() >> node >> around) & (around >> delay(1) >> node)
    return ng.Model(graph, seed=5, dtype=dtype)


@pytest.fixture
def counted(monkeypatch):
    """Count the calls of `Node.run` in its Python form, which loops without programs make."""
    calls = []
    monkeypatch.setattr(fused, "FEWEST", 1)
    real = NVAR.run

    def run(self, *args, **ports):
        calls.append(self)
        return real(self, *args, **ports)

    monkeypatch.setattr(NVAR, "run", run)
    return calls


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", KINDS)
def test_compiled_loops_give_the_bits_of_loops_in_python(kind, dtype, counted, monkeypatch):
    names = ["it", "around"]
    fast = looped(KINDS[kind](), dtype)
    parts = [fast.run(U[:77], outputs=names), fast.run(U[77:], outputs=names)]
    assert counted == []
    monkeypatch.setattr(fused, "FEWEST", 10**9)
    slow = looped(KINDS[kind](), dtype)
    expected = slow.run(U, outputs=names)
    assert counted
    for name in names:
        found = np.concatenate([part[name] for part in parts])
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, expected[name])
    for one, other in zip(fast.state["it"], slow.state["it"], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_compiled_steps_give_the_bits_of_a_run(kind):
    stepped, run = looped(KINDS[kind]()), looped(KINDS[kind]())
    ys = np.array([stepped.step(u) for u in U[:40]])
    assert stepped._stepper is not None
    np.testing.assert_array_equal(ys, run.run(U[:40]))


def test_every_kind_here_has_a_compiled_step():
    for make in KINDS.values():
        assert type(make()).step_code is not Node.step_code
