import subprocess
import sys
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import loops
from nodegraph.graph import Edge, End, Graph
from nodegraph.graph.node import Node
from nodegraph.graph.plan import Plan
from nodegraph.rule import Rule
from nodegraph.testing.comparing import close_trees, same_trees
from nodegraph.testing.recording import Recorder, check_replay
from nodegraph.testing.reference import interpret
from nodes import LMS, MTRNN, RLS, Identity, Input, Reduce, Reservoir, Ridge, Softmax, Tanh
from nodes.rules import EProp


def random_node(rng, i):
    clock = {"every": 3, "phase": int(rng.integers(3))} if rng.random() < 0.2 else {}
    units = int(rng.integers(1, 12))
    kinds = [
        lambda: Reservoir(name=f"n{i}", units=units, connectivity=1, leak_rate=0.5, **clock),
        lambda: Reservoir(
            name=f"n{i}", units=30, input_connectivity=0.5, spectral_radius=0.8, **clock
        ),
        lambda: Reservoir(name=f"n{i}", units=10, topology="ring", noise=0.1, **clock),
        lambda: RLS(name=f"n{i}", units=2, forgetting=float(rng.choice([1.0, 0.98])), **clock),
        lambda: LMS(name=f"n{i}", units=1, rate=1e-3, **clock),
        lambda: Tanh(name=f"n{i}", **clock),
    ]
    return kinds[int(rng.integers(len(kinds)))]()


def random_graph(seed):
    """Return real nodes in loops of several delays, with feedback ports and clocks."""
    rng = np.random.default_rng(seed)
    nodes = [Input(name="u"), *(random_node(rng, i) for i in range(int(rng.integers(2, 7))))]
    edges = [Edge(nodes[0], node, 0, "x") for node in nodes[1:]]
    for target in range(1, len(nodes)):
        for source in range(1, len(nodes)):
            if rng.random() < 0.4 and not isinstance(nodes[target], Tanh):
                lag = int(rng.choice([1, 2, 7])) if source >= target else int(rng.choice([0, 0, 3]))
                fed_back = isinstance(nodes[target], Reservoir) and rng.random() < 0.5
                port = "feedback" if fed_back else "x"
                edges.append(Edge(nodes[source], nodes[target], lag, port))
    return Graph(tuple(nodes), tuple(edges), (End(nodes[0]),), (End(nodes[-1]),))


def taught(model, seed, n_steps):
    """Return targets, some of them missing, for every learner."""
    rng = np.random.default_rng(seed + 1)
    model.run(np.zeros((1, 2)), outputs=["u"])
    targets = {}
    for name in model.plan.rules:
        rows = rng.normal(size=(n_steps, model.plan.nodes[name].units))
        rows[rng.random(n_steps) < 0.2] = np.nan
        targets[name] = rows
    return targets


def every_way(monkeypatch, do):
    """Return what `do` gives with programs and with loops in Python."""
    found = []
    for fewest in (1, 10**9):
        monkeypatch.setattr(loops, "FEWEST", fewest)
        found.append(do())
    return found


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", range(25))
def test_programs_give_the_bits_of_python_and_the_numbers_of_the_meaning(seed, dtype, monkeypatch):
    graph, n_steps = random_graph(seed), 24
    x = np.random.default_rng(seed).normal(size=(n_steps, 2))
    names = [n for n in Plan.of(graph).nodes]
    learners = Plan.of(graph).rules

    def learned():
        model = ng.Model(graph, seed=seed, dtype=dtype)
        if not learners:
            return model, model.run(x, outputs=names)
        targets = taught(model, seed, n_steps)
        half = {name: rows[:9] for name, rows in targets.items()}
        rest = {name: rows[9:] for name, rows in targets.items()}
        model.reset()
        first = model.partial_fit(x[:9], half, outputs=names)
        last = model.partial_fit(x[9:], rest, outputs=names)
        ys = {name: np.concatenate([first[name], last[name]]) for name in names}
        return model, ys

    (one, ys), (other, expected) = every_way(monkeypatch, learned)
    for name in names:
        same_trees(ys[name], expected[name], f"{name}: programs give other outputs")
        same_trees(one.params[name], other.params[name], f"{name}: learned otherwise")
        same_trees(one.state[name], other.state[name], f"{name}: ends elsewhere")
    if dtype == "float64":
        again = one.reset().run(x, outputs=names)
        meaning, _ = interpret(one, {"u": x}, n_steps)
        close_trees(
            tuple(again[n] for n in names), tuple(meaning[n] for n in names), "not the meaning"
        )


