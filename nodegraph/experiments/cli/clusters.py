"""`nodegraph cluster`: what machines there are, and what a run of a graph would take of them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodegraph.experiments.cli.console import Debug, Plugins, say, show_table, warnings_said
from nodegraph.experiments.cli.graphs import Changes, DataFolder, found_graph, meant_for, read

if TYPE_CHECKING:
    from nodegraph.files.yaml.spec import Spec

__all__ = ["cluster"]


def _graph(file: Path | None) -> Path | None:
    return None if file is None else found_graph(file)


def cluster(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="A YAML graph, or the name of a shipped one: what a run of it would take.",
            show_default=False,
            callback=_graph,
        ),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(help="Ray cluster: auto, host:port; left out: RAY_ADDRESS, or this machine."),
    ] = None,
    wait: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="Wait for a cluster that is about to start."),
    ] = None,
    changes: Changes = None,
    data: DataFolder = None,
    plugins: Plugins = None,
    debug: Debug = False,
) -> None:
    """Show what machines a Ray cluster has, whether they can run nodes, and what a run takes."""
    from nodegraph.engines.ray.engine import RayEngine
    from nodegraph.experiments.tasks.rehearsal import engine_of

    spec = None if file is None else read(file, meant_for("ray", changes), plugins, data)
    if spec is None:
        engine = RayEngine(address, wait=wait or 0.0)
    else:
        engine = engine_of(spec.header, "ray", address, wait)
    with warnings_said(), closing(engine):
        heading, rows, unfit = engine.survey()
        say(heading, strong=True)
        show_table(rows)
        for line in unfit or [_fine(rows)]:
            say(line)
        if spec is not None:
            _show_run(spec, engine)
    if unfit:
        raise typer.Exit(1)


def _fine(rows: list[dict[str, str]]) -> str:
    count = sum(row["CPUs"] != "lost" for row in rows)
    who = "this machine has" if count == 1 else f"all {count} machines have"
    return f"{who} the same nodegraph, nodes, numpy and scipy as this process"


def _show_run(spec: Spec, engine: Any) -> None:
    from nodegraph.experiments.tasks.rehearsal import preview

    for stage, rows, words in preview(spec, engine):
        say()
        show_table(rows, f"a run, {stage}")
        say(words)
