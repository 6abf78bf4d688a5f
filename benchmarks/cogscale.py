"""The fourteen tasks of CogScale: a reservoir beside cells, as drawn and after they learned.

Who takes part is `MODELS`: one configuration each for all tasks, nothing tuned. Where a task has
no target the package has rows of -100; there the readout is taught nothing. In rows that have one,
-100 beside the class is 0. The readout is ridge regression, its strength chosen on fifths left out.
`MADE` has graphs of memories that were wired for one task each: which column marks what, and what
is the key of what, is a programme there; the readout alone learns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph import delay
from nodegraph.arrays import Array
from nodes import (
    CTRNN,
    GRU,
    HMLSTM,
    LSTM,
    LTC,
    MTRNN,
    Attention,
    CfC,
    ClockworkRNN,
    Concat,
    Dense,
    Gate,
    Input,
    KeyedStore,
    Reduce,
    Reservoir,
    Ridge,
    Select,
    TemporalConvolution,
)
from nodes.rules import TBPTT, LayerwiseForecast

__all__ = ["MADE", "MODELS", "TASKS", "error", "main"]

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
LAYERWISE = LayerwiseForecast(batch=16, rate=2e-3, epochs=3)
CELLS: Mapping[str, Callable[[Any], Any]] = {
    f"LSTM({UNITS})": lambda rule: LSTM(units=UNITS, rule=rule),
    f"GRU({UNITS})": lambda rule: GRU(units=UNITS, rule=rule),
    f"MTRNN({UNITS})": lambda rule: MTRNN(units=UNITS, tau=2.0, rule=rule),
    f"ClockworkRNN({UNITS})": lambda rule: ClockworkRNN(units=UNITS, rule=rule),
    f"CTRNN({UNITS})": lambda rule: CTRNN(units=UNITS, tau=2.0, rule=rule),
    f"CfC({UNITS})": lambda rule: CfC(units=UNITS, backbone=(), rule=rule),
    f"HMLSTM(2 x {UNITS // 2})": lambda rule: HMLSTM(units=UNITS // 2, rule=rule),
    "LTC(32)": lambda rule: LTC(units=32, rule=rule),
    f"TemporalConvolution({UNITS})": lambda rule: TemporalConvolution(
        units=UNITS, kernel=2, layers=4, rule=rule and LAYERWISE
    ),
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
        found[f"{name}, frozen"] = behind(make, None)
        found[f"{name}, learned"] = behind(make, LEARN)
    return found


MODELS: dict[str, Make] = models()


def _linear(W_in: Any, bias: Any = None, name: str | None = None) -> Dense:
    return Dense(units=len(W_in), W_in=W_in, bias=bias, activation="identity", name=name)


def _adding(u: Any, width: int) -> Any:
    """Add up the symbols that are marked; random features tell which sum it is."""
    marked, sums = Gate(), Reduce(kind="sum")
    what, mark = Select(columns=[*range(width - 2)]), Select(columns=[width - 2], name="mark")
    graph = u >> what >> marked >> sums >> Dense(units=100, bias_scaling=1.0)
    return graph & (u >> mark >> marked["gate"])


def _recall(u: Any, width: int) -> Any:
    """Look at each second step for the key of the step before; of equals the first counts."""
    match = 1000 * np.eye(width + 1, width)
    look = Attention(window=100, every=2, phase=1)
    graph = (u >> _linear(match, -20 * np.eye(width + 1)[width], "query") >> look) & (
        u >> look["value"]
    )
    time = u >> _linear(np.ones((1, width)), name="one") >> Reduce(kind="sum")
    return graph & ([u >> delay(1) >> Concat(), time] >> Concat(name="key") >> look["key"])


def _selective_copy(u: Any, width: int) -> Any:
    """Store what is marked under its number, and ask for one number after the other."""
    store, n = KeyedStore(slots=100), width - 2
    mark, ask = Select(columns=[n], name="mark"), Select(columns=[n + 1], name="ask")
    stored, asked = (_linear([[1.0], [0.0]], [0.0, 1.0], name) for name in ("stored", "asked"))
    graph = u >> Select(columns=[*range(n)], name="what") >> store["value"]
    graph = graph & (u >> mark >> store["write"])
    graph = graph & (mark >> Reduce(kind="sum", name="count") >> stored >> store["key"])
    since = Reduce(kind="sum", name="begun") >> delay(1) >> Reduce(kind="sum", name="since")
    return graph & (u >> ask >> since >> asked >> store)


MADE: Mapping[str, Make] = {
    "adding_problem": _adding,
    "associative_recall": _recall,
    "selective_copy": _selective_copy,
}


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
    if not wanted or "made for it" in wanted:
        told = [f"{error(name, MADE[name]):.2g}" if name in MADE else "" for name in TASKS]
        rows.append(["memories, wired for the task", *told])
    title = "CogScale, small: share of wrong answers, or mean squared error"
    return markdown(title, ["before the readout", *TASKS.values()], rows)
