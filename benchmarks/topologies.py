"""How right reservoirs are whose recurrent weights are laid out in ways that cost less.

All have the settings that were found for normal weights at random places.
"""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from benchmarks.accuracy import PRESETS, SEEDS, Preset, mackey_glass, narma10
from benchmarks.tables import markdown
from nodes.parts.weights import WITH_CONNECTIVITY, Topology

__all__ = ["main"]

UNITS = 200
SHARED = {
    "mackey_glass": PRESETS["mackey_glass 10, 400"],
    "narma10": PRESETS["narma10, 200"],
}


def _preset(task: str, topology: str) -> Preset:
    found = SHARED[task]
    fields = {**found.reservoir, "units": UNITS, "topology": topology}
    if topology not in WITH_CONNECTIVITY:
        fields.pop("connectivity", None)
    return found._replace(reservoir=fields)


def _errors(topology: str) -> list[list[float]]:
    chaotic, driven = _preset("mackey_glass", topology), _preset("narma10", topology)
    return [
        [mackey_glass(seed, 10, chaotic) for seed in SEEDS],
        [narma10(seed, driven) for seed in SEEDS],
    ]


def _row(topology: str) -> list[Any]:
    cells: list[Any] = [topology]
    for errors in _errors(topology):
        cells += [float(np.median(errors)), f"{min(errors):.3g} to {max(errors):.3g}"]
    return cells


def main() -> str:
    """Return the table as Markdown."""
    head = ["topology", "Mackey-Glass, 10 ahead", "range", "NARMA10", "range"]
    rows = [_row(topology) for topology in get_args(Topology)]
    return markdown(f"Topologies: median NRMSE over {len(SEEDS)} seeds, {UNITS} units", head, rows)


if __name__ == "__main__":
    print(main())
