"""How cost grows: with units, density, steps, series, nodes and the size of a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks.hand_loops import drive, drive_many, drive_ring, pass_on, pass_on_by_step
from benchmarks.tables import markdown
from benchmarks.timing import Comparison, compare
from nodegraph.arrays import Array
from nodegraph.plotting.canvas import COLOURS, new_axes, tidy
from nodes import Input, Reservoir, Tanh

__all__ = ["CURVES", "Curve", "Point", "main"]

REPEATS = 5
FOLDER = Path("out") / "benchmarks"


class Point(NamedTuple):
    """Our program and a plain loop that does the same, and how many steps they go."""

    ours: Callable[[], Array]
    plain: Callable[[], Array]
    steps: int

    def measure(self) -> Comparison:
        """Check that both return the same, and time them in turn."""
        np.testing.assert_allclose(self.ours(), self.plain(), rtol=0, atol=1e-8)
        return compare(self.ours, self.plain, REPEATS)


class Curve(NamedTuple):
    """One question: what grows, which sizes it takes, and the work of one size."""

    name: str
    title: str
    axis: str
    sizes: Sequence[float]
    point: Callable[[Any], Point]

    def answer(self) -> str:
        """Measure all sizes, draw the plot, and return the table as Markdown."""
        points = [self.point(size) for size in self.sizes]
        found = [point.measure() for point in points]
        costs = [one.cells(point.steps) for one, point in zip(found, points, strict=True)]
        slopes = ["", *_slopes(self.sizes, [cells[2] for cells in costs])]
        rows = [
            [f"{size:,g}", one.ratio, *cells, slope]
            for size, one, cells, slope in zip(self.sizes, found, costs, slopes, strict=True)
        ]
        path = self._draw(costs)
        head = [self.axis, "ratio to a plain loop"]
        head += [f"{whose}, {what}" for whose in ("ours", "plain") for what in ("min", "median")]
        head[4:4], head[7:] = ["ours, CPU"], ["plain, CPU", "our exponent"]
        return markdown(self.title, head, rows) + f"\nPlot: {path}\n"

    def _draw(self, costs: Sequence[Sequence[float]]) -> Path:
        """Draw least times and medians against size, both axes logarithmic."""
        ax = new_axes((5.0, 3.4))
        for whose, first, colour in (("ours", 0, COLOURS[0]), ("plain loop", 3, COLOURS[1])):
            least = [cells[first] for cells in costs]
            ax.plot(self.sizes, least, "o-", color=colour, label=f"{whose}, least")
            middle = [cells[first + 1] for cells in costs]
            ax.plot(self.sizes, middle, ":", color=colour, label=f"{whose}, median")
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_title(self.title, fontsize=10)
        ax.legend(frameon=False, fontsize=8)
        tidy(ax, self.axis, "microseconds a step")
        path = FOLDER / f"growth_{self.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        ax.get_figure(root=True).savefig(path, dpi=150)
        return path


def _slopes(sizes: Sequence[float], costs: Sequence[float]) -> list[float]:
    """Return p of ``cost ~ size^p`` from each size to the next."""
    return [float(p) for p in np.diff(np.log(costs)) / np.diff(np.log(sizes))]


def _series(steps: int, width: int = 1, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, (steps, width))


def reservoir(units: int, connectivity: float, steps: int) -> Point:
    """Drive one reservoir with one series."""
    xs = _series(steps)
    r = Reservoir(units=units, connectivity=connectivity, bias_scaling=0.1, name="r")
    model = ng.Model(r)
    model.run(xs[:1])
    params = model.params["r"]
    return Point(lambda: model.reset().run(xs), lambda: drive(params, xs), steps)


def many(count: int) -> Point:
    """Drive one reservoir with a list of series."""
    series = [_series(100, seed=i) for i in range(count)]
    model = ng.Model(Reservoir(units=100, connectivity=0.1, bias_scaling=0.1, name="r"))
    model.run(series[:1])
    params = model.params["r"]

    def ours() -> Array:
        return np.concatenate(model.run(series))

    return Point(ours, lambda: drive_many(params, series), 100 * count)


def _chain(nodes: int) -> ng.Model:
    graph: Any = Input()
    for i in range(nodes):
        graph = graph >> Tanh(name=f"n{i}")
    return ng.Model(graph)


def chain(nodes: int) -> Point:
    """Run a chain of nodes."""
    model, xs = _chain(nodes), _series(1000, 10)
    return Point(lambda: model.reset().run(xs), lambda: pass_on(nodes, xs), len(xs))


def chain_by_step(nodes: int) -> Point:
    """Step through a chain of nodes by hand."""
    model, xs = _chain(nodes), _series(300, 10)

    def ours() -> Array:
        model.reset()
        return np.array([model.step(row) for row in xs])

    return Point(ours, lambda: pass_on_by_step(nodes, xs), len(xs))


def ring(reservoirs: int) -> Point:
    """Run reservoirs in a ring, each hearing the one before it, the first one a step later."""
    xs = _series(500)
    fields = {"units": 50, "connectivity": 1.0, "input_scaling": 0.2}
    fed = Reservoir(name="r0", feedback_scaling=0.2, **fields)
    members = [fed, *(Reservoir(name=f"r{i}", **fields) for i in range(1, reservoirs))]
    graph: Any = Input()
    for one in members:
        graph = graph >> one
    model = ng.Model(graph & (members[0] << members[-1]))
    model.run(xs[:1])
    params = [model.params[one.name] for one in members]
    return Point(lambda: model.reset().run(xs), lambda: drive_ring(params, xs), len(xs))


CURVES = (
    Curve(
        "units",
        "Units of a reservoir at 10 %, 500 steps",
        "units",
        (30, 100, 300, 1000, 3000),
        lambda units: reservoir(units, 0.1, 500),
    ),
    Curve(
        "density",
        "Density of the weights of 1000 units, 300 steps",
        "share of weights that are not zero",
        (0.01, 0.03, 0.1, 0.3, 1.0),
        lambda density: reservoir(1000, density, 300),
    ),
    Curve(
        "steps",
        "Steps of one series, 100 units at 10 %",
        "steps",
        (10, 100, 1000, 10_000, 100_000),
        lambda steps: reservoir(100, 0.1, steps),
    ),
    Curve(
        "series", "Series of 100 steps in a list, 100 units at 10 %", "series", (1, 16, 128), many
    ),
    Curve("nodes", "Nodes in a chain, run, 10 values", "nodes", (1, 3, 10, 30, 100), chain),
    Curve(
        "nodes_by_step",
        "Nodes in a chain, step by step, 10 values",
        "nodes",
        (1, 3, 10, 30, 100),
        chain_by_step,
    ),
    Curve("loop", "Reservoirs of 50 units in a ring", "reservoirs", (1, 2, 4, 8, 16, 32), ring),
)


def main() -> str:
    """Return a table for each curve, as Markdown."""
    title = "## How cost grows"
    note = "Microseconds a step, one thread, float64; exponents are from size to size."
    tables = [curve.answer().replace("## ", "### ", 1) for curve in CURVES]
    return "\n".join([title, "", note, "", *tables])


if __name__ == "__main__":
    print(main())
