"""The populations of the study, each with the range in which its settings are searched."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from benchmarks.study import taught
from benchmarks.study.draws import log_uniform
from nodegraph.graph.graph import Composable
from nodes import NVAR, ForwardUnit, Reservoir
from nodes.rules import IntrinsicPlasticity

__all__ = ["MODELS", "RESERVOIRS", "UNITS", "Model"]

UNITS = 100
SIZES = (100, 200, 400, 800)
RESERVOIRS = tuple(f"ESN, {units} units" for units in SIZES)
Settings = dict[str, Any]


class Model(NamedTuple):
    """A population: how it is made from settings, and how settings are drawn."""

    make: Callable[[Settings], list[Composable]]
    draw: Callable[[np.random.Generator], Settings]


def _reservoir(rng: np.random.Generator) -> Settings:
    return {
        "spectral_radius": float(rng.uniform(0.1, 1.4)),
        "leak_rate": log_uniform(rng, 0.1, 1.0),
        "input_scaling": log_uniform(rng, 0.05, 2.0),
        "bias_scaling": float(rng.uniform(0, 1)),
        "connectivity": float(rng.choice([0.05, 0.1, 0.2, 0.5])),
    }


def _plastic(rng: np.random.Generator) -> Settings:
    plasticity = {
        "rate": log_uniform(rng, 1e-5, 1e-3),
        "mu": float(rng.uniform(-0.1, 0.1)),
        "sigma": float(rng.uniform(0.1, 0.6)),
    }
    return {**_reservoir(rng), "plasticity": plasticity}


def _make_plastic(settings: Settings) -> list[Composable]:
    rest = dict(settings)
    plasticity = IntrinsicPlasticity(**rest.pop("plasticity", {}))
    return [Reservoir(units=UNITS, rule=plasticity, **rest)]


def _mixed(rng: np.random.Generator) -> Settings:
    share = int(rng.choice([10, 30, 50]))
    return {"forecasting": share, "reservoir": _reservoir(rng), "forecast": _forecast(rng)}


def _tapped(rng: np.random.Generator) -> Settings:
    return {"taps": int(rng.integers(2, 25)), "reservoir": _reservoir(rng)}


def _make_tapped(settings: Settings) -> list[Composable]:
    taps = settings.get("taps", 10)
    reservoir = Reservoir(units=UNITS - taps, **settings.get("reservoir", {}))
    return [reservoir, NVAR(delay=taps, order=1)]


def _make_mixed(settings: Settings) -> list[Composable]:
    share = settings.get("forecasting", UNITS // 2)
    reservoir = Reservoir(units=UNITS - share, **settings.get("reservoir", {}))
    return [reservoir, ForwardUnit(units=share, kind="forecast", **settings.get("forecast", {}))]


def _forecast(rng: np.random.Generator) -> Settings:
    return {
        "fan_in": int(rng.integers(8, 17)),
        "features": int(rng.choice([12, 20, 32])),
        "horizon": int(rng.integers(3, 40)),
        "reach": int(rng.integers(5, 30)),
        "feature_scaling": log_uniform(rng, 0.5, 4.0),
        "alpha": log_uniform(rng, 1e-4, 1.0),
        "forgetting": float(rng.choice([0.9995, 0.9998, 1.0])),
    }


def _predictive_coding(rng: np.random.Generator) -> Settings:
    return {
        "fan_in": int(rng.integers(3, 13)),
        "relaxation": float(rng.uniform(0.1, 1.0)),
        "recurrent_scaling": float(rng.uniform(0.2, 1.2)),
        "rate": log_uniform(rng, 1e-4, 0.05),
    }


def _forward_forward(rng: np.random.Generator) -> Settings:
    return {
        "fan_in": int(rng.integers(4, 17)),
        "input_share": float(rng.uniform(0.05, 0.6)),
        "leak_rate": log_uniform(rng, 0.1, 1.0),
        "weight_scaling": log_uniform(rng, 0.2, 2.0),
        "rate": log_uniform(rng, 1e-4, 0.1),
        "loop_gain": rng.choice([None, 0.95]),
    }


def _attention(rng: np.random.Generator) -> Settings:
    return {
        "leak_rate": log_uniform(rng, 0.1, 1.0),
        "span": int(rng.integers(3, 11)),
        "weight_scaling": log_uniform(rng, 0.2, 1.5),
        "query_scaling": log_uniform(rng, 0.3, 4.0),
        "rate": log_uniform(rng, 1e-3, 0.1),
    }


def _dendritic(rng: np.random.Generator) -> Settings:
    return {
        "leak_rate": log_uniform(rng, 0.1, 1.0),
        "spectral_radius": float(rng.uniform(0.3, 1.4)),
        "input_scaling": log_uniform(rng, 0.05, 2.0),
        "bias_scaling": float(rng.uniform(0, 1)),
        "gain": float(rng.uniform(0.1, 1.2)),
        "rate": log_uniform(rng, 1e-3, 0.1),
    }


RANGES: dict[str, Callable[[np.random.Generator], Settings]] = {
    "forecast": _forecast,
    "predictive_coding": _predictive_coding,
    "forward_forward": _forward_forward,
    "attention": _attention,
    "dendritic": _dendritic,
}
"""Settings of each kind of forward unit."""


def _population(kind: str, frozen: bool) -> Model:
    return Model(
        lambda settings: [ForwardUnit(units=UNITS, kind=kind, frozen=frozen, **settings)],
        RANGES[kind],
    )


def _models() -> dict[str, Model]:
    models = {
        name: Model(
            lambda settings, units=units: [Reservoir(units=units, **settings)],  # type: ignore[misc]
            _reservoir,
        )
        for name, units in zip(RESERVOIRS, SIZES, strict=True)
    }
    models["ESN, intrinsic plasticity"] = Model(_make_plastic, _plastic)
    models["ESN and delayed inputs"] = Model(_make_tapped, _tapped)
    for kind in RANGES:
        models[f"{kind}, frozen"] = _population(kind, frozen=True)
        models[f"{kind}, learned"] = _population(kind, frozen=False)
    models["ESN and forecast, mixed"] = Model(_make_mixed, _mixed)
    for learns, frozen in (("frozen", True), ("learned", False)):
        for kind in taught.CELLS:
            made = taught.cell(kind, UNITS, frozen)
            models[f"{kind}, {learns}"] = Model(made, partial(taught.draw_cell, kind))
        settings = partial(taught.draw_taught, _reservoir)
        models[f"ESN and taught layer, {learns}"] = Model(
            taught.taught_layer(UNITS, frozen), settings
        )
        models[f"ESN and taught attention, {learns}"] = Model(
            taught.taught_attention(UNITS, frozen), settings
        )
    return models


MODELS = _models()
"""Model by name."""
