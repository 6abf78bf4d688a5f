"""Populations of the study beside forward units: cells that foresee, and layers that are taught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.study.draws import log_uniform
from nodegraph.graph.graph import Composable
from nodes import (
    CTRNN,
    GRU,
    LSTM,
    LTC,
    MTRNN,
    CfC,
    Dense,
    Reservoir,
    TaughtAttention,
    TaughtLayer,
)
from nodes.rules import TBPTT, EProp

__all__ = ["CELLS", "cell", "draw_cell", "draw_taught", "taught_attention", "taught_layer"]

Settings = dict[str, Any]
CELLS: dict[str, type[Any]] = {
    "GRU": GRU, "LSTM": LSTM, "CTRNN": CTRNN, "MTRNN": MTRNN, "CfC": CfC, "LTC": LTC
}  # fmt: skip
DT = {"LTC": 0.01}  # of 100 neurons joined to all: time constants of some 3 to 5 steps


def cell(kind: str, units: int, frozen: bool) -> Callable[[Settings], list[Composable]]:
    """Return how a cell of this kind is made, which learns to foresee its own input."""

    def make(settings: Settings) -> list[Composable]:
        rest = dict(settings)
        rate, looks_back = rest.pop("rate", 2e-3), rest.pop("looks_back", False)
        rule = TBPTT(steps=16, rate=rate) if looks_back else EProp(rate=rate)
        dt = rest.pop("dt", DT.get(kind))
        node = CELLS[kind](units=units, rule=rule, frozen=frozen, **rest)
        return [node] if dt is None else [node, _clock(dt) >> node["dt"]]

    return make


def _clock(dt: float) -> Dense:
    """Return a node that gives out dt, whatever it reads."""
    return Dense(units=1, W_in=[[0.0]], bias=[dt], activation="identity")


def draw_cell(kind: str, rng: np.random.Generator) -> Settings:
    """Return settings of a cell, drawn: how it learns, and what it is drawn by."""
    learns = {"rate": log_uniform(rng, 1e-4, 1e-2), "looks_back": bool(rng.integers(2))}
    liquid = {"CfC": _closed_form, "LTC": _liquid}
    return learns | (liquid[kind](rng) if kind in liquid else _in_words_of(kind, rng))


def _in_words_of(kind: str, rng: np.random.Generator) -> Settings:
    """Return the settings of a reservoir in the words of a cell."""
    recurrent = "spectral_radius" if kind == "CTRNN" else "recurrent_scaling"
    slow = {"tau": float(rng.uniform(1, 12))} if kind in ("CTRNN", "MTRNN") else {}
    return {
        recurrent: float(rng.uniform(0.1, 1.4)),
        "input_scaling": log_uniform(rng, 0.05, 2.0),
        "bias_scaling": float(rng.uniform(0, 1)),
        **slow,
    }


def _closed_form(rng: np.random.Generator) -> Settings:
    return {
        "dt": log_uniform(rng, 0.1, 10.0),
        "mode": str(rng.choice(["default", "pure", "no_gate"])),
        "backbone": [128] * int(rng.integers(2)),
    }


def _liquid(rng: np.random.Generator) -> Settings:
    return {
        "dt": log_uniform(rng, 1e-3, 0.3),
        "input_w": [log_uniform(rng, 0.1, 3.0)],
        "input_b": [float(rng.uniform(0, 1))],
    }


def taught_layer(units: int, frozen: bool) -> Callable[[Settings], list[Composable]]:
    """Return how a reservoir and a taught layer that reads it are made, half and half."""

    def make(settings: Settings) -> list[Composable]:
        half = Reservoir(units=units // 2, **settings.get("reservoir", {}))
        moving = {} if frozen else settings.get("moving", {})
        layer = TaughtLayer(units=units - units // 2, frozen=frozen, **moving)
        return [half, half >> layer]

    return make


def taught_attention(units: int, frozen: bool) -> Callable[[Settings], list[Composable]]:
    """Return how a reservoir and taught attention that reads it are made, half and half."""

    def make(settings: Settings) -> list[Composable]:
        half, rest = Reservoir(units=units // 2, **settings.get("reservoir", {})), units // 2
        moving = {} if frozen else {"batch": 256, "rate": settings.get("rate", 3e-3)}
        sizes = {"heads": 2, "keys": rest // 5, "span": settings.get("span", 16)}
        layer = TaughtAttention(**sizes, units=rest - 2 * (rest // 5), frozen=frozen, **moving)
        return [half, half >> layer]

    return make


def draw_taught(
    reservoir: Callable[[np.random.Generator], Settings], rng: np.random.Generator
) -> Settings:
    """Return settings of a taught layer, or of taught attention, and of its reservoir."""
    moving = {"rounds": int(rng.integers(4, 17)), "share": float(rng.choice([0.4, 1.0]))}
    rate = log_uniform(rng, 3e-4, 1e-2)
    span = int(rng.integers(4, 33))
    return {"reservoir": reservoir(rng), "moving": moving, "rate": rate, "span": span}
