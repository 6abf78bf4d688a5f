"""The fourteen tasks of CogScale: a reservoir beside cells, as drawn and after they learned.

Who takes part is `MODELS`: one configuration each for all tasks, nothing tuned. Where a task has
no target the package has rows of -100; there the readout is taught nothing. In rows that have one,
-100 beside the class is 0. The readout is ridge regression, its strength chosen on fifths left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.arrays import Array
from nodes import CTRNN, GRU, LSTM, MTRNN, CfC, ClockworkRNN, Input, Reservoir, Ridge
from nodes.rules import TBPTT

__all__ = ["MODELS", "TASKS", "error", "main"]

UNITS, SEED, NOTHING = 100, 1, -100.0
STRENGTHS = [10.0**power for power in range(-12, 5, 2)]
TASKS: Mapping[str, str] = {
    "sinus_forecasting": "sine", "chaotic_forecasting": "Lorenz",
    "discrete_postcasting": "delay, symbols", "continuous_postcasting": "delay, numbers",
    "discrete_pattern_completion": "pattern, symbols",
    "continuous_pattern_completion": "pattern, numbers",
    "bracket_matching": "brackets", "simple_copy": "copy", "selective_copy": "selective copy",
    "adding_problem": "adding", "sorting_problem": "sorting", "cross_situation": "situations",
    "associative_recall": "recall", "induction_heads": "induction",
}  # fmt: skip
LEARN = TBPTT(steps=16, batch=16, rate=2e-3, epochs=3)
CELLS: Mapping[str, Callable[[Any], Any]] = {
    "LSTM": lambda rule: LSTM(units=UNITS, rule=rule),
    "GRU": lambda rule: GRU(units=UNITS, rule=rule),
    "MTRNN": lambda rule: MTRNN(units=UNITS, tau=2.0, rule=rule),
    "ClockworkRNN": lambda rule: ClockworkRNN(units=UNITS, rule=rule),
    "CTRNN": lambda rule: CTRNN(units=UNITS, tau=2.0, rule=rule),
    "CfC": lambda rule: CfC(units=UNITS, backbone=(), rule=rule),
}

Make = Callable[[Any, int], Any]


def models() -> dict[str, Make]:
    """Return what stands before the readout: each takes the input node, and its width."""

    def behind(make: Callable[[Any], Any], rule: Any) -> Make:
        return lambda u, width: u >> make(rule)

    found: dict[str, Make] = {
        "Reservoir(300)": lambda u, width: u >> Reservoir(units=300),
        f"Reservoir({UNITS})": lambda u, width: u >> Reservoir(units=UNITS),
    }
    for name, make in CELLS.items():
        found[f"{name}({UNITS}), frozen"] = behind(make, None)
        found[f"{name}({UNITS}), learned"] = behind(make, LEARN)
    return found


MODELS: dict[str, Make] = models()


def error(name: str, make: Make, difficulty: str = "small") -> float:
    """Return the error of a model on the test series of a task, as the package scores it.

    Parameters
    ----------
    name : str
        One of `TASKS`.
    make : callable
        See `MODELS`.
    difficulty : {"small", "medium", "large"}

    Returns
    -------
    float
        The share of wrong answers, or the mean squared error of numbers.
    """
    from cogscale import build_task, compute_score

    data = build_task(name, difficulty, seed=SEED)
    x, y, asked = data["X_train"], data["Y_train"], data["Y_test"]
    u = Input(name="u")
    model = ng.Model(make(u, x.shape[2]) >> Ridge(ridge=STRENGTHS, name="out"), seed=SEED)
    model.fit([*x], [*_taught(y)])
    said = np.array(model.run([*data["X_test"]], outputs=["out"])["out"])
    if data["category"] == "multi_classification":
        said = said - 0.5  # it asks whether a logit is above 0
    return float(compute_score(asked, said, data["category"]))


def _taught(y: Array) -> Array:
    """Return the targets, NaN where there is none."""
    there = (y != NOTHING).any(axis=2, keepdims=True)
    return np.where(there, np.where(y == NOTHING, 0.0, y), np.nan)


def main(wanted: Sequence[str] = ()) -> str:
    """Return the table: a row a model, a column a task; of all models, or those named."""
    rows = [
        [label, *(f"{error(name, make):.2g}" for name in TASKS)]
        for label, make in MODELS.items()
        if not wanted or label in wanted
    ]
    title = "CogScale, small: share of wrong answers, or mean squared error"
    return markdown(title, ["before the readout", *TASKS.values()], rows)
