"""The contract of an engine: the same numbers as the naive interpreter, on any graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.graph import Edge, End, Graph
from nodegraph.graph.plan import Plan
from nodegraph.model import Model
from nodegraph.testing.comparing import close_trees, same_trees
from nodegraph.testing.recording import Recorder, check_replay
from nodegraph.testing.reference import interpret
from nodegraph.testing.zoo import Follow, Mix, Sum, Trace

__all__ = ["check_engine", "random_graph"]


def check_engine(engine: Any = "local", seed: int = 0, n_steps: int = 30) -> None:
    """Fail unless `engine` runs and teaches a random graph as the naive interpreter does.

    Parameters
    ----------
    engine : "local" or object
    seed : int
        Of the graph: up to 8 nodes, fans, loops with several delays, clocks, online rules.
    n_steps : int
    """
    rng = np.random.default_rng(seed)
    graph = random_graph(rng)
    plan = Plan.of(graph)
    bound = plan.inputs or tuple(plan.nodes)[:1]  # data may be given to any node by its name
    data = {n: rng.standard_normal((n_steps, 2)) for n in bound}
    model = Model(graph, seed=seed, engine=engine)
    model.run({name: rows[:1] for name, rows in data.items()})
    names = list(model.plan.nodes)
    expected, _ = interpret(model, data, n_steps)
    outputs = model.reset().run(data, outputs=names)
    close_trees(_stack(outputs, names), _stack(expected, names), "run is not the meaning")
    _check_chunks(model, data, outputs, names, rng)
    _check_learning(model, data, names, rng)


def _check_chunks(
    model: Model, data: dict[str, Any], outputs: Any, names: list[str], rng: np.random.Generator
) -> None:
    n_steps = len(next(iter(data.values())))
    cut = int(rng.integers(1, n_steps))
    model.reset()
    first = model.run({n: rows[:cut] for n, rows in data.items()}, outputs=names)
    steps = [model.step({n: rows[t] for n, rows in data.items()}) for t in range(cut, n_steps)]
    ends = model.plan.outputs
    rest = {n: [y[n] if len(ends) > 1 else y for y in steps] for n in ends}
    for name in ends:
        again = np.concatenate([first[name], rest[name]])
        same_trees(again, outputs[name], f"{name}: run then step differs from run")


def _check_learning(
    model: Model, data: dict[str, Any], names: list[str], rng: np.random.Generator
) -> None:
    n_steps = len(next(iter(data.values())))
    learners = [name for name, rule in model.plan.rules.items() if rule.online]
    if not learners:
        return
    targets = {
        name: rng.standard_normal((n_steps, model.params[name].W.shape[0])) for name in learners
    }
    expected, params = interpret(model, data, n_steps, targets)
    recorder = Recorder()
    before = model.reset().snapshot()
    outputs = model.partial_fit(data, targets, outputs=names)
    close_trees(_stack(outputs, names), _stack(expected, names), "partial_fit is not the meaning")
    for name in learners:
        close_trees(model.params[name], params[name], f"{name} learned something else")
    model.restore(before).partial_fit(data, targets, outputs=names, engine=recorder)
    check_replay(model, recorder.tapes)


def random_graph(rng: np.random.Generator) -> Graph:
    """Return a graph of small nodes with random wiring; every cycle has a delay."""
    count = int(rng.integers(2, 9))
    nodes = [_random_node(rng, i) for i in range(count)]
    edges = []
    for target in range(count):
        for source in range(count):
            if rng.random() < 0.35:
                late = 0 if source < target else 1
                lag = int(rng.choice([late, 1, 2, 5])) if rng.random() < 0.6 else late
                feeds_back = isinstance(nodes[target], Trace) and rng.random() < 0.5
                port = "feedback" if feeds_back else "x"
                edges.append(Edge(nodes[source], nodes[target], lag, port))
    return Graph(tuple(nodes), tuple(edges), (End(nodes[0]),), (End(nodes[-1]),))


def _random_node(rng: np.random.Generator, i: int) -> Any:
    clock: dict[str, Any] = (
        {"every": 3, "phase": int(rng.integers(3))} if rng.random() < 0.2 else {}
    )
    kind = int(rng.integers(4))
    if kind == 0:
        return Sum(name=f"sum{i}", **clock)
    if kind == 1:
        return Mix(name=f"mix{i}", units=int(rng.integers(1, 4)), **clock)
    if kind == 2:
        return Mix(name=f"mix{i}", rule=Follow(rate=0.02), **clock)
    return Trace(name=f"trace{i}", units=int(rng.integers(1, 4)), **clock)


def _stack(outputs: Any, names: list[str]) -> tuple[Any, ...]:
    return tuple(outputs[name] for name in names)
