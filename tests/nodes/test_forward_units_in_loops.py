"""Loops through forward units are compiled, running and learning, with the bits of `run`."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.arrays import leaves
from nodegraph.engines import loops
from nodes import RLS, ForwardUnit, Input, Reservoir

U = np.random.default_rng(0).uniform(-1, 1, (150, 2))
ALL = ("state", "prediction", "error")
KINDS = {
    "forecast": {"units": 19, "features": 5, "fan_in": 4, "horizon": 6, "reach": 4, "emits": ALL},
    "forecast, a few": {"kind": "forecast", "units": 3, "horizon": 3, "reach": 2},
    "predictive_coding": {"units": 20, "emits": ALL},
    "forward_forward": {"units": 23},
    "attention": {"units": 11, "span": 3, "emits": ALL},
    "dendritic": {"units": 17, "horizon": 4, "emits": ALL},
    "dendritic, clock": {"kind": "dendritic", "units": 5, "every": 3, "phase": 1},
}


def looped(kind, dtype="float64"):
    """Return units in a loop with a reservoir, and a readout that learns beside them."""
    units = ForwardUnit(**{"kind": kind, **KINDS[kind]}, name="it")
    around = Reservoir(units=3, name="around")
    graph = (Input() >> units >> around >> RLS(name="readout")) & (around >> delay(1) >> units)
    return ng.Model(graph, seed=5, dtype=dtype)


def taught(model, warmup=0):
    """Return what a model gives out while all in it learn, in two chunks."""
    cut, names = 70, ["it", "readout"]
    parts = [
        model.partial_fit(U[rows], {"readout": U[rows]}, warmup=drive, outputs=names)
        for rows, drive in ((slice(cut), warmup), (slice(cut, None), 0))
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def same(one, other):
    for name in ("it", "readout"):
        for there in ("params", "state"):
            pairs = zip(*(leaves(getattr(m, there)[name]) for m in (one, other)), strict=True)
            for (_, found), (_, expected) in pairs:
                np.testing.assert_array_equal(found, expected)


@pytest.fixture
def in_python(monkeypatch):
    """Return a function that calls another one while no loop is compiled."""

    def call(work, *args, **options):
        with monkeypatch.context() as patch:
            patch.setattr(loops, "FEWEST", 10**9)
            return work(*args, **options)

    return call


@pytest.fixture
def programs(monkeypatch):
    """Count the programs that are run."""
    found, real = [], loops.Program.run

    def run(self, start, stop):
        found.append(stop - start)
        real(self, start, stop)

    monkeypatch.setattr(loops.Program, "run", run)
    return found


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", KINDS)
def test_compiled_loops_give_the_bits_of_loops_in_python(kind, dtype, in_python, programs):
    fast, slow = looped(kind, dtype), looped(kind, dtype)
    for model in (fast, slow):
        model.partial_fit(U[:5], {"readout": U[:5]})
    programs.clear()
    found = np.concatenate([fast.run(U[:77]), fast.run(U[77:])])
    assert programs == [77, 73]
    np.testing.assert_array_equal(found, in_python(slow.run, U))
    assert found.dtype == dtype
    same(fast, slow)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", KINDS)
def test_compiled_loops_learn_to_the_bit(kind, dtype, in_python, programs):
    fast, slow = looped(kind, dtype), looped(kind, dtype)
    found = taught(fast)
    assert programs == [70, 80]
    expected = in_python(taught, slow)
    for name, ys in found.items():
        np.testing.assert_array_equal(ys, expected[name])
    same(fast, slow)
    assert any(
        not np.array_equal(found, born)
        for (_, found), (_, born) in zip(
            leaves(fast.params["it"]), leaves(looped_params(kind, dtype)), strict=True
        )
    )


def looped_params(kind, dtype):
    model = looped(kind, dtype)
    model.run(U[:1], outputs=["it"])
    return model.params["it"]


@pytest.mark.parametrize("kind", ["attention", "dendritic"])
def test_nothing_is_learned_while_a_compiled_loop_warms_up(kind, in_python):
    fast, slow = looped(kind), looped(kind)
    found, expected = taught(fast, warmup=30), in_python(taught, slow, warmup=30)
    np.testing.assert_array_equal(found["it"], expected["it"])
    same(fast, slow)


@pytest.mark.parametrize("kind", KINDS)
def test_compiled_steps_give_the_bits_of_a_run(kind):
    stepped, run = looped(kind), looped(kind)
    for model in (stepped, run):
        model.partial_fit(U[:50], {"readout": U[:50]})
    ys = np.array([stepped.step(u) for u in U[50:90]])
    assert stepped._stepper is not None
    np.testing.assert_array_equal(ys, run.run(U[50:90]))
    same(stepped, run)
