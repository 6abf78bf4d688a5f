"""Answer all questions, or those that are named, and write the tables to out/benchmarks.md."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.tables import machine

__all__ = ["main"]

QUESTIONS = (
    "accuracy",
    "topologies",
    "layers",
    "startup",
    "memory",
    "speed",
    "compiled_peers",
    "growth",
    "forward_units",
    "gates",
    "ray_engine",
)
LONG = ("soak", "stability", "study")  # ten minutes and more each: only by name


def main(wanted: Sequence[str] = ()) -> None:
    """Print the table of each question, and write all of them into one file."""
    known = *QUESTIONS, *LONG
    if unknown := [name for name in wanted if name not in known]:
        raise SystemExit(f"no benchmark is called {unknown[0]}; known are {', '.join(known)}")
    tables = [f"# Benchmarks\n\n{machine()}.\n"]
    for name in wanted or QUESTIONS:
        tables.append(import_module(f"benchmarks.{name}").main())
        print(tables[-1], flush=True)
    path = Path("out") / "benchmarks.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(tables), encoding="utf-8")
    print(f"written to {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
