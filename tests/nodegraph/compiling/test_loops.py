"""Loops with feedback, generation, single steps and learning in loops: one program, one outcome."""

from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import maths as m
from nodegraph.engines import loops
from nodegraph.testing.reference import interpret
from nodes import Input, Ridge

U = np.sin(np.arange(400) / 4)[:, None]


class Params(NamedTuple):
    W: Any
    W_in: Any


class Leaky(ng.Node):
    """A leaky reservoir."""

    Params: ClassVar[type] = Params
    units: int = 12

    def init(self, rng, n_in, n_out):
        draw = rng.standard_normal
        return Params(draw((self.units, self.units)) / self.units, draw((self.units, n_in)))

    def start(self, n_out):
        return (np.zeros(self.units),)

    def step(self, params, state, x):
        drive = m.matvec(params.W, state[0]) + m.matvec(params.W_in, x)
        v = 0.7 * state[0] + 0.3 * m.tanh(drive)
        return (v,), v * 1.0


class Spiking(Leaky):
    """Units that fire, and then rest for three steps."""

    def start(self, n_out):
        return np.zeros(self.units), np.zeros(self.units, int)

    def step(self, params, state, x):
        v, rest = state
        v = np.where(rest > 0, 0, 0.9 * v + m.matvec(params.W_in, x))
        fired = v > 1
        rest = np.where(fired, 3, np.maximum(rest - 1, 0))
        return (np.where(fired, 0, v), rest), fired.astype(x.dtype)


class Settles(ng.Rule):
    """Each weight moves with the product of what it sees and what is left over."""

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W_in",)

    def begin(self, params):
        return (np.zeros(len(params.W)),)

    def update(self, params, memory, seen):
        mean = 0.9 * memory[0] + 0.1 * seen.y
        change = m.outer(seen.y - mean, seen.x)
        return params._replace(W_in=params.W_in * 0.999 + 0.01 * change), (mean,)


class Learner(Leaky):
    """A reservoir whose input weights learn."""

    rule: Settles = Settles()


@pytest.fixture(autouse=True)
def compiled_only(monkeypatch):
    """Fail where a loop goes through Python."""
    before = loops.fuse

    def strict(seats, lines, clock, n):
        done = before(seats, lines, clock, n)
        assert done or n < loops.FEWEST
        return done

    monkeypatch.setattr("nodegraph.engines.local.fuse", strict)


def in_chunks(run, n):
    return np.concatenate([run(U[i : i + n]) for i in range(0, len(U), n)])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", [Leaky, Spiking])
def test_a_feedback_loop_and_what_it_generates_do_not_depend_on_chunks(kind, dtype):
    def made():
        u, node, out = Input(name="u"), kind(name="node"), Ridge(name="out")
        model = ng.Model((u >> node >> out) & (node << out), seed=1, dtype=dtype)
        return model.fit(U[:-1], U[1:], warmup=20)

    one, other = made(), made()
    assert np.array_equal(one.run(U), in_chunks(other.run, 33))
    assert np.array_equal(one.generate(40, prompt=U[:50]), other.generate(40, prompt=U[:50]))


@pytest.mark.parametrize("kind", [Leaky, Spiking, Learner])
def test_steps_one_by_one_have_the_bits_of_a_run(kind):
    node = kind(name="node")
    ys = ng.Model(Input(units=1) >> node, seed=1).run(U)
    stepped = ng.Model(Input(units=1) >> node, seed=1)
    assert np.array_equal([stepped.step(u) for u in U], ys)


def test_a_ring_of_two_nodes_agrees_with_the_plain_interpreter():
    u, a, b = Input(units=1, name="u"), Leaky(units=8, name="a"), Spiking(units=6, name="b")
    model = ng.Model((u >> a >> b) & (b >> ng.delay(1) >> a), seed=2)
    ys = model.run(U)
    outs, _ = interpret(model, {"u": U}, len(U))
    assert np.array_equal(ys, outs["b"])


def test_learning_in_a_loop_agrees_with_chunks_and_with_the_plain_interpreter():
    u, cell, back = Input(units=1, name="u"), Learner(name="cell"), Spiking(units=3, name="back")
    graph = (u >> cell >> back) & (back >> ng.delay(1) >> cell)
    one, other, fresh = (ng.Model(graph, seed=3) for _ in range(3))
    ys = one.partial_fit(U)
    assert np.array_equal(ys, in_chunks(other.partial_fit, 25))
    fresh.run(U[:1])
    outs, params = interpret(fresh, {"u": U}, len(U), {})
    assert np.array_equal(outs["back"], ys)
    for found in (other.params["cell"], params["cell"]):
        for p, q in zip(found, one.params["cell"], strict=True):
            assert np.array_equal(p, q)


@pytest.mark.parametrize("workers", [1, 3])
def test_series_side_by_side_have_the_bits_of_each_alone(workers):
    series = [U[: 50 + k] for k in range(9)]
    alone = [ng.Model(Input() >> Leaky(name="node"), seed=1).run(s) for s in series]
    found = ng.Model(Input() >> Leaky(name="node"), seed=1).run(series, workers=workers)
    assert all(np.array_equal(a, b) for a, b in zip(found, alone, strict=True))
