"""Sentences, scenes and movements: an echo state network beside an LSTM that learns.

Both read words one by one; the LSTM learns the target itself, forward in time, from the error of
its own head (`EProp(learns="target")`), or, as a baseline that is not local, by `BPTT`.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.arrays import Array
from nodes import LSTM, MTRNN, Input, Reservoir, Ridge
from nodes.rules import BPTT, EProp
from nodes.wirings import self_connected

__all__ = ["main"]

LEARNED, TESTED = 1500, 500
Series = list[Array]
MOVES: dict[str, Any] = {"batch": 16, "rate": 5e-3, "decay": 0.0, "epochs": 6}
BLANKS = (0, 20, 50, 100)
GROUPS = {"io": [20, 2.0], "fast": [80, 5.0], "slow": [40, 50.0]}


def models(units: int) -> dict[str, Any]:
    """Return the graphs by name."""
    pool = Reservoir(units=units, leak_rate=0.2, spectral_radius=1.0, input_scaling=0.5)
    local = EProp(learns="target", feedback="head", **MOVES)
    return {
        f"ESN({units})": Input() >> pool >> Ridge(ridge=1e-3),
        "LSTM(100), EProp": Input() >> LSTM(units=100, rule=local),
        "LSTM(100), BPTT": Input() >> LSTM(units=100, rule=BPTT(steps=17, **MOVES)),
    }


def ends(graph: Any, u: Series, y: Series) -> tuple[Array, Array, float]:
    """Return what is said and what is wanted at the ends of test sentences, and CPU seconds."""
    model, began = ng.Model(graph, seed=1), process_time()
    model.fit(u[:LEARNED], y[:LEARNED])
    seconds = process_time() - began
    said = np.array([rows[-1] for rows in model.run(u[LEARNED:])])
    return said, np.array([rows[-1] for rows in y[LEARNED:]]), seconds


def wrong(said: Array, wanted: Array, sizes: list[int]) -> float:
    """Return the share of sentences in which one of the categories, side by side, is wrong."""
    cuts = np.cumsum(sizes)[:-1]
    parts = zip(np.split(said, cuts, axis=1), np.split(wanted, cuts, axis=1), strict=True)
    return float(np.any([a.argmax(axis=1) != b.argmax(axis=1) for a, b in parts], axis=0).mean())


def scenes() -> Iterator[list[Any]]:
    """Yield the model, errors by size of the vocabulary, and seconds."""
    rows: dict[str, list[Any]] = {}
    for objects, colours in ((4, 4), (10, 8), (20, 8)):
        u, y = ng.datasets.situations(LEARNED + TESTED, objects=objects, colours=colours)
        for name, graph in models(600).items():
            said, wanted, seconds = ends(graph, u, y)
            error = wrong(said, wanted, [objects, colours, 3] * 2)
            rows.setdefault(name, []).append(f"{error:.3f} ({seconds:.0f} s)")
    yield from ([name, *cells] for name, cells in rows.items())


def roles() -> Iterator[list[Any]]:
    """Yield the model, the error of speakers, of roles, and seconds."""
    u, y = ng.datasets.thematic_roles(LEARNED + TESTED)
    for name, graph in models(300).items():
        said, wanted, seconds = ends(graph, u, y)
        played = ((said[:, 4:] > 0.5) != (wanted[:, 4:] > 0.5)).any(axis=1).mean()
        yield [name, wrong(said[:, :4], wanted[:, :4], [4]), float(played), seconds]


def copies() -> Iterator[list[Any]]:
    """Yield the model, and shares of wrong bits and seconds by length of the blank."""
    rows: dict[str, list[str]] = {}
    for blank in BLANKS:
        told: dict[str, Any] = {"longest": 5, "shortest": 5, "bits": 2, "gaps": True}
        u, y = ng.datasets.copying(LEARNED + 300, blank=blank, **told)
        for name, behind in memories(blank).items():
            model, began = ng.Model(Input() >> behind, seed=1), process_time()
            model.fit(u[:LEARNED], y[:LEARNED])
            seconds = process_time() - began
            said, wanted = (np.array(s)[:, -5:] for s in (model.run(u[LEARNED:]), y[LEARNED:]))
            off = ((said > 0.5) != (wanted > 0.5)).mean()
            rows.setdefault(name, []).append(f"{off:.3f} ({seconds:.0f} s)")
    yield from ([name, *cells] for name, cells in rows.items())


def memories(blank: int) -> dict[str, Any]:
    """Return what is to copy after a blank, by name."""
    local = EProp(learns="target", feedback="head", **MOVES | {"epochs": 4})
    pool = Reservoir(units=400, spectral_radius=1.0, input_scaling=0.1)
    alone = {"wiring": self_connected(60), "recurrent_scaling": 0.0, "longest": blank + 20.0}
    return {
        "ESN(400)": pool >> Ridge(ridge=1e-8),
        "LSTM(60), frozen": LSTM(units=60, rule=None) >> Ridge(ridge=1e-8),
        "LSTM(60), each alone, EProp": LSTM(rule=local, **alone),
    }


def movements() -> Iterator[list[Any]]:
    """Yield the time scales, and the error of the next sample, everywhere and behind a loop."""
    u = ng.datasets.primitives(6001)
    begins = np.arange(len(u) - 1)[4000:] % 16 == 0
    kinds: dict[str, Any] = {"2, 5, 50 (groups)": GROUPS, "2": 2.0, "5": 5.0, "50": 50.0}
    for name, tau in kinds.items():
        more: dict[str, Any] = {} if isinstance(tau, dict) else {"units": 140}
        cell = MTRNN(tau=tau, rule=None, **more)
        model = ng.Model(Input() >> cell >> Ridge(ridge=1e-8), seed=1)
        off = model.fit(u[:4000], u[1:4001], warmup=400).run(u[4000:-1]) - u[4001:]
        spread = u.std()
        yield [name, *(np.sqrt((rows**2).mean()) / spread for rows in (off, off[begins]))]


def main() -> str:
    """Return the tables."""
    sizes = ("4 things, 4 colours", "10, 8", "20, 8")
    return "\n".join(
        [
            markdown("Scenes: share of sentences misunderstood", ["", *sizes], [*scenes()]),
            markdown("Speakers and roles: shares wrong", ["", "speaker", "roles", "s"], [*roles()]),
            markdown(
                "Copying: share of wrong bits",
                ["", *(f"blank of {n}" for n in BLANKS)],
                [*copies()],
            ),
            markdown("Movements: NRMSE", ["tau", "all", "behind a loop"], [*movements()]),
        ]
    )
