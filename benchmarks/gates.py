"""Whether our own fast paths are faster than our own plain ones, as they are on any machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks import gated_node
from benchmarks.tables import markdown
from benchmarks.timing import compare
from nodegraph import Lesson
from nodegraph.arrays import Array
from nodegraph.engines.compiled.courses import learn_by_step
from nodegraph.engines.compiled.traced_steps import prepared
from nodegraph.engines.prepared import fold
from nodegraph.testing import run_node, teach
from nodegraph.testing.reference import interpret
from nodes import LMS, RLS, Input, Reservoir, Ridge

__all__ = ["Gate", "gates", "main"]

REPEATS = 5


class Gate(NamedTuple):
    """What is compared, plain CPU time over fast, and the least ratio that is right."""

    what: str
    ratio: float
    least: float


class Pair(NamedTuple):
    """A plain and a fast program for the same, and the least ratio to be held."""

    what: str
    plain: Callable[[], Any]
    fast: Callable[[], Any]
    least: float

    def measure(self) -> Gate:
        """Check that both return the same, and time them in turn."""
        np.testing.assert_allclose(self.fast(), self.plain(), rtol=1e-6, atol=1e-8)
        return Gate(self.what, compare(self.fast, self.plain, REPEATS).ratio, self.least)


def _series(steps: int, n: int = 1) -> Array:
    return np.random.default_rng(0).uniform(-1, 1, (steps, n))


def run() -> Pair:
    """Drive a reservoir: compiled beside a loop of `step`."""
    xs, node = _series(400), Reservoir(units=50, name="r")
    model = ng.Model(node)
    model.run(xs[:1])
    params, state = model.params["r"], node.start(50)
    return Pair(
        "run, reservoir of 50 units: compiled, not a loop of step",
        lambda: fold(node, params, state, xs, {})[1],
        lambda: run_node(node, params, state, xs)[1],
        5,
    )


def loop() -> Pair:
    """Run a feedback loop: the engine beside the interpreter that says what a graph means."""
    u, r = _series(400), Reservoir(units=30, name="r")
    out = Ridge(name="out", ridge=1e-4)
    model = ng.Model((Input(name="u") >> r >> out) & (r << out)).fit(u, np.roll(u, 1), warmup=10)
    return Pair(
        "run, feedback loop: engine, not the interpreter",
        lambda: interpret(model, {"u": u}, len(u))[0]["out"],
        lambda: model.reset().run(u),
        8,
    )


def learn(node: Any, n_in: int, steps: int, least: float) -> Pair:
    """Learn online: a chunk in one loop beside `update` at each step."""
    rule, xs = node.rule, _series(steps, n_in)
    lesson = Lesson({"x": xs}, xs[:, :1] * 0.5 + 0.1, np.ones(steps, bool))

    def outputs(how: Callable[..., Any]) -> Array:
        params = node.init(np.random.default_rng(0), n_in, 1)
        rows: Array = how(rule, node, params, (), rule.begin(params), lesson).ys
        return rows

    what = f"{type(node).__name__}, {n_in} inputs: chunk, not a loop of update"
    return Pair(what, lambda: outputs(learn_by_step), lambda: outputs(teach), least)


def run_many() -> Pair:
    """Run many short series: all in one call beside one by one."""
    model = ng.Model(Input() >> Reservoir(units=50, name="r"))
    series = [_series(5) * k / 200 for k in range(200)]
    return Pair(
        "run, 200 series of 5 steps: as a list, not one by one",
        lambda: np.concatenate([model.run([one])[0] for one in series]),
        lambda: np.concatenate(model.run(series)),
        1.2,
    )


def fit_many() -> Pair:
    """Learn from many short series: all in one call beside one by one."""
    readout = Ridge(name="out", ridge=1e-6)
    model = ng.Model(Input() >> Reservoir(units=50, name="r") >> readout)
    series = [_series(10) * (k + 1) / 80 for k in range(80)]

    def one_by_one() -> Array:
        model.fit(series[:1], series[:1])
        for one in series[1:]:
            model.update([one], [one])
        return model.params["out"].W_out

    def at_once() -> Array:
        return model.fit(series, series).params["out"].W_out

    what = "fit, 80 series of 10 steps: as a list, not fit and update one by one"
    return Pair(what, one_by_one, at_once, 2)


def stranger() -> Pair:
    """Run a node with gates, counters and an inner loop: compiled beside plain numpy."""
    xs, node = _series(500, 3), gated_node.GatedSettling(units=10, name="it")
    params, state = node.init(np.random.default_rng(0), 3, 10), node.start(10)
    ready = prepared(node, params)
    return Pair(
        "run, gated node of 10 units: compiled, not plain numpy",
        lambda: gated_node.plain_run(params, xs),
        lambda: ready.run(state, xs)[1],
        12,
    )


def pairs() -> Iterator[Pair]:
    """Yield what is compared; each least ratio is at most a third of what was measured."""
    yield run()
    yield loop()
    yield learn(RLS(name="out", alpha=1e-2), 50, 500, 2.2)
    yield learn(LMS(name="out", rate=1e-3), 50, 600, 8)
    yield stranger()
    yield run_many()
    yield fit_many()


def gates() -> Iterator[Gate]:
    """Yield each comparison, measured."""
    for pair in pairs():
        yield pair.measure()


def main() -> str:
    """Return the table as Markdown."""
    rows = [
        [what, ratio, f"≥ {least:g}", "yes" if ratio >= least else "**no**"]
        for what, ratio, least in gates()
    ]
    return markdown(
        "Our plain paths over our fast ones, CPU time", ["what", "ratio", "least", "held"], rows
    )


if __name__ == "__main__":
    print(main())
