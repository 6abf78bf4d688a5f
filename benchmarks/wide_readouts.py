"""What wide readouts cost: their product beside BLAS's, and learning beside the least in numpy."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import nodegraph as ng
from benchmarks.bert_floor import MILD, Floor, Mode, stack
from benchmarks.tables import markdown
from nodegraph.arrays import Array
from nodes import Input, Reservoir, Ridge

__all__ = ["fitted", "learning", "main", "product"]

TURNS = 4


def main() -> str:
    """Return the tables as Markdown."""
    products = [product(*shape, dtype) for shape in SHAPES for dtype in ("float32", "float64")]
    fits = [learning(*row) for row in FITS]
    head = ["product", "exact, share of BLAS", "fast, share of BLAS", "BLAS, GF/s"]
    learned = ["fit, one thread, float32", "CPU-s", "over the floor", "to reach"]
    return "\n".join(
        [
            markdown("Products of wide readouts", head, products),
            markdown("Learning wide readouts", learned, fits),
        ]
    )


SHAPES = (1384, 384, 2000), (10_000, 768, 512)
FITS: tuple[tuple[Any, ...], ...] = (
    ("three of 600 + 192 inputs, 192 outputs, 12,000 rows", "forced", 600, 4, 48, 192, 2.5),
    ("six of 1000 + 384 inputs, 384 outputs, 10,000 rows", "forced", 1000, 7, 40, 384, 2.0),
    ("six readouts of one reservoir, the same", "shared", 1000, 7, 40, 384, 2.0),
    ("one of 10,000 inputs, 768 outputs, 15,000 rows", "forced", 10_000, 2, 60, 768, 1.5),
)


def product(n_in: int, n_out: int, rows: int, dtype: str) -> list[Any]:
    """Return the row of a product: the speed of `run` as a share of BLAS's."""
    rng = np.random.default_rng(0)
    xs, W = (rng.normal(size=(n, n_in)).astype(dtype) for n in (rows, n_out))
    bias = rng.normal(size=n_out).astype(dtype)
    readout = Ridge(W_out=W, bias=bias)
    models = [ng.Model(readout, dtype=dtype, numerics=mode) for mode in ("exact", "fast")]
    programs = [lambda: xs @ W.T + bias, *(lambda m=m: m.run(xs) for m in models)]
    with threadpool_limits(1):
        blas, *ours = _least(programs)
    what = f"{n_in} to {n_out}, {dtype}"
    return [what, *(blas / seconds for seconds in ours), 2e-9 * rows * n_in * n_out / blas]


def learning(
    what: str, mode: Mode, units: int, layers: int, texts: int, width: int, aim: float
) -> list[Any]:
    """Return the row of a fit: CPU seconds, and how many times those of the floor."""
    h = stack(texts, width=width, layers=layers)
    large = units > 5000
    fields = MILD | ({"connectivity": 0.003} if large else {})
    floor = Floor(units, skip=not large, connections=30 if large else 10)
    fitted([layer[:8, :40] for layer in h], mode, 50, fields)  # compiled
    seconds = []
    for _ in range(1 if large else 2):
        least = floor.cpu(h, mode)
        begun = time.process_time()
        fitted(h, mode, units, fields, skip=not large)
        seconds.append((time.process_time() - begun, least))
    ours, least = (min(column) for column in zip(*seconds, strict=True))
    return [what, ours, ours / least, f"≤ {aim:g}"]


def fitted(
    h: Sequence[Array], mode: Mode, units: int, fields: dict[str, Any], skip: bool = True
) -> ng.Model:
    """Return a model that has learned each layer from the true one below, or all from the first."""
    n = len(h) - 1
    heard = [Input(name=f"h{i}") for i in range(1 if mode == "shared" else n)]
    pools = [Reservoir(units=units, name=f"r{i}", **fields) for i in range(len(heard))]
    parts = []
    for i in range(n):
        at, readout = min(i, len(heard) - 1), Ridge(name=f"y{i}", ridge=0.1)
        parts.append(heard[at] >> pools[at] >> readout)
        parts += [heard[at] >> readout] if skip else []
    model = ng.Model(reduce(lambda one, other: one & other, parts), seed=1, dtype="float32")
    targets = {f"y{i}": h[i + 1] for i in range(n)}
    return model.fit({node.name: h[i] for i, node in enumerate(heard)}, targets)


def _least(programs: Sequence[Callable[[], object]]) -> list[float]:
    """Return the least CPU seconds of each, in turns; the first ones are not counted."""
    seconds: list[list[float]] = [[] for _ in programs]
    for turn in range(TURNS + 1):
        for program, spent in zip(programs, seconds, strict=True):
            begun = time.process_time()
            program()
            if turn:
                spent.append(time.process_time() - begun)
    return [min(spent) for spent in seconds]


if __name__ == "__main__":
    print(main())
