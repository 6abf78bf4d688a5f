"""Liquid and spiking nodes beside ncps and Brian2: microseconds a step, CPU time, one thread.

ncps (on torch, 100 steps of a loop at batch 1) and ours in turns in one process, the least of many.
Brian2 generates C++, which is compiled and run by itself (`standalone`); its weights, drive and
threshold are those of `LIF` here, and its firing rate is printed beside ours. Both count spikes and
keep none; what `model.run` takes that writes all of them out is told too. Brian2 2.9 needs numpy
below 2: ``BRIAN2_PATH`` is the ``PYTHONPATH`` of an environment that has both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.arrays import Array
from nodegraph.maths import total
from nodes import LIF, LTC, CfC
from nodes.wirings import auto_ncp

__all__ = ["main"]

STEPS, TURNS = 300, 15
MOTORS = 4  # of a wiring as in C. elegans


class Count(ng.Node):
    """How many of its signals are 1."""

    @property
    def declared_size(self) -> int:
        """One number."""
        return 1

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, count)``."""
        return state, total(x, keepdims=True)


def main() -> str:
    """Return a table of microseconds a step; what is not installed has no rows."""
    rows = []
    if find_spec("ncps"):
        kinds = (("LTC", LTC), ("CfC", CfC))
        rows += [
            _beside_ncps(kind, node(units=n), n, dtype)
            for n in (8, 20, 32)
            for dtype in ("float32", "float64")
            for kind, node in kinds
        ]
        rows += [_beside_ncps("LTC", _wired(32), 32, dtype) for dtype in ("float32", "float64")]
    if "BRIAN2_PATH" in os.environ:
        rows += [_beside_brian(n, drive) for n in (100, 500) for drive in (0.35, 0.7)]
    head = ["node", "peer", "us a step: peer", "`model.run`", "`model.step`", "peer / run"]
    return markdown("Liquid and spiking nodes", head, rows)


def _least(calls: dict[str, tuple[Callable[[], Any], int]], turns: int = TURNS) -> dict[str, float]:
    """Return microseconds a step by name, the least of all turns."""
    best = dict.fromkeys(calls, np.inf)
    for _ in range(turns):
        for name, (call, steps) in calls.items():
            began = process_time()
            call()
            best[name] = min(best[name], (process_time() - began) / steps * 1e6)
    return best


def _beside_ncps(kind: str, node: Any, n: int, dtype: str) -> list[Any]:
    import torch
    from ncps.torch import CfCCell, LTCCell
    from ncps.wirings import AutoNCP, FullyConnected

    torch.set_num_threads(1)
    wired = getattr(node, "wiring", None) is not None
    wiring = AutoNCP(n, MOTORS) if wired else FullyConnected(n)
    wiring.build(3)
    cell = LTCCell(wiring) if kind == "LTC" else CfCCell(3, n)
    cell, u = cell.to(getattr(torch, dtype)), torch.randn(100, 1, 3, dtype=getattr(torch, dtype))
    one, rows = torch.ones(1, 1, dtype=u.dtype), u[:, 0].numpy().repeat(3, axis=0)
    model = ng.Model(node, seed=1, dtype=dtype)

    def theirs() -> None:
        h = torch.zeros(1, n, dtype=u.dtype)
        with torch.no_grad():
            for row in u:
                _, h = cell(row, h, one)

    def steps() -> None:
        for row in rows:
            model.step(row)

    steps()
    calls = {"ncps": (theirs, 100), "run": (lambda: model.run(rows), STEPS), "step": (steps, STEPS)}
    found = _least(calls)
    name = f"{kind}({n}){', auto_ncp' * wired}, {dtype}"
    return [name, "ncps", *found.values(), found["ncps"] / found["run"]]


def _wired(n: int) -> LTC:
    return LTC(wiring=auto_ncp(n, output_size=MOTORS))


def _beside_brian(n: int, drive: float, steps: int = 50000) -> list[Any]:
    rng = np.random.default_rng(0)
    node = LIF(units=n, leak_rate=0.05, input_scaling=drive, connectivity=0.1, name="pool")
    model, u = ng.Model(node, seed=1), rng.standard_normal((steps, 1))
    counting = ng.Model(node >> Count(), seed=1)
    rate = counting.run(u).mean() / n
    calls = {"run": (lambda: model.run(u), steps), "count": (lambda: counting.run(u), steps)}
    ours = _least(calls, 5)
    theirs, spikes = _by_brian(model.params["pool"], u[:, 0])
    theirs *= 1e6 / steps
    rates = f"rates {rate:.4f} here, {spikes / steps / n:.4f} there"
    what = f"LIF({n}), {rates}; all spikes written out: {ours['run']:.2f}"
    return [what, "Brian2 standalone", theirs, ours["count"], "", theirs / ours["count"]]


def _by_brian(params: LIF.Params, u: Array) -> tuple[float, float]:
    """Return CPU seconds and the number of spikes, from an environment that has Brian2."""
    W = params.W.tocoo()
    with tempfile.TemporaryDirectory() as folder:
        given = {"sources": W.col, "targets": W.row, "weights": W.data, "W_in": params.W_in[:, 0]}
        np.savez(f"{folder}/pool.npz", u=u, **given)
        call = [sys.executable, str(Path(__file__).parent / "brian_peer.py"), folder]
        paths = {"PYTHONPATH": os.environ["BRIAN2_PATH"]}
        done = subprocess.run(
            call, env=os.environ | paths, check=True, capture_output=True, text=True
        )
    seconds, spikes = map(float, done.stdout.split()[-2:])
    return seconds, spikes
