"""`nodegraph search`: try values of some fields, and say which were best."""

from __future__ import annotations

from typing import Annotated

import typer

from nodegraph.cli.console import Debug, Plugins, load_plugins, say, show_table
from nodegraph.cli.graphs import Changes, File

__all__ = ["search"]

SHOWN = 5


def search(
    file: File,
    ranges: Annotated[
        list[str],
        typer.Option(
            "--range", metavar="FIELD=LOW:HIGH[:log|:int]", help="What to vary, or choices a,b,c."
        ),
    ],
    trials: Annotated[int, typer.Option(min=1, help="How many settings to try.")] = 20,
    metric: Annotated[str | None, typer.Option(help="One of the task's metrics.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the search.")] = 0,
    changes: Changes = None,
    plugins: Plugins = None,
    debug: Debug = False,
) -> None:
    """Search for good values of some fields, on training rows that are held back."""
    from nodegraph.search import search as find
    from nodegraph.tasks.result_tables import shown_number

    load_plugins(plugins)
    wanted = dict(_pair(text) for text in ranges)
    found = find(
        file,
        wanted,
        trials=trials,
        metric=metric,
        seed=seed,
        changes=tuple(changes or ()),
        watch=lambda number, value: say(f"trial {number + 1}: {shown_number(value)}"),
    )
    rows = [{k: shown_number(v) for k, v in row.items()} for row in found.trials[:SHOWN]]
    show_table(rows, "best trials, on rows held back", numbers=True)
    say("to use the best: " + " ".join(f"--set {change}" for change in found.changes), wrap=False)


def _pair(text: str) -> tuple[str, str]:
    field, equals, values = text.partition("=")
    if not equals or not field or not values:
        raise typer.BadParameter(
            f"{text!r}: write nodes.reservoir.leak_rate=0.1:1", param_hint="--range"
        )
    return field, values
