"""`nodegraph run`: train what a YAML graph says, score it, show it and keep it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodegraph.cli.console import Debug, Plugins, say, say_error, show_table
from nodegraph.cli.graphs import Changes, File, read

if TYPE_CHECKING:
    from nodegraph.tasks.experiment import Result

__all__ = ["run"]


def run(
    file: File,
    engine: Annotated[
        str | None, typer.Option(metavar="NAME", help="What executes the graph: local.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Threads over independent series; -1 is one a core.")
    ] = None,
    changes: Changes = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for results; else out/NAME.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="In place of that of the file.")] = None,
    watch: Annotated[
        int | None,
        typer.Option(min=1, metavar="STEPS", help="Take learning curves, a point each so often."),
    ] = None,
    plugins: Plugins = None,
    debug: Debug = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Write files, say nothing.")] = False,
) -> None:
    """Train a graph on its task, score it beside baselines, and write model and report."""
    import warnings

    from nodegraph.progress import Silent, for_this_place
    from nodegraph.tasks.experiment import run_spec
    from nodegraph.tasks.run_folder import write

    spec = read(file, changes, plugins)
    name = spec.header.name or file.stem
    if not quiet:
        say(name, strong=True)
        if spec.header.description:
            say(spec.header.description)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        progress = Silent() if quiet else for_this_place()
        how: dict[str, Any] = {"seed": seed, "engine": engine, "workers": workers}
        result = run_spec(spec, progress=progress, watch=watch or False, **how)
        paths = write(result, out or Path("out", file.stem))
    for message in dict.fromkeys(
        str(w.message) for w in caught if w.category is not ResourceWarning
    ):
        say_error(message, "warning")
    if not quiet:
        _show(result, paths)


def _show(result: Result, paths: list[Path]) -> None:
    from nodegraph.tasks.result_tables import learning_rows, score_rows, shown_number

    def words(row: dict[str, Any]) -> dict[str, str]:
        return {key: shown_number(value) for key, value in row.items()}

    show_table([words(row) for row in score_rows(result)], result.trial.scored_on, numbers=True)
    if rows := learning_rows(result):
        show_table([words(row) for row in rows], "what learned", numbers=True)
    took = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in result.seconds.items())
    say(f"time: {took}")
    say("wrote " + "\n      ".join(str(path) for path in paths), wrap=False)
