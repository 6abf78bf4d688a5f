"""Steps beside JAX on one core: sweeps, single steps, compiling, and the bits of batches."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

import nodegraph as ng
from benchmarks import cells
from benchmarks.tables import markdown
from benchmarks.timing import compare
from nodegraph.arrays import Array
from nodegraph.engines.compiled.traced_steps import prepared
from nodes import Input, Reservoir

__all__ = ["main"]

REPEATS, SERIES, SINGLE = 15, 8, 500
STEPS = {10: 5000, 100: 2000, 500: 300}
LEAK_RATE, CONNECTIVITY = 0.3, 0.1
HEAD = [
    *("work", "ratio, sweep", "ours, us a step", "JAX"),
    *("ratio, one step from Python", "ours, us", "JAX"),
    *("new length: ours, ms", "JAX", "new size: ours, ms", "JAX"),
    *("a batch has the bits of its series: ours", "JAX"),
]


class Pair(NamedTuple):
    """A model of ours and the same in JAX."""

    what: str
    units: int
    model: ng.Model
    peer: Any  # JaxPeer


def main() -> str:
    """Return the table as Markdown."""
    if find_spec("jax") is None:
        return "## Beside JAX\n\nIt is left out: `pip install jax` brings it.\n"
    rows = []
    with _alone():
        for draw in works():
            rows.append(_row(draw))
            print(rows[-1], file=sys.stderr, flush=True)
    title = f"Beside JAX {version('jax')} on one core: CPU time, float64, ratios are JAX over ours"
    return markdown(title, HEAD, rows)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep to one core, from before JAX starts its threads, and to what is compiled here."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    with TemporaryDirectory() as folder, patch.dict(os.environ, NODEGRAPH_CACHE=folder):
        if cores:
            os.sched_setaffinity(0, {min(cores)})
        yield
        if cores:
            os.sched_setaffinity(0, cores)


def works() -> Iterator[Callable[[int], Pair]]:
    """Yield functions that draw a pair with so many units more than the named ones."""
    for units in STEPS:
        yield lambda more, n=units: reservoir(n, more, 1.0, "dense")
    for units in STEPS:
        yield lambda more, n=units: lstm(n, more)
    for product in ("sparse", "dense"):
        yield lambda more, p=product: reservoir(500, more, CONNECTIVITY, p)


def reservoir(units: int, more: int, connectivity: float, product: str) -> Pair:
    """Return reservoirs, JAX's with a sparse or a dense product."""
    from benchmarks import jax_peer

    node = Reservoir(
        name="it",
        units=units + more,
        connectivity=connectivity,
        leak_rate=LEAK_RATE,
        bias_scaling=0.1,
    )
    model = ng.Model(Input(units=1) >> node, seed=1)
    params = model.params["it"]
    W, W_in = params.W, params.W_in
    if connectivity < 1:
        W = jax_peer.in_coordinates(W) if product == "sparse" else W.toarray()
    W_in = W_in if isinstance(W_in, np.ndarray) else W_in.toarray()
    peer = jax_peer.JaxPeer(
        jax_peer.reservoir(LEAK_RATE), (W, W_in, params.bias), np.zeros(units + more)
    )
    what = "dense" if connectivity == 1 else f"{connectivity:.0%}, {product} product in JAX"
    return Pair(f"reservoir, {units} units, {what}", units, model, peer)


def lstm(units: int, more: int) -> Pair:
    """Return LSTMs."""
    from benchmarks import jax_peer

    model = ng.Model(Input(units=1) >> cells.LSTM(units=units + more, name="it"), seed=1)
    zeros = np.zeros(units + more)
    peer = jax_peer.JaxPeer(jax_peer.lstm, tuple(model.params["it"]), (zeros, zeros))
    return Pair(f"LSTM, {units} units", units, model, peer)


def _row(draw: Callable[[int], Pair]) -> list[Any]:
    pair = draw(0)
    steps = STEPS[pair.units]
    xs, few = _series(steps), _series(SINGLE)
    model, peer = pair.model, pair.peer

    sweep_ours, other = _sweep(pair), draw(1)

    def one_by_one() -> Array:
        model.reset()
        return np.array([model.step(x) for x in few])

    np.testing.assert_allclose(sweep_ours(xs), peer.run(xs), atol=1e-8, err_msg=pair.what)
    np.testing.assert_allclose(one_by_one(), peer.steps(few), atol=1e-8, err_msg=pair.what)
    sweep = compare(lambda: sweep_ours(xs), lambda: peer.run(xs), REPEATS)
    single = compare(one_by_one, lambda: peer.steps(few), REPEATS)
    lengths = [_first(run, _series(steps - 7)) for run in (sweep_ours, peer.run)]
    sizes = [_first(run, xs) for run in (_sweep(other), other.peer.run)]
    return [
        pair.what,
        *(sweep.ratio, *_least(sweep, steps)),
        *(single.ratio, *_least(single, SINGLE)),
        *lengths,
        *sizes,
        *_same_bits(pair),
    ]


def _sweep(pair: Pair) -> Callable[[Array], Array]:
    """Return what runs the node through a series, as compiled: no model around it, as in JAX."""
    node = pair.model.plan.nodes["it"]
    ready, start = prepared(node, pair.model.params["it"]), node.start(node.declared_size or 0)

    def run(xs: Array) -> Array:
        ys: Array = ready.run(start, xs)[1]
        return ys

    return run


def _least(found: Any, steps: int) -> list[float]:
    return [1e6 * min(times.cpu) / steps for times in found]


def _first(run: Callable[[Array], Array], xs: Array) -> float:
    """Return how many ms of CPU a first call costs beyond a later one."""
    taken = []
    for _ in range(4):
        began = time.process_time()
        run(xs)
        taken.append(time.process_time() - began)
    return 1e3 * max(0.0, taken[0] - min(taken[1:]))


def _same_bits(pair: Pair) -> Iterator[str]:
    """Yield whether series run side by side give the bits of each alone: ours, and JAX's."""
    series = np.stack([_series(50, seed) for seed in range(SERIES)])
    found = pair.model.run(list(series)), pair.peer.run_many(series)
    alone = [pair.model.reset().run(xs) for xs in series], [pair.peer.run(xs) for xs in series]
    for side_by_side, one_by_one in zip(found, alone, strict=True):
        yield "yes" if np.array_equal(np.stack(one_by_one), np.stack(list(side_by_side))) else "no"


def _series(steps: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, (steps, 1))