@pytest.mark.parametrize("seed", range(6))
def test_what_a_program_does_is_what_a_recorder_hears(seed):
    graph = random_graph(seed)
    x = np.random.default_rng(seed).normal(size=(30, 2))
    model = ng.Model(graph, seed=seed)
    if model.plan.rules:
        model.partial_fit(
            x, {n: np.ones((30, model.plan.nodes[n].units)) for n in model.plan.rules}
        )
    model.run(x[:1])
    model.reset()
    start = model.snapshot()
    ys = model.run(x)
    recorder = Recorder()
    same_trees(_leaf(model.restore(start).run(x, engine=recorder)), _leaf(ys), "it hears others")
    check_replay(model, recorder.tapes)


def _leaf(outputs):
    return tuple(outputs.values()) if isinstance(outputs, dict) else outputs


def test_a_loop_with_a_node_that_is_not_compiled_runs_in_python():
    pool, mean = Reservoir(name="pool", units=8), Reduce(name="mean", kind="mean")
    looped = (Input() >> pool >> mean) & (pool << mean)
    x = np.random.default_rng(0).normal(size=(40, 1))
    model = ng.Model(looped)
    whole = model.run(x)
    meaning, _ = interpret(model, {"input": x}, 40)
    np.testing.assert_allclose(whole, meaning["mean"], atol=1e-12)
    soft = Softmax(name="soft")
    model = ng.Model((Input() >> pool >> soft) & (pool << soft))
    meaning, _ = interpret(model_run(model, x), {"input": x}, 40)
    np.testing.assert_allclose(model.reset().run(x), meaning["soft"], atol=1e-12)


def model_run(model, x):
    model.run(x)
    return model


