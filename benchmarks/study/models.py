"""The populations of the study, each with the range in which its settings are searched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nodegraph.node import Node
from nodes import ForwardUnit, Reservoir
from nodes.rules import IntrinsicPlasticity

__all__ = ["MODELS", "UNITS", "Model"]

UNITS = 100
Settings = dict[str, Any]


class Model(NamedTuple):
    """A population: how it is made from settings, and how settings are drawn."""

    make: Callable[[Settings], Node]
    draw: Callable[[np.random.Generator], Settings]


def _log(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _reservoir(rng: np.random.Generator) -> Settings:
    return {
        "spectral_radius": float(rng.uniform(0.1, 1.4)),
        "leak_rate": _log(rng, 0.1, 1.0),
        "input_scaling": _log(rng, 0.05, 2.0),
        "bias_scaling": float(rng.uniform(0, 1)),
        "connectivity": float(rng.choice([0.05, 0.1, 0.2, 0.5])),
    }


def _plastic(rng: np.random.Generator) -> Settings:
    plasticity = {
        "rate": _log(rng, 1e-5, 1e-3),
        "mu": float(rng.uniform(-0.1, 0.1)),
        "sigma": float(rng.uniform(0.1, 0.6)),
    }
    return {**_reservoir(rng), "plasticity": plasticity}


def _make_plastic(settings: Settings) -> Node:
    rest = dict(settings)
    return Reservoir(units=UNITS, rule=IntrinsicPlasticity(**rest.pop("plasticity", {})), **rest)


def _forecast(rng: np.random.Generator) -> Settings:
    return {
        "fan_in": int(rng.integers(6, 15)),
        "horizon": int(rng.integers(3, 40)),
        "feature_scaling": _log(rng, 0.5, 5.0),
        "alpha": _log(rng, 1e-5, 1.0),
    }


RANGES: dict[str, Callable[[np.random.Generator], Settings]] = {"forecast": _forecast}
"""Settings of each kind of forward unit."""


def _population(kind: str, frozen: bool) -> Model:
    return Model(
        lambda settings: ForwardUnit(units=UNITS, kind=kind, frozen=frozen, **settings),
        RANGES[kind],
    )


def _models() -> dict[str, Model]:
    models = {
        f"ESN, {units} units": Model(
            lambda settings, units=units: Reservoir(units=units, **settings),  # type: ignore[misc]
            _reservoir,
        )
        for units in (UNITS, 4 * UNITS)
    }
    models["ESN, intrinsic plasticity"] = Model(_make_plastic, _plastic)
    for kind in RANGES:
        models[f"{kind}, frozen"] = _population(kind, frozen=True)
        models[f"{kind}, learned"] = _population(kind, frozen=False)
    return models


MODELS = _models()
"""Model by name."""
