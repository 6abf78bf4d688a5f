"""How often intervals of closed loops hold what they say, from ensembles and from noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodes import Input, Noise, Reservoir, Ridge

__all__ = ["SYSTEMS", "System", "main"]

TRAIN, WARMUP, PROMPT, PLACES, MEMBERS = 4000, 100, 100, 21, 20
LEVELS = (0.05, 0.95)
STRENGTHS = (1e-4, 1e-3, 3e-3, 1e-2, 3e-2)  # of noise, in spreads of the series
FLOW: dict[str, Any] = {"spectral_radius": 0.4, "input_scaling": 0.2, "bias_scaling": 1.0}
SLOW: dict[str, Any] = {"spectral_radius": 0.9, "input_scaling": 0.3, "bias_scaling": 1.0}


class System(NamedTuple):
    """What is forecast, how many steps far, and the reservoir that learns it."""

    name: str
    steps: int
    fields: dict[str, Any]


SYSTEMS = (
    System("lorenz", 400, FLOW),
    System("mackey_glass", 400, SLOW),
    System("halvorsen", 400, FLOW),
)


def _graph(system: System, noise: float = 0.0) -> Any:
    pool, out = Reservoir(units=200, **system.fields), Ridge(ridge=1e-8)
    return Input() >> Noise(std=noise) >> pool >> out if noise else Input() >> pool >> out


def _series(system: System) -> Any:
    u = ng.datasets.load(system.name, steps=TRAIN + 6000, discard=1000)
    return (u - u[:TRAIN].mean(axis=0)) / u[:TRAIN].std(axis=0)


def _windows(u: Any, first: int, last: int, steps: int) -> tuple[list[Any], list[Any]]:
    """Return prompts and what came behind them, from places evenly spread over some rows."""
    ends = np.linspace(first + PROMPT, last - steps, PLACES).astype(int)
    return [u[e - PROMPT : e] for e in ends], [u[e : e + steps] for e in ends]


def _inside(came: Sequence[Any], bands: Sequence[Any], parts: int = 4) -> list[float]:
    """Return the share of values inside over all steps, and over each of some parts of them."""
    y, band = np.stack(came, axis=1), np.stack(bands, axis=1)
    each = [(y, band), *zip(np.array_split(y, parts), np.array_split(band, parts), strict=True)]
    return [float(((b[..., 0] <= v) & (v <= b[..., 1])).mean()) for v, b in each]


def of_ensemble(system: System) -> tuple[list[float], list[float]]:
    """Return shares inside of an ensemble's intervals, as members differ and calibrated."""
    u = _series(system)
    ensemble = ng.Ensemble(_graph(system), members=MEMBERS, kind="median")
    ensemble.fit(u[:TRAIN], u[1 : TRAIN + 1], warmup=WARMUP)
    (seen, known), (prompts, came) = (
        _windows(u, *rows, system.steps) for rows in ((WARMUP, TRAIN), (TRAIN, len(u)))
    )
    samples = ensemble.generated(system.steps, prompt=prompts)
    plain = ensemble.intervals(samples)
    ensemble.calibrate(ensemble.generated(system.steps, prompt=seen), known)
    return _inside(came, plain), _inside(came, ensemble.intervals(samples))


def of_noise(system: System) -> tuple[float, list[float]]:
    """Return the strength that holds best on training rows, and shares inside behind them."""
    u = _series(system)
    found = []
    for strength in STRENGTHS:
        model = ng.Model(_graph(system, strength), seed=0)
        model.fit(u[:TRAIN], u[1 : TRAIN + 1], warmup=WARMUP)

        def told(first: int, last: int, model: Any = model) -> list[float]:
            prompts, came = _windows(u, first, last, system.steps)
            many = [p for p in prompts for _ in range(MEMBERS)]
            said = np.stack(model.generate(system.steps, prompt=many, noise=True))
            futures = said.reshape(PLACES, MEMBERS, *said.shape[1:])
            return _inside(came, np.moveaxis(np.quantile(futures, LEVELS, axis=1), 0, -1))

        found.append((strength, told(WARMUP, TRAIN), told(TRAIN, len(u))))
    strength, _, shares = min(found, key=lambda one: abs(one[1][0] - (LEVELS[1] - LEVELS[0])))
    return strength, shares


def _row(name: str, how: str, shares: Sequence[float]) -> list[str]:
    return [name, how, *(f"{100 * share:.0f}" for share in shares)]


def main() -> str:
    """Return the table as Markdown."""
    rows = []
    for system in SYSTEMS:
        plain, wider = of_ensemble(system)
        rows += [_row(system.name, "seeds", plain), _row(system.name, "calibrated", wider)]
        strength, shares = of_noise(system)
        rows.append(_row(system.name, f"noise of {strength:g}", shares))
    head = ["system", "intervals", "all steps", *(f"quarter {i}" for i in (1, 2, 3, 4))]
    return markdown("Values inside 90 % intervals of closed loops, in per cent", head, rows)


if __name__ == "__main__":
    print(main())
