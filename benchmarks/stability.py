"""Whether rules that learn online stay in bounds: a million steps of each on every input.

A rule is bounded if its weights are finite and in the second half of the run at most half as large
again as they were before: what grows with time shows. What is known to diverge, and says so in its
docstring, is in DIVERGES.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.arrays import is_sparse
from nodegraph.errors import DataWarning, DivergenceError
from nodegraph.graph.registry import kinds
from nodegraph.node import Node
from nodes import GRU, LMS, RLS, Dense, Hopfield, Input, LinearAttention, Reservoir
from nodes.rules import (
    BCM,
    BPTT,
    RFLO,
    STDP,
    TBPTT,
    AntiHebb,
    ForwardForward,
    Hebb,
    InfoNCE,
    IntrinsicPlasticity,
    Oja,
    Sanger,
    SoftHebb,
    SynapticNormalization,
)

__all__ = ["DIVERGES", "Fate", "cases", "inputs", "live", "main", "online_rules"]

STEPS = 1_000_000
CHUNK = 50_000
UNITS = 20
SIZED: dict[str, dict[str, Any]] = {
    "Dense": {
        "units": 10,
        "activation": "relu",
        "normalise": True,
        "rule": ForwardForward(negatives="shuffled"),
    },
    "ForwardUnit": {"units": 10},
    "GRU": {"units": 8, "rule": RFLO()},
    "LIF": {"units": 10, "connectivity": 1.0, "rule": STDP()},
    "LSTM": {"units": 8, "rule": TBPTT(steps=5)},
    "PredictiveCell": {"units": 10},
    "PredictiveCoder": {"units": 2, "temporal": True},
    "SparseCoder": {"units": 6},
}
GROWING = (
    Hebb(rate=1e-3, weights="W_in"),
    SynapticNormalization(rule=Hebb(rate=1e-3, weights="W_in")),
    AntiHebb(rate=1e-3, weights="W_in"),
    Oja(rate=1e-3, weights="W_in"),
    Sanger(rate=1e-3),
    BCM(rate=1e-3, weights="W_in"),
)
DIVERGES = {  # by their own law: what grows exponentially in linear units, what is too fast
    "Hebb, linear",
    "Hebb, tanh",
    "LMS",
    "Hopfield",  # what is stored adds up
}


class Fate(NamedTuple):
    """What became of the weights."""

    half: float  # the largest at the start and in the first half of the run
    end: float  # the largest in the second half
    diverged: str = ""

    @property
    def bounded(self) -> bool:
        """Whether they stayed in bounds."""
        return not self.diverged and np.isfinite(self.end) and self.end <= 1.5 * self.half + 1


def inputs(steps: int) -> dict[str, Any]:
    """Return series (steps, n) by name."""
    flow = ng.datasets.lorenz(steps + 1)
    flow = (flow - flow.mean(axis=0)) / flow.std(axis=0)
    glass = ng.datasets.mackey_glass(steps + 1)
    glass = (glass - glass.mean()) / glass.std()
    return {
        "mackey-glass": glass,
        "lorenz": flow,
        "lorenz x 100": 100 * flow,
        "white": np.random.default_rng(0).uniform(-1.7, 1.7, (steps + 1, 1)),
        "constant": np.ones((steps + 1, 2)),
        "zero": np.zeros((steps + 1, 2)),
    }


def online_rules() -> set[type]:
    """Return every registered rule that learns online."""
    return {k for k in kinds().values() if issubclass(k, ng.Rule) and getattr(k, "online", False)}


def cases() -> Iterator[tuple[str, Node]]:
    """Yield a name and a node for each rule that learns online, some in several nodes."""
    for rule in GROWING:
        inner = getattr(rule, "rule", None)
        name = type(rule).__name__ + (f" of {type(inner).__name__}" if inner else "")
        linear = {"W": np.zeros((3, 3)), "activation": "identity"}
        yield f"{name}, linear", Reservoir(rule=rule, name="it", **linear)
        recurrent = rule.model_copy(
            update={"rule": inner.model_copy(update={"weights": "W"})}
            if inner
            else {"weights": "W"}
        )
        yield f"{name}, tanh", Reservoir(units=UNITS, rule=recurrent, name="it")
    for rule in (IntrinsicPlasticity(), IntrinsicPlasticity(activation="sigmoid", mu=0.2)):
        node = Reservoir(units=UNITS, activation=rule.activation, rule=rule, name="it")
        yield f"IntrinsicPlasticity, {rule.activation}", node
    yield "InfoNCE", Dense(units=10, rule=InfoNCE(), name="it")
    yield "SoftHebb", Dense(units=10, rule=SoftHebb(), name="it")
    yield "LMS, normalized", LMS(rate=0.5, normalized=True, name="it")
    yield "RLS, forgetting", RLS(forgetting=0.99, learn_every=2, name="it")
    yield "Hopfield, modern", Hopfield(mode="modern", slots=50, name="it")
    yield "GRU, BPTT", GRU(units=8, rule=BPTT(steps=5), name="it")
    yield "LinearAttention, hedgehog", LinearAttention(kernel="hedgehog", name="it")
    for name, kind in sorted(kinds().items()):
        if issubclass(kind, Node) and kind is not Reservoir:
            try:
                node = kind(**SIZED.get(name.partition(".")[0], {}), name="it")
            except ng.errors.FieldError:
                continue  # it needs more than a size, and has no rule without
            if node.learner is not None and node.learner.online:
                yield name, node


def live(node: Node, series: Any) -> Fate:
    """Return what becomes of the weights of `node` while it lives through `series`."""
    x, target = series[:-1], series[1:, :1]
    u, learner = Input(name="u"), node.learner
    graph, data = u >> node, {"u": x}
    for port in learner.needs if learner else ():
        graph, data[port] = graph & (Input(name=port) >> node[port]), target
    for port in {"key", "value"}.intersection(node.step_ports):
        graph = graph & (u >> node[port])
    y = {"it": target} if learner and learner.supervised else None
    model = ng.Model(graph, seed=1)
    largest, cuts = [], [0, 1, *range(CHUNK, len(x), CHUNK), len(x)]
    try:
        for rows in map(slice, cuts, cuts[1:]):
            part = {name: values[rows] for name, values in data.items()}
            with np.errstate(over="ignore", invalid="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", DataWarning)  # raw inputs are what is tried
                model.partial_fit(part, y and {"it": target[rows]})
            largest.append(_largest(model))
    except DivergenceError as error:
        return Fate(np.inf, np.inf, str(error))
    middle = 1 + len(largest) // 2
    return Fate(max(largest[:middle]), max(largest[middle:]))


def _largest(model: ng.Model) -> float:
    rule = model.plan.rules["it"]
    learned = [getattr(model.params["it"], name) for name in rule.modifies]
    arrays = [np.asarray(W.data if is_sparse(W) else W, float) for W in learned if np.ndim(W)]
    return float(max(np.abs(a).max(initial=0.0) for a in arrays))


def _told(fate: Fate) -> str:
    if fate.diverged:
        return "diverges, told"
    return f"{fate.end:.3g}{'' if fate.bounded else ', grows'}"


def main(steps: int = STEPS) -> str:
    """Return the table."""
    series = inputs(steps)
    rows = []
    for name, node in cases():  # what takes a million steps tells how far it is
        fates = {what: live(node, values) for what, values in series.items()}
        rows.append([name, *map(_told, fates.values())])
        print(rows[-1], file=sys.stderr, flush=True)
    title = f"Largest weight in the second half of {steps:,} steps"
    return markdown(title, ["rule", *series], rows)


if __name__ == "__main__":
    print(main(*map(int, sys.argv[1:2])))
