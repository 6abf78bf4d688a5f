"""How much memory long series need: the peak of a process of its own."""

from __future__ import annotations

from typing import Any

from benchmarks.fresh import peak_memory
from benchmarks.tables import markdown

__all__ = ["main"]

RUN = """
import numpy as np, nodegraph as ng
from nodes import Input, Reservoir, Ridge
x = np.random.default_rng(0).uniform(-1, 1, ({steps}, 1))
W_out = np.full((1, 1000), 1e-3)
ng.Model(Input() >> Reservoir(units=1000) >> Ridge(W_out=W_out)).run(x)
"""
FIT = """
import numpy as np, nodegraph as ng
from nodes import Input, Reservoir, Ridge
x = np.random.default_rng(0).uniform(-1, 1, ({steps}, 1))
ng.Model(Input() >> Reservoir(units=1000) >> Ridge(ridge=1e-6)).fit(x, x)
"""
PEER_FIT = """
import numpy as np
from reservoirpy.nodes import Reservoir, Ridge
x = np.random.default_rng(0).uniform(-1, 1, ({steps}, 1))
(Reservoir(1000, sr=0.9) >> Ridge(ridge=1e-6)).fit(x, x)
"""
SHORT, LONG, WHOLE = 20_000, 80_000, 1_000_000


def _row(what: str, code: str, whole: int, limit: float) -> list[Any]:
    """Return the row of a program: peaks of two lengths, and what follows for a longer series."""
    short, long = (peak_memory(code.format(steps=steps)) for steps in (SHORT, LONG))
    expected = long + (whole - LONG) * max(0.0, long - short) / (LONG - SHORT)
    reached = "yes" if expected < limit else "**no**"
    return [
        what,
        round(short),
        round(long),
        f"{expected:.0f} at {whole:,}",
        f"< {limit:g}",
        reached,
    ]


def main() -> str:
    """Return the table as Markdown."""
    peer = _row("ReservoirPy, fit", PEER_FIT, 200_000, float("inf"))
    allowed = round(float(peer[3].split()[0]) / 8)
    rows = [
        _row("run, only the readout wanted", RUN, WHOLE, 1000),
        _row("fit", FIT, 200_000, allowed),
        [*peer[:4], "", ""],
    ]
    head = ["1000 units", f"{SHORT:,} steps", f"{LONG:,} steps", "expected", "to reach", "reached"]
    return markdown("Peak memory of a process, MB", head, rows)


if __name__ == "__main__":
    print(main())
