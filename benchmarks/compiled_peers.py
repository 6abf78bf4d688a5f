"""How fast common work is, beside libraries that compile: rclib (C++) and the JAX one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse

import nodegraph as ng
from benchmarks.tables import markdown
from benchmarks.timing import compare
from nodegraph.arrays import Array
from nodegraph.data.metrics.spectral import spectral_radius
from nodes import Input, Reservoir, Ridge

__all__ = ["main", "races"]

REPEATS = 7
SIZES = (100, 500, 1000, 2000)
CONNECTIVITY, LEAK_RATE, RIDGE, WARMUP, PROMPT = 0.1, 0.3, 1e-4, 100, 200
TARGET = 1 / 1.1  # never slower than 1.1 times the faster one
PEERS = {
    "rclib": ("benchmarks.rclib_peer", "RclibPeer"),
    "OpenReservoirComputing": ("benchmarks.orc_peer", "OrcPeer"),
}


class Weights(NamedTuple):
    """The weights that all libraries get."""

    W: Any  # sparse, (n, n)
    W_in: Array  # (n, 3)
    bias: Array  # (n,), the same for all units: the JAX library has one number


class Race(NamedTuple):
    """What several programs do; those of the peers by the name of their library."""

    what: str
    ours: Callable[[], Array]
    theirs: dict[str, Callable[[], Array]]
    steps: int
    alike: slice = slice(None)  # the rows that have to agree

    def check(self) -> None:
        """Raise if they do not return the same."""
        mine = self.ours()
        for library, program in self.theirs.items():
            found = program()[self.alike]
            np.testing.assert_allclose(
                mine[self.alike],
                found,
                rtol=0,
                atol=1e-5 * float(np.abs(found).max()),
                err_msg=f"{self.what}, {library}",
            )

    def cells(self, libraries: list[str]) -> list[Any]:
        """Return the row of the table: our ratio to the faster one comes first.

        Ratios are of the wall clock: JAX works in a thread of its own, whose CPU time some systems
        count only every few milliseconds.
        """
        self.check()
        found = {name: compare(self.ours, self.theirs[name], REPEATS) for name in libraries}
        ratio = min(comparison.wall_ratio for comparison in found.values())
        ours = next(iter(found.values())).cells(self.steps)
        cells: list[Any] = [self.what, ratio, "yes" if ratio >= TARGET else "**no**"]
        cells.append(_shown(ours[:3]))
        for comparison in found.values():
            cells += [comparison.wall_ratio, _shown(comparison.cells(self.steps)[3:])]
        return cells


def _shown(times: list[float]) -> str:
    return " / ".join(f"{microseconds:.3g}" for microseconds in times)


def draw(units: int) -> Weights:
    """Return weights of a reservoir with a spectral radius of 0.9."""
    rng = np.random.default_rng(units)
    W = scipy.sparse.random_array(
        (units, units), density=CONNECTIVITY, rng=rng, data_sampler=rng.standard_normal
    ).tocsr()
    W *= 0.9 / spectral_radius(W)
    return Weights(W, rng.uniform(-0.2, 0.2, (units, 3)), np.full(units, 0.1))


def series(steps: int) -> tuple[Array, Array]:
    """Return the Lorenz system and the same one step later."""
    x = ng.datasets.lorenz(steps + 1, discard=500) / 10
    return x[:-1], x[1:]


def ours(weights: Weights) -> ng.Model:
    """Return our network."""
    reservoir = Reservoir(
        W=weights.W, W_in=weights.W_in, bias=weights.bias, leak_rate=LEAK_RATE, name="r"
    )
    return ng.Model(Input() >> reservoir >> Ridge(ridge=RIDGE, fit_bias=False, name="out"))


def peers() -> tuple[dict[str, type[Any]], list[str]]:
    """Return the peers that are here, and a line for each that is not."""
    found, missing = {}, []
    for library, (module, name) in PEERS.items():
        try:
            found[library] = getattr(import_module(module), name)
        except ImportError as error:
            missing.append(f"{library} is left out: {error}.")
    return found, missing


def races(units: int, kinds: dict[str, type[Any]]) -> Iterator[Race]:
    """Yield what is compared at one size."""
    weights = draw(units)
    model = ours(weights)
    theirs = {name: kind(*weights, LEAK_RATE, RIDGE) for name, kind in kinds.items()}
    x, y = series(2000)
    prompt, steps = x[:PROMPT], 1000

    def fit() -> Array:
        W_out: Array = model.fit(x, y, warmup=WARMUP).params["out"].W_out
        return W_out

    fits = {n: lambda p=p: p.fit(x, y, WARMUP) for n, p in theirs.items()}
    for program in (fit, *fits.values()):
        program()  # what runs and generates has learned, whichever work comes first
    yield Race(f"fit, {units} units", fit, fits, len(x))
    runs = {n: lambda p=p: p.run(x) for n, p in theirs.items()}
    yield Race(f"run, {units} units", lambda: model.reset().run(x), runs, len(x))
    alone = {n: lambda p=p: p.generate(steps, prompt) for n, p in theirs.items()}
    yield Race(
        f"generate, {units} units",
        lambda: model.reset().generate(steps, prompt=prompt),
        alone,
        steps + PROMPT,
        slice(20),  # the system is chaotic: rounding grows
    )


def main() -> str:
    """Return the table as Markdown."""
    kinds, missing = peers()
    note = "\n".join(missing)
    if not kinds:
        return f"## Beside compiled libraries\n\n{note}\n"
    libraries = list(kinds)
    head = ["work", "ratio to the faster", f"reached (≥ {TARGET:.2g})", "ours"]
    for name in libraries:
        head += ["ratio", f"{name} {version(name)}"]
    rows = [race.cells(libraries) for units in SIZES for race in races(units, kinds)]
    title = (
        "Beside compiled libraries: microseconds a step (least / median / CPU), one thread, float64"
    )
    return markdown(title, head, rows) + (f"\n{note}\n" if note else "")


if __name__ == "__main__":
    print(main())
