"""Layers of a transformer taught to a stack of reservoirs, beside what numpy needs for it.

The teacher is a random stack of maps of the same widths (`benchmarks.bert_floor.stack`), so that
time and memory are measured where the real one is missing; `examples/reservoir_bert.py` has that.
"""

from __future__ import annotations

import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import nodegraph as ng
from benchmarks.bert_floor import MILD, Floor, Mode, stack
from benchmarks.tables import markdown
from nodegraph.arrays import Array
from nodegraph.graph.graph import Composable
from nodes import Input, Reservoir, Ridge, Scaler

__all__ = ["cpu", "main", "peak", "projected", "students"]

MODES: tuple[Mode, ...] = ("forced", "shared", "cascade")
DIARY, LAYERS = 250_000, 12  # tokens, and layers of a BERT


def students(mode: Mode, layers: int, **reservoir: Any) -> Composable:
    """Return a graph in which a readout of a reservoir learns each layer from one below."""
    s = [Scaler(name=f"s{i}") for i in range(layers + 1)]
    pools = [Reservoir(name=f"r{i + 1}", **reservoir) for i in range(layers)]
    graph, said = Input(name="h0") >> s[0], s[0]
    for i in range(1, layers + 1):
        seen = {"forced": s[i - 1], "shared": s[0], "cascade": said}[mode]
        pool, out = pools[0 if mode == "shared" else i - 1], Ridge(name=f"layer{i}", ridge=0.1)
        graph = graph & (seen >> pool >> out) & (seen >> out)
        graph = graph & (Input(name=f"h{i}") >> s[i] >> out["target"])
        said = out
    return graph


def cpu(
    mode: Mode, layers: Sequence[Array], units: int = 1000, settings: dict[str, Any] = MILD
) -> float:
    """Return the CPU seconds of a fit on one thread."""
    graph = students(mode, len(layers) - 1, **settings, units=units)
    model = ng.Model(graph, seed=1, dtype="float32")
    data = {f"h{i}": layer for i, layer in enumerate(layers)}
    begun = time.process_time()
    with threadpool_limits(1):
        model.fit(data)
    return time.process_time() - begun


def peak(mode: Mode, layers: Sequence[Array], units: int = 1000) -> int:
    """Return the MB at the fullest moment of a fit in a process of its own, above its data."""
    code = (
        "from resource import getrusage as g; from benchmarks import bert as b; import sys; "
        "layers = list(b.np.load(sys.argv[2])); b.cpu(sys.argv[1], [x[:2] for x in layers]); "
        "before = g(0).ru_maxrss; b.cpu(sys.argv[1], layers, int(sys.argv[3])); "
        "print((g(0).ru_maxrss - before) // 1000)"
    )
    with TemporaryDirectory() as folder:
        np.save(file := f"{folder}/layers.npy", np.stack(layers))
        told = subprocess.run(
            [sys.executable, "-c", code, mode, file, str(units)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return int(told.stdout)


def projected(units: int, width: int, texts: tuple[int, int]) -> float:
    """Return the CPU minutes of the diary's run: twelve layers, from fits of one on two slices."""
    few, many = (_one_layer(units, width, n) for n in texts)
    token = (many - few) / (250 * (texts[1] - texts[0]))
    rest = few - token * 250 * texts[0]  # what no token costs: weights, the solution
    return LAYERS * (rest + token * DIARY) / 60


def _one_layer(units: int, width: int, texts: int) -> float:
    layers = stack(texts, width=width, layers=2)
    settings = {**MILD, "connectivity": min(1.0, 10 / units)}
    return cpu("forced", layers, units, settings)


def main(texts: int = 40, big: bool = True) -> str:
    """Return the tables: CPU of each mode over its floor, peak memory, and the diary's run.

    Parameters
    ----------
    texts : int
        Of 250 tokens.
    big : bool
        Whether to project 10,000 units, too, which takes some minutes.
    """
    layers = stack(texts)
    cpu("forced", [layer[:4] for layer in layers])  # compiles
    spent = {mode: (cpu(mode, layers), Floor(1000).cpu(layers, mode)) for mode in MODES}
    forced = spent["forced"][0]
    rows = [
        [mode, ours, floor, ours / floor, ours / forced, peak(mode, layers)]
        for mode, (ours, floor) in spent.items()
    ]
    head = ("mode", "CPU s", "floor, CPU s", "over the floor", "over forced", "peak MB")
    title = f"Six layers by 1000 units each, {texts * 250:,} tokens"
    sizes = {1000: (texts, 2 * texts), **({10_000: (60, 72)} if big else {})}
    diary = [[units, projected(units, 768, slices)] for units, slices in sizes.items()]
    said = f"Twelve layers, {DIARY:,} tokens, 768 wide, projected"
    return markdown(title, head, rows) + markdown(said, ("units", "CPU minutes"), diary)


if __name__ == "__main__":
    parser = ArgumentParser("python -m benchmarks.bert")
    parser.add_argument("--texts", type=int, default=40)
    parser.add_argument("--small", action="store_true", help="leave out 10,000 units")
    given = parser.parse_args()
    print(main(given.texts, not given.small))
