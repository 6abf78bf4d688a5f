"""`nodegraph search`: try values of some fields, and say which were best."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodegraph.experiments.cli.console import (
    Debug,
    Plugins,
    compiling_said,
    news_said,
    say,
    say_error,
    show_table,
    warnings_said,
)
from nodegraph.experiments.cli.graphs import (
    Changes,
    DataFolder,
    File,
    meant_for,
    read,
    results_folder,
)
from nodegraph.host.paths import refuse_file

if TYPE_CHECKING:
    from nodegraph.experiments.search import Attempt, Found
    from nodegraph.files.yaml.spec import Spec

__all__ = ["search"]

SHOWN = 5
INTERRUPTED = 130


def search(
    file: File,
    ranges: Annotated[
        list[str],
        typer.Option(
            "--range", metavar="FIELD=LOW:HIGH[:log|:int]", help="What to vary, or choices a,b,c."
        ),
    ],
    trials: Annotated[
        int, typer.Option(min=1, help="How many settings to try, in all, none twice.")
    ] = 20,
    metric: Annotated[str | None, typer.Option(help="One of the task's metrics.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the search.")] = 0,
    seeds: Annotated[
        int, typer.Option(min=1, help="How many seeds each setting learns from; the mean counts.")
    ] = 1,
    batch: Annotated[
        int,
        typer.Option(min=1, help="Settings drawn at a time, which can learn side by side."),
    ] = 1,
    workers: Annotated[
        int | None, typer.Option(help="Models that learn at the same time; -1 is one a core.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where models learn: local or ray.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Ray cluster to join: auto, host:port or ray://host:port.")
    ] = None,
    changes: Changes = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the study; else out/NAME.")
    ] = None,
    study: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The study; else DIR/study.journal.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the trials of the study.")
    ] = False,
    data: DataFolder = None,
    plugins: Plugins = None,
    debug: Debug = False,
) -> None:
    """Search for good values of some fields, on training rows or series that are held back."""
    from contextlib import ExitStack, closing

    from nodegraph.engines import choose
    from nodegraph.experiments.search import search as find
    from nodegraph.experiments.tasks.rehearsal import engine_of

    if out is not None and study is not None:
        raise typer.BadParameter("--study says where the study is; leave --out out")
    wanted, changes = _pairs(ranges), meant_for(engine, changes)
    with warnings_said(), news_said(), compiling_said(), ExitStack() as ending:
        spec = read(file, changes, plugins, data)
        kept = study or (out or results_folder(spec, file)) / "study.journal"
        refuse_file(kept.parent, f"--study {study}" if study else f"--out {kept.parent}")
        if resume and not kept.exists():
            say_error(f"--resume: there is no study {kept}; the search begins anew", "note")
        chosen = ending.enter_context(
            closing(choose(engine_of(spec.header, engine, address, log=kept.with_name("ray.log"))))
        )
        found = find(
            file,
            wanted,
            trials=trials,
            metric=metric,
            seed=seed,
            seeds=seeds,
            batch=batch,
            workers=workers,
            engine=chosen,
            changes=tuple(changes or ()),
            data=data,
            study=kept,
            resume=resume,
            watch=lambda attempt: say(_line(attempt, trials), wrap=False),
        )
    _show(found, kept)
    _keep_best(found, file, spec, kept, (changes or (), data, seeds))
    done = len(found.trials) + len(found.failed)
    if done < trials and not found.interrupted:
        say(f"there are {done} settings, and all were tried")
    if found.interrupted:
        say_error(f"{kept} holds these trials; --resume goes on there", "interrupted")
        raise typer.Exit(INTERRUPTED)


def _line(attempt: Attempt, trials: int) -> str:
    from nodegraph.experiments.tasks.result import shown_number

    settings = " ".join(f"{k}={shown_number(_plain(v))}" for k, v in attempt.settings.items())
    if attempt.value is None:
        return f"trial {attempt.number}/{trials}: failed  {settings}  ({attempt.why})"
    spread = f" ± {shown_number(attempt.spread)}" * bool(attempt.spread)
    return f"trial {attempt.number}/{trials}: {shown_number(attempt.value)}{spread}  {settings}"


def _plain(value: object) -> object:
    return value if isinstance(value, str | bool | int) else float(f"{value:.4g}")


def _show(found: Found, kept: Path) -> None:
    from nodegraph.experiments.tasks.result import shown_number

    rows = [{k: shown_number(v) for k, v in row.items()} for row in found.trials[:SHOWN]]
    show_table(rows, f"best trials, on {found.scored_on}", numbers=True)
    if failed := len(found.failed):
        say(f"{failed} trial{'s' * (failed > 1)} failed, the last one: {found.failed[-1].why}")
    say("to use the best: " + " ".join(f"--set {change}" for change in found.changes), wrap=False)
    say(f"wrote {kept}", wrap=False)


def _keep_best(
    found: Found, file: Path, spec: Spec, kept: Path, given: tuple[Sequence[str], Path | None, int]
) -> None:
    """Write the best trial as a graph of its own: beside `file` if that names other files.

    What was `given` for all trials are changes of the file, where its data are, and how many seeds.
    """
    changes, data, seeds = given
    from nodegraph.files.atomic_write import replace_file

    needs = _names_files(spec.document.data) and os.access(spec.folder, os.W_OK)
    best = spec.folder / f"{file.stem}.best.yaml" if needs else kept.with_name("best.yaml")
    more = f" --data {data}" if data is not None else ""
    mean = f", the mean of {seeds} seeds," * (seeds > 1)
    head = (
        f"# The best trial of a search, as it was scored: {found.metric} {found.best:.6g}{mean} "
        f"on {found.scored_on}.\n# For the rows of {file.name} itself: nodegraph run {file}{more}"
        + "".join(f" --set {change}" for change in (*changes, *found.changes))
    )
    replace_file(best, [memoryview(f"{head}\n{found.yaml}".encode())])
    so = f"from the first of {seeds} seeds" if seeds > 1 else "as above"
    say(f"      {best}  (nodegraph run {best}{more} scores it {so})", wrap=False)


def _names_files(part: object) -> bool:
    """Tell whether some of a YAML graph stands in other files."""
    if isinstance(part, Mapping):
        return not part.keys().isdisjoint(("file", "folder")) or any(
            map(_names_files, part.values())
        )
    return isinstance(part, list) and any(map(_names_files, part))


def _pairs(ranges: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in ranges:
        field, equals, values = text.partition("=")
        if not equals or not field or not values:
            raise typer.BadParameter(
                f"{text!r}: write nodes.reservoir.leak_rate=0.1:1", param_hint="--range"
            )
        if field in found:
            raise typer.BadParameter(f"{field} is given twice", param_hint="--range")
        found[field] = values
    return found
