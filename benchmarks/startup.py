"""How long it takes until something happens: imports, the command line, the first call."""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from typing import Any

from benchmarks.fresh import seconds
from benchmarks.tables import markdown

__all__ = ["main"]

FIRST = """
import numpy as np, nodegraph as ng
from nodes import Input, Reservoir, Ridge
x = np.sin(np.arange(300) / 5)[:, None]
ng.Model(Input() >> Reservoir(units=100) >> Ridge()).fit(x, x).run(x)
"""
HEAVY = ("ray", "llvmlite", "matplotlib", "pandas", "scipy.stats")
LIST = f"import sys, nodegraph; print(*[name for name in {HEAVY!r} if name in sys.modules])"
PROCESSES = (
    ("python alone", ["-c", "pass"], None),
    ("import numpy", ["-c", "import numpy"], None),
    ("import nodegraph", ["-c", "import nodegraph"], 0.5),
    ("import nodegraph, nodes", ["-c", "import nodegraph, nodes"], None),
    ("nodegraph --help", ["-m", "nodegraph", "--help"], 0.5),
    ("first fit and run of 100 units, imports included", ["-c", FIRST], None),
    ("import reservoirpy", ["-c", "import reservoirpy"], None),
)


def _row(what: str, arguments: list[str], limit: float | None) -> list[Any]:
    times = seconds(arguments, 5)
    row: list[Any] = [what, min(times.wall), median(times.wall), min(times.cpu)]
    if limit is None:
        return [*row, "", ""]
    return [*row, f"< {limit:g}", "yes" if min(times.wall) < limit else "**no**"]


def main() -> str:
    """Return the table as Markdown, and which heavy packages `import nodegraph` brings along."""
    listed = subprocess.run(
        [sys.executable, "-c", LIST], capture_output=True, text=True, check=True
    )
    head = ["process", "min", "median", "CPU", "to reach", "reached"]
    table = markdown("Start of a process, seconds", head, [_row(*one) for one in PROCESSES])
    loaded = listed.stdout.strip() or f"none of {', '.join(HEAVY)}"
    return f"{table}\n`import nodegraph` loads {loaded}.\n"


if __name__ == "__main__":
    print(main())
