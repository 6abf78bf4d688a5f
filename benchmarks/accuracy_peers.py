"""How right and how fast other libraries are, with settings of ours and weights of their own."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from time import process_time
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.arrays import Array
from nodes import Input, Reservoir, Ridge

__all__ = ["KINDS", "main"]

SEEDS, REPEATS, WARMUP, TRAIN, AHEAD = (1, 2, 3), 5, 100, 2000, 10
SIZES = 100, 400, 1000
LEAK_RATE, RADIUS, INPUTS, BIAS, DENSITY = 0.5, 0.8, 0.4, 0.32, 0.1
RIDGES = (1e-14, 1e-12, 1e-10, 1e-8)  # to choose among, where a library chooses


class Ours:
    """A reservoir that a readout sees beside its input; so do all the others."""

    def __init__(self, units: int, seed: int) -> None:
        pool = Reservoir(
            units=units, leak_rate=LEAK_RATE, spectral_radius=RADIUS, input_scaling=INPUTS,
            bias_scaling=BIAS, connectivity=DENSITY,
        )  # fmt: skip
        source, out = Input(name="u"), Ridge(ridge=list(RIDGES), solver="qr")
        self.model = ng.Model((source >> pool >> out) & (source >> out), seed=seed)

    def fit(self, x: Array, y: Array) -> None:
        """Learn."""
        self.model.fit(x, y, warmup=WARMUP)

    def run(self, x: Array) -> Array:
        """Return the outputs behind what was learned from."""
        outputs: Array = self.model.run(x)
        return outputs


class MemoryEsn:
    """The network of memory-esn, which chooses among strengths by cross-validation too."""

    def __init__(self, units: int, seed: int) -> None:
        from memory_esn import BaseESN

        self.esn = BaseESN(
            n_reservoir=units, leaky=LEAK_RATE, spectral_radius=RADIUS, input_scaling=INPUTS,
            bias_scaling=BIAS, sparsity=1 - DENSITY, random_state=seed, alphas=RIDGES,
        )  # fmt: skip

    def fit(self, x: Array, y: Array) -> None:
        """Learn."""
        self.esn.fit(x, y, washout=WARMUP)

    def run(self, x: Array) -> Array:
        """Return the outputs behind what was learned from."""
        outputs: Array = self.esn.predict(x, continuation=True)
        return outputs


class Resdag:
    """The classic network of resdag on torch, with the readout that squares nothing."""

    def __init__(self, units: int, seed: int) -> None:
        import torch
        from resdag import ESNTrainer
        from resdag.models import classic_esn

        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self.esn = classic_esn(
            units, 1, 1, spectral_radius=RADIUS, leak_rate=LEAK_RATE, bias_scaling=BIAS,
            topology=("erdos_renyi", {"p": DENSITY}), sparse="auto", readout="svd",
            feedback_initializer=("random", {"input_scaling": INPUTS}), readout_alpha=1e-12,
        ).double()  # fmt: skip
        self.trainer, self.tensor = ESNTrainer(self.esn), torch.as_tensor

    def fit(self, x: Array, y: Array) -> None:
        """Learn."""
        rows, targets = self.tensor(x[None]), self.tensor(y[None])
        seen, learned = rows[:, :WARMUP], rows[:, WARMUP:]
        self.trainer.fit((seen,), (learned,), targets={"output": targets[:, WARMUP:]})

    def run(self, x: Array) -> Array:
        """Return the outputs behind what was learned from."""
        outputs: Array = self.esn(self.tensor(x[None])).detach().numpy()[0]
        return outputs


KINDS: dict[str, tuple[str, Callable[[int, int], Any]]] = {
    "memory-esn": ("memory_esn", MemoryEsn),
    "resdag": ("resdag", Resdag),
}


def _data() -> tuple[Array, Array, Array, Array]:
    u = ng.datasets.mackey_glass(2 * TRAIN + AHEAD, tau=17, discard=500)
    u = (u - u[:TRAIN].mean()) / u[:TRAIN].std()
    x, y = u[:-AHEAD], u[AHEAD:]
    return x[:TRAIN], y[:TRAIN], x[TRAIN:], y[TRAIN:]


def _seconds(run: Callable[[Array], Any], x: Array) -> float:
    """Return the least CPU time of some runs, after one that is not counted."""
    run(x)
    found = []
    for _ in range(REPEATS):
        start = process_time()
        run(x)
        found.append(process_time() - start)
    return min(found)


def _row(units: int, kinds: dict[str, Callable[[int, int], Any]]) -> list[Any]:
    """Return the median error of each library, its time of a step, and that over ours."""
    x, y, u, t = _data()
    cells: list[Any] = [units]
    first = 0.0
    for kind in kinds.values():
        errors, fits = [], []
        for seed in SEEDS:
            network = kind(units, seed)
            start = process_time()
            network.fit(x, y)
            fits.append(process_time() - start)
            errors.append(ng.metrics.nrmse(t, network.run(u)))
        step = _seconds(network.run, u) / len(u) * 1e6
        first = first or step
        cells += [float(np.median(errors)), min(fits), step, step / first]
    return cells


def main() -> str:
    """Return the table as Markdown."""
    here = {name: kind for name, (module, kind) in KINDS.items() if find_spec(module)}
    kinds = {"ours": Ours, **here}
    head = ["units"]
    for name in kinds:
        shown = name if name == "ours" else f"{name} {version(name)}"
        head += [f"NRMSE, {shown}", "fit, s", "run, us a step", "over ours"]
    title = "Mackey-Glass 10 ahead, medians of 3 seeds, one thread, least CPU time"
    note = "".join(f"\n{name} is not installed." for name in KINDS if name not in here)
    return markdown(title, head, [_row(units, kinds) for units in SIZES]) + note


if __name__ == "__main__":
    print(main())
