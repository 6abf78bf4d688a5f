"""LSTM and GRU beside torch, weights the same, on one thread: a whole series, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.arrays import Array
from nodes import GRU, LSTM

__all__ = ["main"]

UNITS, INPUTS, STEPS, SINGLE, REPEATS = 100, 3, 5000, 500, 7
HEAD = [
    "cell",
    "precision",
    "ours, whole series, us a step",
    "torch",
    "ours, a step from Python, us",
    "torch's layer",
    "torch's Cell",
    "largest difference",
]


def main() -> str:
    """Return the table as Markdown."""
    title = f"LSTM and GRU of {UNITS} units beside torch, one thread, CPU time, least of {REPEATS}"
    if find_spec("torch") is None:
        return f"## {title}\n\nIt is left out: `pip install torch` brings it.\n"
    import torch

    torch.set_num_threads(1)
    with torch.no_grad():
        return markdown(title, HEAD, list(_rows(torch)))


def _rows(torch: Any) -> Iterator[list[Any]]:
    for kind, gates in (("LSTM", 4), ("GRU", 3)):
        for precision in ("float64", "float32"):
            yield [kind, precision, *_row(torch, kind, gates, precision)]


def _row(torch: Any, kind: str, gates: int, precision: str) -> list[str]:
    rng, dtype = np.random.default_rng(0), getattr(torch, precision)
    shapes = (gates * UNITS, INPUTS), (gates * UNITS, UNITS), (gates * UNITS,), (gates * UNITS,)
    weights = [0.1 * rng.standard_normal(shape) for shape in shapes]
    layer = getattr(torch.nn, kind)(INPUTS, UNITS, batch_first=True).to(dtype)
    cell = getattr(torch.nn, f"{kind}Cell")(INPUTS, UNITS).to(dtype)
    for module in (layer, cell):
        for own, given in zip(module.parameters(), weights, strict=True):
            own.copy_(torch.tensor(given))
    model = ng.Model(_ours(kind, weights), dtype=precision)
    x = rng.standard_normal((STEPS, INPUTS)).astype(precision)
    theirs = torch.tensor(x)
    apart = np.abs(model.run(x) - layer(theirs[None])[0][0].numpy()).max()
    whole = _least(lambda: model.run(x), STEPS), _least(lambda: layer(theirs[None]), STEPS)

    def by_layer() -> None:
        state = None
        for t in range(SINGLE):
            _, state = layer(theirs[None, t : t + 1], state)

    def by_cell() -> None:
        state = None
        for t in range(SINGLE):
            state = cell(theirs[t : t + 1], state)

    def by_us() -> None:
        for t in range(SINGLE):
            model.step(x[t])

    single = [_least(each, SINGLE) for each in (by_us, by_layer, by_cell)]
    return [*(f"{value:.1f}" for value in (*whole, *single)), f"{apart:.0e}"]


def _ours(kind: str, weights: list[Array]) -> LSTM | GRU:
    W_in, W, bias, hidden = weights
    if kind == "LSTM":
        return LSTM(W_in=W_in, W=W, bias=bias + hidden, rule=None)
    return GRU(W_in=W_in, W=W, bias=bias, bias_hidden=hidden, reset="after", rule=None)


def _least(work: Callable[[], Any], steps: int) -> float:
    """Return the least CPU time of some repeats, in microseconds a step."""
    times = []
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times) / steps * 1e6
