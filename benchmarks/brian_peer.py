"""A pool of `LIF` in Brian2's C++ standalone, with given weights; run by itself, see `liquid`.

``python brian_peer.py FOLDER`` reads ``pool.npz`` there, makes the program, runs it five times, and
prints its CPU time in seconds, the least, and how many spikes there were.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import brian2 as b2
import numpy as np

__all__ = ["main"]

EQUATIONS = """
dv/dt = (-v + 20 * w_in * signal(t)) / (20 * ms) : 1
w_in : 1 (constant)
"""


def main(folder: Path) -> str:
    """Return CPU seconds and spikes."""
    given = np.load(folder / "pool.npz")
    b2.set_device("cpp_standalone", directory=str(folder / "made"), build_on_run=False)
    b2.defaultclock.dt = 1 * b2.ms
    signal = b2.TimedArray(given["u"], dt=1 * b2.ms)
    names = {"signal": signal, "ms": b2.ms}
    units = b2.NeuronGroup(
        len(given["W_in"]), EQUATIONS, threshold="v >= 1", reset="v = 0", method="euler",
        namespace=names,
    )  # fmt: skip
    units.w_in = given["W_in"]
    synapses = b2.Synapses(units, units, "w : 1", on_pre="v_post += w")
    synapses.connect(i=given["sources"], j=given["targets"])
    synapses.w = given["weights"]
    counted = b2.SpikeMonitor(units, record=False)
    network = b2.Network(units, synapses, counted)
    network.run(len(given["u"]) * b2.ms)
    b2.device.build(directory=str(folder / "made"), compile=True, run=True)
    return f"{min(_cpu_of(folder / 'made') for _ in range(5))} {counted.num_spikes}"


def _cpu_of(folder: Path) -> float:
    """Return the CPU time of the program that was made there, in seconds."""
    os.chdir(folder)
    child = os.posix_spawn(folder / "main", ["main"], os.environ)
    _, status, used = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"the program in {folder} ended with {status}")
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
