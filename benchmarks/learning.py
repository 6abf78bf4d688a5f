"""Work in which something learns: ridge regression, RLS, plasticity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.peers import peer, peer_reservoir
from benchmarks.running import pair
from benchmarks.work import Work, series
from nodegraph.arrays import Array
from nodes import RLS, Input, Reservoir, Ridge
from nodes.rules import Oja

__all__ = ["works"]


def fit(units: int, steps: int, target: float, aim: float) -> Work:
    """Learn from one long series."""
    both, (x, y) = pair(units, learned=False), series(steps)

    def go() -> Array:
        both.theirs.reset()
        both.theirs.fit(x, y, warmup=100)
        weights: Array = both.theirs.nodes[-1].Wout.T
        return weights

    def ours() -> Array:
        weights: Array = both.model.fit(x, y, warmup=100).params["out"].W_out
        return weights

    return Work(f"fit, {units} units", ours, go, steps, target, aim, 1e-5)


def fit_many(
    what: str, units: int, lengths: Array, target: float, aim: float, workers: int = 1
) -> Work:
    """Learn from many series, each from the zero state; theirs with the better worker count."""
    both, (x, y) = pair(units, learned=False), series(int(lengths.sum()))
    cuts = np.cumsum(lengths)[:-1]
    xs, ys = np.split(x, cuts), np.split(y, cuts)

    def theirs(count: int) -> Array:
        both.theirs.reset()
        both.theirs.fit(xs, ys, warmup=5, workers=count)
        weights: Array = both.theirs.nodes[-1].Wout.T
        return weights

    best = min(range(1, workers + 1), key=lambda count: _seconds(lambda: theirs(count)))

    def ours() -> Array:
        weights: Array = both.model.fit(xs, ys, warmup=5, workers=workers).params["out"].W_out
        return weights

    if workers > 1:
        what += f", {workers} workers (theirs: {best})"
    steps = int(lengths.sum())
    return Work(what, ours, lambda: theirs(best), steps, target, aim, 1e-5, workers > 1)


def _seconds(program: Callable[[], Any]) -> float:
    program()
    start = perf_counter()
    program()
    return perf_counter() - start


def readouts(count: int, units: int, steps: int, target: float, aim: float) -> Work:
    """Learn several readouts of one reservoir, each with a target of its own."""
    node = Reservoir(name="r", units=units, leak_rate=0.3, bias_scaling=0.1)
    names = [f"o{i}" for i in range(count)]
    x, _ = series(steps)
    ys = {name: np.roll(x, -1 - i, axis=0) for i, name in enumerate(names)}
    model = ng.Model(Input() >> node >> [Ridge(name=name, ridge=1e-4) for name in names])
    model.fit(x[:50], {name: y[:50] for name, y in ys.items()})
    reservoir = peer_reservoir(node, model.params["r"])
    theirs = reservoir >> [peer.Ridge(ridge=1e-4, name=name) for name in names]

    def go() -> list[Array]:
        theirs.reset() if reservoir.initialized else None
        theirs.fit(x, ys, warmup=100)
        by_name = {node.name: node for node in theirs.nodes}
        return [by_name[name].Wout.T for name in names]

    def ours() -> list[Array]:
        params = model.fit(x, ys, warmup=100).params
        return [params[name].W_out for name in names]

    what = f"fit, {count} readouts of one reservoir of {units}"
    return Work(what, ours, go, steps, target, aim, 1e-5)


def rls(units: int, steps: int, target: float, aim: float) -> Work:
    """Learn at every step; without bias, where ReservoirPy's rule is another one."""
    r, out = Reservoir(name="r", units=units), RLS(name="out", alpha=1e-2, fit_bias=False)
    x, y = series(steps)
    model = ng.Model(Input() >> r >> out)
    model.run(x[:1], outputs=["r"])
    start, params = model.reset().snapshot(), model.params["r"]

    def go() -> Array:
        readout = peer.RLS(alpha=1e-2, fit_bias=False)
        (peer_reservoir(r, params) >> readout).partial_fit(x, y)
        weights: Array = readout.Wout.T
        return weights

    def ours() -> Array:
        model.restore(start).partial_fit(x, y)
        weights: Array = model.params["out"].W_out
        return weights

    return Work(f"RLS, partial_fit, {units} units", ours, go, steps, target, aim, 1e-5)


def oja(units: int, steps: int, target: float, aim: float) -> Work:
    """Let recurrent weights grow by Oja's rule.

    ReservoirPy takes the activity before the step from a state that never moves while it fits.
    """
    node = Reservoir(name="r", units=units, bias_scaling=0.1, rule=Oja(rate=1e-4))
    x, _ = series(steps)
    plain = ng.Model(Input(units=1) >> Reservoir(name="r", units=units, bias_scaling=0.1))
    params = plain.params["r"]

    def go() -> Array:
        theirs = peer.LocalPlasticityReservoir(
            local_rule="oja",
            eta=1e-4,
            W=params.W.copy(),
            Win=np.array(params.W_in),
            bias=np.array(params.bias),
        )
        theirs.fit(x)
        weights: Array = theirs.W.toarray()
        return weights

    def meaning() -> Array:
        W, state = params.W.toarray(), np.zeros(units)
        there = W != 0
        for u in x:
            before, state = state, np.tanh(W @ state + params.W_in @ u + params.bias)
            W += 1e-4 * there * np.outer(state, before) - 1e-4 * (state**2)[:, None] * W
        return W

    model = ng.Model(Input(units=1) >> node)

    def ours() -> Array:
        weights: Array = model.fit(x).params["r"].W.toarray()
        return weights

    what = f"plasticity (Oja), fit, {units} units"
    return Work(what, ours, go, steps, target, aim, 1e-9, meaning=meaning)


def works() -> Iterator[Work]:
    """Yield what is compared, one after the other."""
    yield rls(100, 2000, 6, 12)
    yield rls(1000, 300, 2.5, 5)
    yield oja(100, 5000, 30, 100)
    yield fit(1000, 2000, 1, 1)
    yield fit_many("fit, 1000 units, 64 series x 500", 1000, np.full(64, 500), 3, 6, 2)
    ragged = np.random.default_rng(0).integers(20, 61, 2000)
    yield fit_many("fit, 1000 units, 2000 ragged series of 20 to 60", 1000, ragged, 4, 8, 2)
    few = np.random.default_rng(0).integers(20, 61, 200)
    yield fit_many("fit, 300 units, 200 ragged series of 20 to 60", 300, few, 1, 1)
    yield readouts(12, 2000, 5000, 5, 9)
