"""Liquid and spiking nodes beside ncps and Brian2: microseconds a step, CPU time, one thread.

ncps (on torch, 100 steps of a loop at batch 1) and ours in turns in one process, the least of many.
Brian2 generates C++, which is compiled and run by itself (`standalone`); its weights, drive and
threshold are those of `LIF` here, and its firing rate is printed beside ours.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from time import process_time
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodes import LIF, LTC, CfC

__all__ = ["main"]

STEPS, TURNS = 300, 15


def main() -> str:
    """Return a table of microseconds a step; what is not installed has no rows."""
    rows = []
    if find_spec("ncps"):
        kinds = (("LTC", LTC), ("CfC", CfC))
        rows += [
            _beside_ncps(kind, node(units=n), n, dtype)
            for n in (8, 16, 32)
            for dtype in ("float32", "float64")
            for kind, node in kinds
        ]
    if find_spec("brian2") and hasattr(np.ndarray, "ptp"):  # 2.9 does not know numpy 2.4
        rows += [_beside_brian(n, drive) for n in (100, 500) for drive in (0.35, 0.7)]
    head = ["node", "peer", "us a step: peer", "`model.run`", "`model.step`", "peer / run"]
    return markdown("Liquid and spiking nodes", head, rows)


def _least(calls: dict[str, tuple[Callable[[], Any], int]]) -> dict[str, float]:
    """Return microseconds a step by name, the least of all turns."""
    best = dict.fromkeys(calls, np.inf)
    for _ in range(TURNS):
        for name, (call, steps) in calls.items():
            began = process_time()
            call()
            best[name] = min(best[name], (process_time() - began) / steps * 1e6)
    return best


def _beside_ncps(kind: str, node: Any, n: int, dtype: str) -> list[Any]:
    import torch
    from ncps.torch import CfCCell, LTCCell
    from ncps.wirings import FullyConnected

    torch.set_num_threads(1)
    wiring = FullyConnected(n)
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
    return [f"{kind}({n}), {dtype}", "ncps", *found.values(), found["ncps"] / found["run"]]


def _beside_brian(n: int, drive: float, steps: int = 20000) -> list[Any]:
    import brian2 as b2

    rng = np.random.default_rng(0)
    node = LIF(units=n, leak_rate=0.05, input_scaling=drive, connectivity=0.1, name="pool")
    model, u = ng.Model(node, seed=1), rng.standard_normal((steps, 1))
    rate = model.run(u).mean()
    ours = _least({"run": (lambda: model.run(u), steps)})["run"]
    W, W_in = model.params["pool"].W.tocoo(), model.params["pool"].W_in
    with tempfile.TemporaryDirectory() as folder:
        b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
        b2.defaultclock.dt = 1 * b2.ms
        signal = b2.TimedArray(u[:, 0], dt=1 * b2.ms)
        units = b2.NeuronGroup(
            n, "dv/dt = (-v + 20 * w_in * signal(t)) / (20 * ms) : 1\nw_in : 1 (constant)",
            threshold="v >= 1", reset="v = 0", method="euler",
            namespace={"signal": signal, "ms": b2.ms},
        )  # fmt: skip
        units.w_in = W_in[:, 0]
        synapses = b2.Synapses(units, units, "w : 1", on_pre="v_post += w")
        synapses.connect(i=W.col, j=W.row)
        synapses.w = W.data
        counted = b2.SpikeMonitor(units, record=False)
        network = b2.Network(units, synapses, counted)
        network.run(steps * b2.ms)
        b2.device.build(directory=folder, compile=True, run=True)
        theirs = b2.device._last_run_time / steps * 1e6
        other = counted.num_spikes / steps / n
        b2.device.reinit()
        b2.device.activate()
    rates = f"rates {rate:.4f} here, {other:.4f} there"
    return [f"LIF({n}), {rates}", "Brian2 standalone", theirs, ours, "", theirs / ours]
