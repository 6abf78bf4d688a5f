"""`nodegraph run`: train what a YAML graph says, score it, show it; how it ends, and goes on."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from nodegraph.errors import EngineError, OtherCourseError
from nodegraph.experiments.cli.console import (
    SAID,
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
from nodegraph.model.checkpoints import move_checkpoint, remove_checkpoint

if TYPE_CHECKING:
    from nodegraph.experiments.tasks.result import Result
    from nodegraph.files.yaml.header import Header

__all__ = ["end_in_order", "last_words", "resumed", "run"]

COLUMNS = 20  # of a target, whose scores are shown


def run(
    file: File,
    engine: Annotated[
        str | None, typer.Option(metavar="NAME", help="What executes the graph: local or ray.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Ray cluster to join: auto, host:port or ray://host:port.")
    ] = None,
    wait: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="Wait for a cluster that is about to start."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Threads or replicas over series; -1 is one a core.")
    ] = None,
    changes: Changes = None,
    data: DataFolder = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for results; else out/NAME.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="In place of that of the file.")] = None,
    watch: Annotated[
        int | None,
        typer.Option(min=1, metavar="STEPS", help="Take learning curves, a point each so often."),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on where a run into this folder ended, or say why not."),
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Begin anew, even where a run could go on.")
    ] = False,
    progress: Annotated[
        bool | None,
        typer.Option(
            "--progress/--no-progress",
            help="How far it is: a bar, or a line each half minute where that is no terminal.",
            show_default=False,
        ),
    ] = None,
    plugins: Plugins = None,
    debug: Debug = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Write files, say nothing.")] = False,
) -> None:
    """Train a graph on its task, score it beside baselines, and write model and report.

    A run into a folder where another one ended before its time goes on where that stood.
    """
    from contextlib import closing

    from nodegraph.engines import choose
    from nodegraph.experiments.tasks.experiment import Experiment
    from nodegraph.experiments.tasks.rehearsal import engine_of
    from nodegraph.experiments.tasks.run_folder import made, write
    from nodegraph.host.progress import for_this_place

    if resume and anew:
        raise typer.BadParameter("--anew and --resume exclude each other: write one of them")
    spec = read(file, meant_for(engine, changes), plugins, data)
    if not quiet:
        _introduce(spec.header, file)
    folder = out or results_folder(spec, file)
    checkpoint = folder / "checkpoint.safetensors"
    if resume and not checkpoint.exists():
        say_error(f"--resume: there is no {checkpoint}; learning begins anew", "note")
    found = engine_of(spec.header, engine, address, wait, folder / "ray.log")
    ray, chosen = None if isinstance(found, str) else found, choose(found)
    with closing(chosen), warnings_said(), news_said(quiet), compiling_said(quiet):
        if ray is not None:
            ray.connect()
        experiment = Experiment.of(spec, seed=seed, engine=chosen)
        for line in () if quiet else experiment.trial.data.told:
            say(line)
        log = partial(say_error, label="progress")
        learn = partial(
            experiment.run,
            workers=workers,
            progress=for_this_place(False if quiet else progress, log),
            watch=watch or False,
            checkpoint=checkpoint,
        )
        with made(folder), last_words(checkpoint):
            result = resumed(learn, checkpoint, resume, anew)
            paths = write(result, folder)
        remove_checkpoint(checkpoint)
        slowest = "" if ray is None else ray.slowest()
    if not quiet:
        _show(result, paths)
        if slowest:
            say(slowest)


def _introduce(header: Header, file: Path) -> None:
    say(header.name or file.stem, strong=True)
    if header.description:
        say(header.description)


def _show(result: Result, paths: list[Path]) -> None:
    from nodegraph.experiments.tasks.result import (
        column_rows,
        in_words,
        interval_rows,
        learning_rows,
        score_rows,
    )

    show_table([in_words(row) for row in score_rows(result)], result.trial.scored_on, numbers=True)
    for note in result.notes:
        say(f"note: {note}")
    if intervals := interval_rows(result):
        show_table([in_words(row) for row in intervals], "intervals", numbers=True)
    if result.validated:
        show_table([in_words(result.validated.values)], result.validated.scored_on, numbers=True)
    own = [row for row in column_rows(result, COLUMNS) if row["model"] == result.scores[0].model]
    if own:
        show_table([in_words(row) for row in own], "by column", numbers=True)
    if rows := learning_rows(result):
        show_table([in_words(row) for row in rows], "what learned", numbers=True)
    took = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in result.seconds.items())
    say(f"time: {took}")
    say("wrote " + "\n      ".join(str(path) for path in paths), wrap=False)


NAMES = "SIGTERM", "SIGUSR1", "SIGHUP", "SIGBREAK"  # not all are on every system
ASIDE = "checkpoint-of-another-course.safetensors"

_Found = TypeVar("_Found")


def end_in_order() -> None:
    """Let signals end the command as an exception does, so that all is put away."""
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end_once() -> None:
    """Pass over further signals while all is put away: what was learned is kept already."""
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is _end:
            signal.signal(number, signal.SIG_IGN)


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def resumed(learn: Callable[..., _Found], checkpoint: Path, resume: bool, anew: bool) -> _Found:
    """Return what `learn` gives, told whether to go on from the checkpoint.

    One of another course of learning is moved aside, unless one asked to go on from it.
    """
    if not resume and (anew or not checkpoint.exists()):
        return learn(resume=False)
    try:
        return learn(resume=True)
    except OtherCourseError as error:
        if resume:
            raise
        aside = move_checkpoint(checkpoint, checkpoint.with_name(ASIDE))
        told = str(error).partition("; ")[0]
        say_error(f"{told}; it is {aside} now, and learning begins anew", "note")
    return learn(resume=False)


@contextmanager
def last_words(checkpoint: Path) -> Iterator[None]:
    """Say what a run leaves behind that is interrupted, or whose engine fails after it learned."""

    def kept() -> float:
        return checkpoint.stat().st_mtime if checkpoint.exists() else 0.0

    before = kept()
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as error:
        error.add_note(SAID)
        _end_once()
        if kept() != before:
            say_error(
                f"learning is kept in {checkpoint}; the next run goes on there", "interrupted"
            )
        elif before:
            say_error(f"{checkpoint} is as it was; the next run goes on there", "interrupted")
        else:
            say_error("nothing was learned yet, and nothing is kept", "interrupted")
        raise
    except EngineError as error:
        if kept() and str(checkpoint) not in str(error):
            error.add_note(f"what was learned is kept in {checkpoint}: the next run goes on there")
        raise
