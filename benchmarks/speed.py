"""How fast common work is, beside ReservoirPy with the same weights on the same data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks.peers import peer, peer_readout, peer_reservoir
from benchmarks.tables import markdown
from benchmarks.timing import compare
from nodegraph.arrays import Array
from nodes import RLS, Identity, Input, Reservoir, Ridge

__all__ = ["Work", "main", "works"]

REPEATS = 7


class Work(NamedTuple):
    """Two programs that do the same and return the same, and the ratio to reach."""

    what: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    steps: int
    target: float = 1.0
    tolerance: float = 1e-8

    def check(self) -> None:
        """Raise if they do not return the same."""
        for ours, theirs in zip(_arrays(self.ours()), _arrays(self.theirs()), strict=True):
            np.testing.assert_allclose(
                ours, theirs, atol=self.tolerance * float(np.abs(theirs).max()), err_msg=self.what
            )

    def cells(self) -> list[Any]:
        """Return the row of the table: the ratio comes first."""
        self.check()
        found = compare(self.ours, self.theirs, REPEATS)
        reached = "yes" if found.ratio >= self.target else "**no**"
        return [self.what, found.ratio, f"≥ {self.target:g}", reached, *found.cells(self.steps)]


def _arrays(result: Any) -> list[Array]:
    return result if isinstance(result, list) else [result]


def _series(steps: int) -> tuple[Array, Array]:
    """Return input and target: the next value of a sum of two sines, and noise."""
    t = np.arange(steps + 1)
    noise = np.random.default_rng(0).normal(0, 0.05, steps + 1)
    x = (0.6 * np.sin(t / 5) + 0.3 * np.sin(t / 8.3) + noise)[:, None]
    return x[:-1], x[1:]


def run(units: int, connectivity: float, steps: int, target: float) -> Work:
    """Drive a reservoir and return all its states."""
    node = Reservoir(
        name="r", units=units, connectivity=connectivity, leak_rate=0.3, bias_scaling=0.1
    )
    model, (x, _) = ng.Model(Input() >> node), _series(steps)
    model.run(x[:1])
    theirs = peer_reservoir(node, model.params["r"])

    def go() -> Array:
        theirs.reset() if theirs.initialized else None
        states: Array = theirs.run(x)
        return states

    share = f", {connectivity:.1%}".replace(".0%", "%")
    return Work(f"run, {units} units{share}", lambda: model.reset().run(x), go, steps, target)


class _Pair(NamedTuple):
    """A reservoir with a readout, ours and theirs, with the same weights."""

    model: ng.Model
    theirs: Any
    reservoir: Any


def _pair(units: int, *, feedback: bool = False, learned: bool = True) -> _Pair:
    r = Reservoir(name="r", units=units, leak_rate=0.3, bias_scaling=0.1, feedback_scaling=0.2)
    out, chain = Ridge(name="out", ridge=1e-4), None
    chain = Input() >> r >> out
    x, y = _series(1000)
    model = ng.Model(chain & (r << out) if feedback else chain).fit(x, y, warmup=100)
    reservoir = peer_reservoir(r, model.params["r"])
    readout = peer_readout(out, model.params["out"] if learned else None)
    theirs = reservoir >> readout
    theirs = theirs & (reservoir << readout) if feedback else theirs
    theirs.initialize(x, y)
    return _Pair(model, theirs, reservoir)


def feedback(units: int, steps: int, target: float) -> Work:
    """Run a reservoir that hears its readout one step later."""
    pair, (x, _) = _pair(units, feedback=True), _series(steps)

    def go() -> Array:
        pair.theirs.reset()
        outputs: Array = pair.theirs.run(x)
        return outputs

    what = f"output feedback, run, {units} units"
    return Work(what, lambda: pair.model.reset().run(x), go, steps, target)


def generate(units: int, steps: int, target: float) -> Work:
    """Let a model go on alone; ReservoirPy's users write the loop."""
    pair, (x, _) = _pair(units), _series(200)

    def go() -> Array:
        pair.theirs.reset()
        y, rows = pair.theirs.run(x)[-1], []
        for _ in range(steps):
            y = pair.theirs.step(y)
            rows.append(y)
        return np.array(rows)

    def ours() -> Array:
        values: Array = pair.model.reset().generate(steps, prompt=x)
        return values

    return Work(f"generate, {units} units", ours, go, steps + 200, target, 1e-5)


