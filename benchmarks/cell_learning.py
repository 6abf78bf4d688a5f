"""What recurrent cells gain by learning to foresee their input: beside a frozen twin and an ESN."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.layers import linear
from benchmarks.tables import markdown
from nodegraph.arrays import Array
from nodes import CTRNN, GRU, LSTM, LTC, MTRNN, CfC, ClockworkRNN, Reservoir
from nodes.parts.cell import Cell
from nodes.rules import RFLO, TBPTT, EProp

__all__ = ["main"]

SEEDS, UNITS, STEPS, AHEAD = range(3), 20, 9000, 5
SERIES = ("Mackey-Glass, 5 % noise", "Lorenz x", "sunspots")
MOVES: dict[str, Any] = {"rate": 2e-3, "epochs": 3}
RULES: dict[str, Any] = {
    "EProp": EProp(batch=10, **MOVES),
    "RFLO": RFLO(batch=10, **MOVES),
    "TBPTT": TBPTT(steps=16, batch=16, **MOVES),
}
CELLS: dict[str, Callable[..., Cell]] = {
    "LSTM": lambda **fields: LSTM(units=UNITS, **fields),
    "GRU": lambda **fields: GRU(units=UNITS, **fields),
    "MTRNN": lambda **fields: MTRNN(units=UNITS, tau=2.0, **fields),
    "ClockworkRNN": lambda **fields: ClockworkRNN(units=UNITS, **fields),
    "CTRNN": lambda **fields: CTRNN(units=UNITS, tau=2.0, connectivity=1.0, **fields),
    "CfC": lambda **fields: CfC(units=UNITS, backbone=(), **fields),
    "LTC": lambda **fields: LTC(units=UNITS, **fields),
}


def series(name: str) -> Array:
    """Return one signal of mean 0 and variance 1."""
    made = {
        "Mackey-Glass, 5 % noise": lambda: ng.datasets.mackey_glass(STEPS),
        "Lorenz x": lambda: ng.datasets.lorenz(STEPS, discard=500)[:, :1],
        "sunspots": lambda: np.asarray(ng.datasets.sunspots(), float).reshape(-1, 1),
    }
    x = made[name]()
    x = (x - x.mean()) / x.std()
    noise: Array = np.random.default_rng(0).standard_normal(x.shape)
    return x + 0.05 * noise if "noise" in name else x


def errors(node: Any, x: Array, seed: int) -> tuple[float, float]:
    """Return the errors of a cell's own forecast and of a readout behind it, shares of variance."""
    cut = len(x) * 2 // 3
    model = ng.Model(node, seed=seed)
    if node.learner is not None:
        model.fit(x[:cut])
    y = model.reset().run(x)
    h = y[:, :UNITS]
    told = linear(h[100:-AHEAD], x[100 + AHEAD :], cut - 100) - x[cut + AHEAD :]
    own = (y[cut:, UNITS:] ** 2).mean() if node.learner is not None else np.nan
    return float(own / x.var()), float((told**2).mean() / x.var())


def rows(names: Sequence[str] = SERIES, cells: Sequence[str] = tuple(CELLS)) -> Iterator[list[Any]]:
    """Yield series, cell, rule, errors of the own forecast frozen and learned, of a readout."""
    for name in names:
        x = series(name)
        esn = Reservoir(units=UNITS, connectivity=1.0)
        plain = np.median([errors(esn, x, seed)[1] for seed in SEEDS])
        for cell in cells:
            make = CELLS[cell]
            emits = make(rule=None).shows[0], "error"
            for rule, how in RULES.items():
                found = [
                    [
                        *errors(make(rule=how, frozen=True, emits=emits), x, seed),
                        *errors(make(rule=how, emits=emits), x, seed),
                    ]
                    for seed in SEEDS
                ]
                own_frozen, frozen, own, learned = np.median(found, axis=0)
                told = own_frozen, own, own / own_frozen, frozen, learned, plain
                yield [name, cell, rule, *(f"{value:.2g}" for value in told)]


def main(cells: Sequence[str] = tuple(CELLS)) -> str:
    """Return the table, of all cells or those named."""
    head = [
        "series",
        "cell",
        "rule",
        "own, frozen",
        "own, learned",
        "of it",
        f"readout {AHEAD} ahead, frozen",
        "learned",
        "ESN",
    ]
    title = (
        f"Cells that learn by themselves: errors as shares of the variance, {UNITS} units, "
        f"medians of {len(SEEDS)} seeds"
    )
    return markdown(title, head, list(rows(cells=cells)))
