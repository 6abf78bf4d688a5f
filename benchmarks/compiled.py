"""What compiled steps bring: beside plain numpy, what compiling costs, and what a process needs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks import cells, compile_times, gated_node
from benchmarks.fresh import race
from benchmarks.startup import FIRST
from benchmarks.tables import markdown
from benchmarks.timing import compare
from nodegraph.arrays import Array
from nodes import Input, Ridge

__all__ = ["main"]

REPEATS, STEPS, PLAIN_STEPS, N_IN = 15, 5000, 500, 3
SIZES = (10, 100)
LEAST = {10: 40.0, 100: 8.0}  # times plain numpy, by the number of units
LONGEST = 8.0  # us a step of the gated node in a feedback loop
SHARE = 0.8  # of the time that imports and a first fit take elsewhere
STARTS = {
    "import numpy": "import numpy",
    "import nodegraph": "import nodegraph",
    "import nodegraph, first fit and run of 100 units": FIRST,
}


class Duel(NamedTuple):
    """Work done compiled and by a plain loop, and how much faster the former has to be.

    Both return the same from the same rows. Many are timed compiled, fewer plain: that takes long.
    """

    what: str
    compiled: Callable[[Array], Array]
    plain: Callable[[Array], Array]
    least: float | None = None
    longest: float | None = None  # us a step

    def cells(self) -> list[Any]:
        """Check that both return the same, and return the row of the table."""
        xs = series()
        few = xs[:PLAIN_STEPS]
        np.testing.assert_allclose(self.compiled(few), self.plain(few), atol=1e-9)
        found = compare(lambda: self.compiled(xs), lambda: self.plain(few), REPEATS)
        ours = 1e6 * min(found.ours.cpu) / len(xs)
        theirs = 1e6 * min(found.theirs.cpu) / len(few)
        goals, held = [], True
        if self.least is not None:
            goals.append(f"≥ {self.least:g} times")
            held = theirs / ours >= self.least
        if self.longest is not None:
            goals.append(f"< {self.longest:g} us")
            held = held and ours < self.longest
        told = ("yes" if held else "**no**") if goals else ""
        return [self.what, theirs / ours, ", ".join(goals), told, ours, theirs]


def of_gated_node(units: int) -> Iterator[Duel]:
    """Yield the gated node alone, in a feedback loop with a readout, and with its rule."""
    node = gated_node.GatedSettling(units=units, name="it")
    alone = ng.Model(Input(units=N_IN) >> node, seed=1)
    yield Duel(
        f"gated node, {units} units, run",
        lambda xs: alone.reset().run(xs),
        lambda xs: gated_node.plain_run(alone.params["it"], xs),
        LEAST[units],
    )
    out, few = Ridge(name="out", ridge=1e-3), series()[:PLAIN_STEPS]
    loop = ng.Model((Input(units=N_IN) >> node >> out) & (node << out), seed=1)
    loop.fit(few, np.roll(few[:, :1], 1, axis=0), warmup=10)
    yield Duel(
        f"gated node, {units} units, feedback loop",
        lambda xs: loop.reset().run(xs),
        lambda xs: gated_node.plain_loop(loop.params["it"], loop.params["out"], xs),
        longest=LONGEST,
    )
    ruled = gated_node.GatedSettling(units=units, rule=gated_node.Covariance(), name="it")
    model = ng.Model(Input(units=N_IN) >> ruled, seed=1)
    before, start = model.params["it"], model.snapshot()

    def learn(xs: Array) -> Array:
        model.restore(start).partial_fit(xs)
        W_in: Array = model.params["it"].W_in
        return W_in

    yield Duel(
        f"gated node, {units} units, learn",
        learn,
        lambda xs: gated_node.plain_learn(before, xs),
        LEAST[units],
    )


def of_cells(units: int) -> Iterator[Duel]:
    """Yield recurrent cells."""
    for kind in (cells.GRU, cells.LSTM, cells.LTC):
        node = kind(units=units, name="it")
        model, loop = ng.Model(Input(units=N_IN) >> node, seed=1), cells.plain(node)
        yield Duel(
            f"{kind.__name__}, {units} units, run",
            lambda xs, model=model: model.reset().run(xs),
            lambda xs, model=model, loop=loop: loop(model.params["it"], xs),
        )


def series() -> Array:
    """Return random input."""
    return np.random.default_rng(0).uniform(-1, 1, (STEPS, N_IN))


def speed() -> str:
    """Return the table of compiled steps beside plain numpy."""
    rows = []
    for units in SIZES:
        for duel in (*of_gated_node(units), *of_cells(units)):
            rows.append(duel.cells())
            print(rows[-1], file=sys.stderr, flush=True)
    head = ["work", "ratio", "to reach", "reached", "compiled, us a step", "plain numpy"]
    return markdown("Compiled steps beside plain numpy, CPU time, float64", head, rows)


def starts(against: str) -> str:
    """Return the table of processes in this tree and in another one, started in turn."""
    rows = []
    for what, code in STARTS.items():
        ours, theirs = race(["-c", code], [".", against], 9)
        ratio = min(ours.cpu) / min(theirs.cpu)
        cells = [what, ratio, "", "", min(ours.cpu), min(theirs.cpu)]
        if code == FIRST:
            cells[2:4] = f"≤ {SHARE:g}", "yes" if ratio <= SHARE else "**no**"
        rows.append([*cells, min(ours.wall), min(theirs.wall)])
    head = [
        "process",
        "ratio",
        "to reach",
        "reached",
        "CPU s here",
        "there",
        "wall s here",
        "there",
    ]
    return markdown("Start of a process beside another tree, all cached", head, rows)


def main(against: str | None = None) -> str:
    """Return the tables as Markdown.

    Parameters
    ----------
    against : str, optional
        Folder of another tree, to compare the start of processes with.
    """
    tables = [speed(), compile_times.main()]
    if against is not None:
        tables.append(starts(against))
    return "\n".join(tables)