def test_a_long_delay_in_a_loop():
    pool, back = Reservoir(name="pool", units=6), Identity(name="back")
    looped = (Input() >> pool >> back) & (back >> ng.delay(50) >> pool["feedback"])
    x = np.random.default_rng(0).normal(size=(170, 1))
    model = ng.Model(looped)
    meaning, _ = interpret(model_run(model, x), {"input": x}, 170)
    whole = model.reset().run(x)
    np.testing.assert_allclose(whole, meaning["back"], atol=1e-12)
    model.reset()
    parts = [model.run(x[:33]), model.run(x[33:34]), model.run(x[34:])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_forced_loops_and_readouts_are_not_disturbed():
    pool, out = Reservoir(name="pool", units=20), Ridge(name="out")
    looped = (Input() >> pool >> out) & (pool << out)
    x = np.random.default_rng(0).normal(size=(300, 1))
    model = ng.Model(looped).fit(x, np.roll(x, 1))
    ran = model.run(x[:50])
    model.fit(x, np.roll(x, 1))
    np.testing.assert_array_equal(np.array([model.step(row) for row in x[:50]]), ran)


class Homeostasis(Rule):
    """A rule of a user: ``db = -rate x``."""

    online = True
    supervised = False
    modifies = ("bias",)

    def update(self, params, memory, seen):
        """Return the params a step later."""
        return params._replace(bias=params.bias - 0.1 * seen.y), memory


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_rule_learns_in_a_loop_from_what_its_node_did_with_the_noise(noise, monkeypatch):
    u = np.random.default_rng(1).normal(size=(40, 1))

    def learned():
        pool = Reservoir(units=5, noise=noise, rule=Homeostasis(), name="pool")
        model = ng.Model((Input() >> pool) & (pool >> ng.delay(1) >> pool), seed=2)
        return model.partial_fit(u), model.params["pool"].bias

    one, other = every_way(monkeypatch, learned)
    same_trees(one, other, "programs learn otherwise")
    ys, bias = one
    np.testing.assert_allclose(bias, -0.1 * ys.sum(axis=0), rtol=1e-12)


def test_loops_generations_steps_and_online_learning_import_no_ray():
    script = """
import sys
import numpy as np
import nodegraph as ng
from nodes import RLS, Input, Reservoir, Ridge
x = np.sin(np.arange(300) / 5)[:, None]
pool, out = Reservoir(units=10), Ridge()
model = ng.Model((Input() >> pool >> out) & (pool << out)).fit(x[:-1], x[1:])
assert np.isfinite(model.run(x[:40])).all() and np.isfinite(model.step(x[40])).all()
model = ng.Model(Input() >> Reservoir(units=10) >> Ridge()).fit(x[:-1], x[1:])
assert model.generate(50).shape == (50, 1)
model = ng.Model(Input() >> Reservoir(units=10) >> RLS())
for start in range(0, 60, 20):
    model.partial_fit(x[start : start + 20], x[start + 1 : start + 21])
model.partial_fit(x[60:61], x[61:62])
assert "ray" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)


class Drawn(Rule):
    """``w += 0.01 m s - 0.1 (w - w(0))`` with ``m = 0.9 m + y``, s the sum of the input.

    Parameters
    ----------
    begins : str
        What the memory is at first: arrays that are one and the same, or that are read-only.
    """

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("w",)

    begins: str = "shared"

    def begin(self, params):
        zeros = np.zeros(3) if self.begins == "shared" else np.broadcast_to(0.0, 3)
        return params.w, zeros, zeros

    def update(self, params, memory, seen):
        first, m, count = memory
        m, count = 0.9 * m + seen.y, count + 1
        w = params.w + 0.01 * m * np.sum(seen.x) - 0.1 * (params.w - first)
        return params._replace(w=w), (first, m, count)


class Sums(Node):
    """``v = v / 2 + w sum(x)``.

    Parameters
    ----------
    units : int
        How many.
    rule : Drawn
        How it learns.
    """

    class Params(NamedTuple):
        w: Any

    class State(NamedTuple):
        v: Any

    units: int = 3
    rule: Drawn = Drawn()

    def init(self, rng, n_in, n_out):
        return self.Params(np.array([0.3, -0.4, 0.2]))

    def start(self, n_out):
        return self.State(np.zeros(3))

    def step(self, params, state, x):
        v = state.v / 2 + params.w * np.sum(x)
        return self.State(v), v.copy()


def sums_by_hand(x, lag):
    w, v, m, ys = np.array([0.3, -0.4, 0.2]), np.zeros(3), np.zeros(3), []
    first = w
    for t, row in enumerate(x):
        s = row.sum() + (ys[t - lag].sum() if t >= lag else 0)
        v = v / 2 + w * s
        m = 0.9 * m + v
        w = w + 0.01 * m * s - 0.1 * (w - first)
        ys.append(v)
    return np.array(ys), w


@pytest.mark.parametrize("begins", ["shared", "fixed"])
@pytest.mark.parametrize("lag", [1, 2])
@pytest.mark.parametrize("cuts", [[60], [20, 40], [12, 1, 40, 7], [1] * 60])
def test_memories_that_begin_as_one_array_are_kept_apart(begins, lag, cuts):
    x, sums = np.random.default_rng(0).normal(size=(60, 2)) / 2, Sums(rule=Drawn(begins=begins))
    model = ng.Model((Input() >> sums) & (sums >> ng.delay(lag) >> sums))
    ys = [model.partial_fit(part) for part in np.split(x, np.cumsum(cuts)[:-1])]
    expected, w = sums_by_hand(x, lag)
    np.testing.assert_allclose(np.concatenate(ys), expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(model.params["sums"].w, w, rtol=0, atol=1e-13)


def test_traces_of_a_cell_in_a_loop_do_not_show_chunks():
    x, parts = np.random.default_rng(7).normal(size=(60, 2)), []
    for cuts in ([60], [22, 38], [30, 30], [60 // 4] * 4):
        cell, back = MTRNN(tau=[1.0, 2, 4, 8], rule=EProp(batch=3)), Tanh()
        graph = (Input() >> cell >> back) & (back >> ng.delay(2) >> cell)
        model = ng.Model(graph, seed=4)
        told = [model.partial_fit(part) for part in np.split(x, np.cumsum(cuts)[:-1])]
        parts.append(np.concatenate([*told, model.params["mtrnn"].W]))
    assert all(np.array_equal(parts[0], other) for other in parts[1:])
