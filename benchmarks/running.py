"""Work in which nothing learns: open loop, feedback, generation, stepping, many series."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks.peers import peer, peer_readout, peer_reservoir
from benchmarks.work import Work, series
from nodegraph.arrays import Array
from nodes import Identity, Input, Reservoir, Ridge

__all__ = ["Pair", "pair", "works"]


def run(units: int, connectivity: float, steps: int, target: float, aim: float) -> Work:
    """Drive a reservoir and return all its states."""
    return _run(units, connectivity, steps, "float64", (target, aim), 1e-8)


def run_single(units: int, connectivity: float, steps: int, target: float, aim: float) -> Work:
    """Drive a reservoir in single precision; ReservoirPy in double, as it always is."""
    return _run(units, connectivity, steps, "float32", (target, aim), 1e-4)


def _run(
    units: int,
    connectivity: float,
    steps: int,
    dtype: str,
    goals: tuple[float, float],
    tolerance: float,
) -> Work:
    node = Reservoir(
        name="r", units=units, connectivity=connectivity, leak_rate=0.3, bias_scaling=0.1
    )
    model, (x, _) = ng.Model(Input() >> node, dtype=dtype), series(steps)
    model.run(x[:1])
    theirs = peer_reservoir(node, ng.Model(Input(units=1) >> node).params["r"])

    def go() -> Array:
        theirs.reset() if theirs.initialized else None
        states: Array = theirs.run(x)
        return states

    share = f", {connectivity:.1%}".replace(".0%", "%")
    what = f"run, {units} units{share}" + (", float32" if dtype == "float32" else "")
    return Work(what, lambda: model.reset().run(x), go, steps, *goals, tolerance)


def run_many(units: int, count: int, target: float, aim: float) -> Work:
    """Drive a reservoir by many series of 100 steps."""
    node = Reservoir(name="r", units=units, leak_rate=0.3, bias_scaling=0.1)
    x, _ = series(100 * count)
    xs = np.split(x, count)
    model = ng.Model(Input() >> node)
    model.run(x[:1])
    theirs = peer_reservoir(node, model.params["r"])

    def go() -> list[Array]:
        found = []
        for one in xs:
            theirs.reset() if theirs.initialized else None
            found.append(theirs.run(one))
        return found

    what = f"run, {units} units, {count} series x 100"
    return Work(what, lambda: model.run(xs), go, 100 * count, target, aim)


class Pair(NamedTuple):
    """A reservoir with a readout, ours and theirs, with the same weights."""

    model: ng.Model
    theirs: Any
    reservoir: Any


def pair(units: int, *, feedback: bool = False, learned: bool = True) -> Pair:
    """Return a trained model of ours, and theirs with its weights."""
    fed = {"feedback_scaling": 0.2} if feedback else {}
    r = Reservoir(name="r", units=units, leak_rate=0.3, bias_scaling=0.1, **fed)
    out = Ridge(name="out", ridge=1e-4)
    chain = Input() >> r >> out
    x, y = series(1000)
    model = ng.Model(chain & (r << out) if feedback else chain).fit(x, y, warmup=100)
    reservoir = peer_reservoir(r, model.params["r"])
    readout = peer_readout(out, model.params["out"] if learned else None)
    theirs = reservoir >> readout
    theirs = theirs & (reservoir << readout) if feedback else theirs
    theirs.initialize(x, y)
    return Pair(model, theirs, reservoir)


def feedback(units: int, steps: int, target: float, aim: float) -> Work:
    """Run a reservoir that hears its readout one step later."""
    both, (x, _) = pair(units, feedback=True), series(steps)

    def go() -> Array:
        both.theirs.reset()
        outputs: Array = both.theirs.run(x)
        return outputs

    what = f"output feedback, run, {units} units"
    return Work(what, lambda: both.model.reset().run(x), go, steps, target, aim)


def generate(units: int, steps: int, target: float, aim: float) -> Work:
    """Let a model go on alone; ReservoirPy's users write the loop."""
    both, (x, _) = pair(units), series(200)

    def go() -> Array:
        both.theirs.reset()
        rows = [both.theirs.run(x)[-1]]
        for _ in range(steps - 1):
            rows.append(both.theirs.step(rows[-1]))
        return np.array(rows)

    def ours() -> Array:
        values: Array = both.model.reset().generate(steps, prompt=x)
        return values

    return Work(f"generate, {units} units", ours, go, steps + 200, target, aim, 1e-5)


def chain(nodes: int, steps: int, target: float, aim: float) -> Work:
    """Step through a chain of nodes that pass on what they get: the cost of a graph alone."""
    x, _ = series(steps)
    graph: Any = Input()
    theirs: Any = peer.Input()
    for i in range(nodes - 1):
        graph, theirs = graph >> Identity(name=f"i{i}"), theirs >> peer.Identity()
    model = ng.Model(graph)

    def ours() -> Array:
        return np.array([model.step(row) for row in x])

    def go() -> Array:
        return np.array([theirs.step(row) for row in x])

    what = f"chain of {nodes} identity nodes, step by step"
    return Work(what, ours, go, steps, target, aim)


def works() -> Iterator[Work]:
    """Yield what is compared, one after the other."""
    yield run(100, 0.1, 5000, 6, 9)
    yield run(1000, 0.1, 1500, 1.7, 2.2)
    yield run(10_000, 0.003, 300, 1.6, 2.2)
    yield run_single(100, 0.1, 5000, 7, 10)
    yield run_single(1000, 0.1, 1500, 2.5, 4)
    yield run_single(10_000, 0.003, 300, 2.8, 4)
    for count in (1, 16, 128):
        yield run_many(1000, count, 1.7, 2.2)
    yield feedback(100, 2000, 10, 20)
    yield feedback(1000, 700, 1.8, 2.3)
    yield generate(100, 2000, 6, 12)
    yield generate(500, 1000, 1, 1)
    yield chain(20, 1000, 10, 20)
