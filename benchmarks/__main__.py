"""Answer all questions, or those that are named, and write the tables to out/benchmarks.md."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.tables import machine

__all__ = ["main"]

QUESTIONS = (
    "accuracy",
    "topologies",
    "layers",
    "startup",
    "house",
    "compiled",
    "memory",
    "speed",
    "compiled_peers",
    "accuracy_peers",
    "jax",
    "cell_tasks",
    "songs",
    "torch_cells",
    "growth",
    "forward_units",
    "chaotic_systems",
    "gates",
    "distillation",
    "liquid",
    "intervals",
    "closed_loops",
    "ray_engine",
    "many_machines",
    "lists_on_ray",
)
LONG = (
    "kuramoto_sivashinsky",
    "bert",
    "cell_learning",
    "cogscale",
    "digits",
    "soak",
    "stability",
    "study",
    "taught",
    "wide_readouts",
)  # ten minutes and more each: only by name


def main(wanted: Sequence[str] = (), against: str | None = None) -> None:
    """Print the table of each question, and write all of them into one file.

    Parameters
    ----------
    wanted : sequence of str
        Questions; all but the long ones if it is empty.
    against : str, optional
        Folder of another tree of the sources, which some questions compare this one with.
    """
    known = *QUESTIONS, *LONG
    if unknown := [name for name in wanted if name not in known]:
        raise SystemExit(f"no benchmark is called {unknown[0]}; known are {', '.join(known)}")
    tables = [f"# Benchmarks\n\n{machine()}.\n"]
    for name in wanted or QUESTIONS:
        options: dict[str, Any] = {"against": against} if name == "compiled" else {}
        tables.append(import_module(f"benchmarks.{name}").main(**options))
        print(tables[-1], flush=True)
    path = Path("out") / "benchmarks.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(tables), encoding="utf-8")
    print(f"written to {path}")


if __name__ == "__main__":
    parser = ArgumentParser("python -m benchmarks")
    parser.add_argument("questions", nargs="*", help="; ".join((*QUESTIONS, *LONG)))
    parser.add_argument("--against", metavar="FOLDER", help="another tree: start of processes")
    given = parser.parse_args()
    main(given.questions, given.against)