def fit(units: int, steps: int, target: float) -> Work:
    """Learn from one long series."""
    pair, (x, y) = _pair(units, learned=False), _series(steps)

    def go() -> Array:
        pair.theirs.reset()
        pair.theirs.fit(x, y, warmup=100)
        weights: Array = pair.theirs.nodes[-1].Wout.T
        return weights

    def ours() -> Array:
        weights: Array = pair.model.fit(x, y, warmup=100).params["out"].W_out
        return weights

    return Work(f"fit, {units} units", ours, go, steps, target, 1e-5)


def fit_many(what: str, units: int, lengths: Array, target: float, workers: int = 1) -> Work:
    """Learn from many series, each from the zero state."""
    pair, (x, y) = _pair(units, learned=False), _series(int(lengths.sum()))
    cuts = np.cumsum(lengths)[:-1]
    xs, ys = np.split(x, cuts), np.split(y, cuts)

    def go() -> Array:
        pair.theirs.reset()
        pair.theirs.fit(xs, ys, warmup=5, workers=workers)
        weights: Array = pair.theirs.nodes[-1].Wout.T
        return weights

    def ours() -> Array:
        weights: Array = pair.model.fit(xs, ys, warmup=5, workers=workers).params["out"].W_out
        return weights

    return Work(what, ours, go, int(lengths.sum()), target, 1e-5)


def rls(units: int, steps: int, target: float) -> Work:
    """Learn at every step; without bias, where ReservoirPy's rule is another one."""
    r, out = Reservoir(name="r", units=units), RLS(name="out", alpha=1e-2, fit_bias=False)
    x, y = _series(steps)
    model = ng.Model(Input() >> r >> out)
    model.partial_fit(x[:1], y[:1])
    params = model.params["r"]

    def go() -> Array:
        readout = peer.RLS(alpha=1e-2, fit_bias=False)
        (peer_reservoir(r, params) >> readout).partial_fit(x, y)
        weights: Array = readout.Wout.T
        return weights

    def ours() -> Array:
        fresh = ng.Model(model.graph)
        fresh.partial_fit(x, y)
        weights: Array = fresh.params["out"].W_out
        return weights

    return Work(f"RLS, partial_fit, {units} units", ours, go, steps, target, 1e-5)


def chain(nodes: int, steps: int, target: float) -> Work:
    """Step through a chain of nodes that pass on what they get: the cost of a graph alone."""
    x, _ = _series(steps)
    graph: Any = Input()
    theirs: Any = peer.Input()
    for i in range(nodes - 1):
        graph, theirs = graph >> Identity(name=f"i{i}"), theirs >> peer.Identity()
    model = ng.Model(graph)

    def ours() -> Array:
        return np.array([model.step(row) for row in x])

    def go() -> Array:
        return np.array([theirs.step(row) for row in x])

    return Work(f"chain of {nodes} identity nodes, step by step", ours, go, steps, target)


def works() -> Iterator[Work]:
    """Yield what is compared, one after the other."""
    yield run(100, 0.1, 5000, 6)
    yield run(1000, 0.1, 1500, 1.7)
    yield run(10_000, 0.003, 300, 1.6)
    yield feedback(100, 2000, 10)
    yield feedback(1000, 700, 1.8)
    yield generate(100, 2000, 6)
    yield generate(500, 1000, 1)
    yield rls(100, 2000, 6)
    yield rls(1000, 100, 2.5)
    yield fit(1000, 2000, 1)
    yield fit_many("fit, 1000 units, 16 series x 200", 1000, np.full(16, 200), 3)
    ragged = np.random.default_rng(0).integers(20, 61, 200)
    yield fit_many("fit, 300 units, 200 ragged series of 20 to 60", 300, ragged, 4)
    yield chain(20, 300, 10)


def main() -> str:
    """Return the table as Markdown."""
    head = ["work", "ratio", "to reach", "reached"]
    for whose in ("ours", "ReservoirPy"):
        head += [f"{whose}, min", "median", "CPU"]
    title = "Speed beside ReservoirPy: microseconds a step, one BLAS thread, float64"
    return markdown(title, head, [work.cells() for work in works()])


if __name__ == "__main__":
    print(main())
