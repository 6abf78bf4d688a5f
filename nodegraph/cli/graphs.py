"""`nodegraph check` and `nodegraph draw`: looking at a graph without running it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodegraph.cli.console import Debug, Plugins, load_plugins, say, show_table
from nodegraph.registry import word

if TYPE_CHECKING:
    from nodegraph.plan import Plan
    from nodegraph.spec import Spec

__all__ = ["Changes", "File", "check", "draw", "read"]

File = Annotated[Path, typer.Argument(metavar="FILE", help="A YAML graph.", show_default=False)]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a value, as in nodes.reservoir.units=1000."
    ),
]


def read(file: Path, changes: list[str] | None, plugins: list[str] | None) -> Spec:
    """Return the graph in `file` with `changes` made, every fault at its line."""
    from nodegraph.spec import read_yaml

    load_plugins(plugins)
    return read_yaml(file, changes or ())


def check(
    file: File, changes: Changes = None, plugins: Plugins = None, debug: Debug = False
) -> None:
    """Validate a graph and print its plan: nodes, order, loops, stages of learning."""
    from nodegraph.plan import Plan

    spec = read(file, changes, plugins)
    plan = Plan.of(spec.graph)
    say(f"{spec.header.name or file.stem}: seed {spec.header.seed}, {spec.header.dtype}")
    if spec.header.description:
        say(spec.header.description)
    show_table(_node_rows(plan), "Nodes")
    say("Order of execution", strong=True)
    say(str(plan), wrap=False)
    say()
    say("Stages of learning", strong=True)
    say(_stage_lines(plan))
    say(f"\n{file} is valid.", wrap=False)


def _node_rows(plan: Plan) -> list[dict[str, str]]:
    return [
        {
            "node": name,
            "kind": word(type(node)),
            "units": str(node.declared_size or "as its input"),
            "rule": type(node.learner).__name__ if node.learner else "",
            "ports": ", ".join(node.ports),
        }
        for name, node in plan.nodes.items()
    ]


def _stage_lines(plan: Plan) -> str:
    from nodegraph.stages import stages

    found = stages(plan, tuple(plan.rules), True)
    lines = [f"{number}. {', '.join(stage.learners)}" for number, stage in enumerate(found, 1)]
    return "\n".join(lines) or "nothing learns here"


def draw(
    file: File,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A .svg, .mmd (Mermaid), .dot or .txt file."),
    ] = None,
    changes: Changes = None,
    plugins: Plugins = None,
    debug: Debug = False,
) -> None:
    """Draw a graph: into a file, or as lines of text in the terminal."""
    spec = read(file, changes, plugins)
    if output is not None:
        spec.graph.draw(output, spec.header.name)
        say(f"wrote {output}", wrap=False)
        return
    from nodegraph.drawing import to_text

    say(to_text(spec.graph.to_networkx()), wrap=False)
