"""Loops through other reservoirs and lagged products are compiled, with the bits of `run`."""

import numpy as np
import pytest
from scipy import sparse

import nodegraph as ng
from nodegraph import delay
from nodegraph.engines import fused
from nodegraph.node import Node
from nodes import ES2N, LIF, NVAR, Input, Reservoir

U = np.random.default_rng(0).uniform(-1, 1, (200, 3))
KINDS = {
    "es2n": lambda: ES2N(units=13, proximity=0.3, bias_scaling=0.2, name="it"),
    "es2n, dense": lambda: ES2N(units=13, connectivity=1.0, activation="relu", name="it"),
    "es2n, sparse": lambda: ES2N(
        units=41, input_connectivity=0.4, O=sparse.eye_array(41, format="csr"), name="it"
    ),
    "lif": lambda: LIF(units=17, leak_rate=0.2, threshold=0.5, bias_scaling=0.3, name="it"),
    "lif, dense": lambda: LIF(units=9, connectivity=1.0, reset="subtract", name="it"),
    "lif, each its leak": lambda: LIF(units=3, leak_rate=(0.1, 0.5, 0.9), name="it"),
    "nvar": lambda: NVAR(name="it"),
    "nvar, orders": lambda: NVAR(delay=3, order=(2, 3), strides=2, name="it"),
    "nvar, plain": lambda: NVAR(delay=1, order=1, name="it"),
    "es2n, clock": lambda: ES2N(units=5, every=3, phase=1, name="it"),
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
    for kind in (ES2N, LIF, NVAR):
        real = kind.run

        def run(self, *args, real=real, **ports):
            calls.append(self)
            return real(self, *args, **ports)

        monkeypatch.setattr(kind, "run", run)
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
