"""CPU seconds until each node and rule runs: its program new, optimized at once, and kept."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks import cells, gated_node, stability
from benchmarks.fresh import WARM
from benchmarks.tables import markdown
from nodegraph.graph.registry import kinds
from nodegraph.node import Node
from nodegraph.testing.zoo import Follow, Mix
from nodes import GRU, Input, Reservoir

__all__ = ["main"]

COLD, AGAIN = 0.5, 0.02  # seconds of CPU
STEPS, N_IN = 4, 3
SHARES = np.eye(2)[[0, 1, 0, 1]]
FIRST = "first program of a process"
RECURRENT = ("CTRNN", "CfC", "Dense", "ES2N", "GRU", "Izhikevich", "LIF", "LSTM", "LTC", "MTRNN",
             "NeuralODE", "Reservoir")  # fmt: skip
MORE: dict[str, dict[str, Any]] = {
    **stability.SIZED,
    **{name: {"W_out": np.ones((2, N_IN))} for name in ("LMS", "RLS", "TD", "RewardReadout")},
    "Ridge": {"W_out": np.ones((2, N_IN))},
    "Select": {"columns": [0, 2]},
    **{name: {"units": 10} for name in RECURRENT},
    **{name: {"cell": GRU(units=10)} for name in ("Ponder", "SkipRNN", "Zoneout")},
    "Backward": {"node": Reservoir(units=10)},
    "Shared": {"node": Reservoir(units=10), "copies": N_IN},
    "PCA": {"units": 2},
    "SlowFeatures": {"units": 2},
    "Patches": {"width": N_IN},
    "Unpatch": {"width": N_IN},
    "Attention": {"window": 10},
    "ClockworkRNN": {"units": 8},
    "Conceptor": {"patterns": 2},
    "EntityMemory": {"units": 2},
    "HMLSTM": {"units": 4},
    "KeyedStore": {"slots": 10},
    "MemN2N": {"slots": 10, "units": 4},
    "Noise": {"std": 0.1},
    "RandomAttention": {"units": 8},
    "TaughtAttention": {"units": 4, "heads": 2, "keys": 2, "span": 3, "passes": 1},
    "TaughtLayer": {"units": 4},
}
APART = ("NTMMemory",)  # hears at more ports
WIDTHS = {"EntityMemory": 2, "MemN2N": 2}  # signals of the only input that they take
PORTS = {"active": 2, "gate": 1, "key": N_IN, "previous": N_IN, "question": 1, "value": 1}  # needed


def nodes() -> Iterator[tuple[str, Node]]:
    """Yield a name and a node for each kind that is compiled, shipped or of these benchmarks."""
    yield "Reservoir, dense", Reservoir(units=10, connectivity=1.0, name="it")
    for name, kind in sorted(kinds().items()):
        if issubclass(kind, Node) and kind.traced and not kind.external and name not in APART:
            yield name, kind(**MORE.get(name.partition(".")[0], {}), name="it")
    for kind in (cells.GRU, cells.LSTM, cells.LTC, gated_node.GatedSettling):
        yield f"{kind.__name__} (of these benchmarks)", kind(units=10, name="it")


def lessons() -> Iterator[tuple[str, Node]]:
    """Yield a name and a node for each rule that is compiled."""
    yield from stability.cases()
    ruled = gated_node.GatedSettling(rule=gated_node.Covariance(), name="it")
    yield "GatedSettling (of these benchmarks)", ruled


def works() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield what is timed: the first run, or lesson, of a new model."""
    for name, node in nodes():
        yield name, first_run(node)
    for name, node in lessons():
        rule = node.learner
        if rule is not None and rule.traced:
            kind = type(rule).__name__
            yield (kind if kind in name else f"{kind} of {name}") + ", learning", first_lesson(node)


def first_run(node: Node) -> Callable[[], Any]:
    """Return what runs a node for the first time; what has to be fitted before is fitted."""
    rule = node.learner
    model, data = _wired(node)
    y = {"it": SHARES} if rule is not None and rule.supervised else None
    return lambda: model.run(data) if node.ready else model.fit(data, y)


def first_lesson(node: Node) -> Callable[[], Any]:
    """Return what teaches a node for the first time."""
    rule: Any = node.learner
    model, data = _wired(node)
    y = {"it": _rows(node.declared_size or 1)} if rule.supervised else None
    return lambda: model.partial_fit(data, y)


def _wired(node: Node) -> tuple[ng.Model, dict[str, Any]]:
    """Return a model of a node, its weights drawn, and rows for it."""
    width = WIDTHS.get(type(node).__name__, N_IN)
    graph, data = Input(name="u", units=width) >> node, {"u": _rows(width)}
    needed = dict.fromkeys(node.learner.needs, 1) if node.learner else {}
    for port, width in (needed | PORTS).items():
        if port in node.ports:
            graph = graph & (Input(name=port, units=width) >> node[port])
            data[port] = np.roll(_rows(width), 1, axis=0)  # no port hears the very input
    model = ng.Model(graph, seed=1)
    if node.declared_size is not None:
        _ = model.params
    return model, data


def _rows(n: int) -> Any:
    return np.random.default_rng(0).uniform(0.1, 1, (STEPS, n))


def measure() -> dict[str, float]:
    """Return CPU seconds by what was done, in this process."""
    first = Mix(rule=Follow(), name="it")
    found = {FIRST: _seconds(lambda: (first_run(first)(), first_lesson(first)()))}
    for name, work in works():
        found[name] = _seconds(work)
    return found


def _seconds(program: Callable[[], Any]) -> float:
    gc.freeze()  # else whoever is there when it is due looks through all that is imported, .1 s
    began = time.process_time()
    program()
    return time.process_time() - began


def processes(repeats: int) -> list[dict[str, float]]:
    """Return the least of some processes: with an empty cache, optimizing at once, and again.

    The first two begin with an empty cache, the last with that of the second.
    """
    found: list[list[dict[str, float]]] = [[], [], []]
    for _ in range(repeats):
        with TemporaryDirectory() as quick, TemporaryDirectory() as full:
            found[0].append(_measured(quick, "1"))
            found[1].append(_measured(full, "optimized"))
            found[2].append(_measured(full, "1"))
    return [{name: min(one[name] for one in times) for name in times[0]} for times in found]


def _measured(folder: str, tier: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.compile_times"],
        capture_output=True,
        text=True,
        check=True,
        env={**WARM, "NODEGRAPH_CACHE": folder, "NODEGRAPH_COMPILE": tier},
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(repeats: int = 2) -> str:
    """Return the table as Markdown."""
    new, optimized, again = processes(repeats)
    rows = []
    for name in sorted(new, key=lambda name: (name != FIRST, -optimized[name])):
        held = name == FIRST or (optimized[name] <= COLD and again[name] <= AGAIN)
        times = new[name], optimized[name], 1000 * again[name]
        rows.append([name, *times, "yes" if held else "**no**"])
    names = [name for name in new if name != FIRST]
    whole = [sum(times[name] for name in names) for times in (new, optimized, again)]
    rows.append(["all of them", *whole[:2], 1000 * whole[2], ""])
    head = ["first run or lesson", "s", f"s, optimized (≤ {COLD:g})",
            f"ms, cached (≤ {1000 * AGAIN:g})", "reached"]  # fmt: skip
    return markdown("CPU time until a node or a rule runs", head, rows)


if __name__ == "__main__":
    print(json.dumps(measure()))
