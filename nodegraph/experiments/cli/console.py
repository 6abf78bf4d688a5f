"""What the terminal shows: tables, sentences, errors; all words are text, never markup."""

from __future__ import annotations

import codecs
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodegraph.compiling.machine_code import listeners

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "SAID",
    "Debug",
    "Plugins",
    "compiling_said",
    "debugging",
    "load_plugins",
    "news_said",
    "say",
    "say_error",
    "say_in_any_alphabet",
    "show_table",
    "warnings_said",
]

SAID = "told what is kept"  # a note on an interruption


def _remember(ctx: typer.Context, wanted: bool) -> bool:
    ctx.find_root().meta["debug"] = wanted
    return wanted


Debug = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of an error.", callback=_remember)
]
Plugins = Annotated[
    list[str] | None,
    typer.Option("--plugin", metavar="MODULE", help="Python module whose kinds may be used."),
]


def debugging(ctx: Any) -> bool:
    """Tell whether ``--debug`` was given to the command or to one below it."""
    return bool(ctx.find_root().meta.get("debug"))


def load_plugins(modules: Iterable[str] | None) -> None:
    """Make the kinds of these modules known; they may lie in the folder one is in."""
    if modules:
        from nodegraph.graph.registry import load_plugin

        if (here := os.getcwd()) not in sys.path:
            sys.path.append(here)
        for module in modules:
            load_plugin(module)


def say_in_any_alphabet() -> None:
    """Let a terminal or a pipe that lacks a letter show another one, instead of failing."""
    codecs.register_error("nodegraph", _other_letters)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="nodegraph")


def _other_letters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_OTHER_LETTERS.get(letter, "?") for letter in missing), error.end


_OTHER_LETTERS = {"→": "->", "↻": "(loop)", "·": "-", "…": "...", "—": "-"}


def say(text: str = "", *, strong: bool = False, wrap: bool = True) -> None:
    """Write a line to standard output."""
    _console().print(_plain(text), style="bold" if strong else None, soft_wrap=not wrap)


def say_error(text: str, label: str = "error") -> None:
    """Write a message to standard error."""
    from rich.text import Text

    style = "bold red" if label == "error" else "bold yellow"
    message = Text.assemble((f"{label}: ", style), _plain(text))
    _console(stderr=True).print(message, soft_wrap=True)


_collecting: list[bool] = []  # whether warnings are collected


@contextmanager
def warnings_said() -> Iterator[None]:
    """Say each warning once, at the end of the outermost of these."""
    import warnings

    if _collecting:
        yield
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _collecting.append(True)
        try:
            yield
        finally:
            _collecting.clear()
            kept = [str(w.message) for w in caught if w.category is not ResourceWarning]
            for message in dict.fromkeys(kept):
                say_error(message, "warning")


class _Note(logging.Handler):
    """Says what is logged, as the command line says everything."""

    def emit(self, record: logging.LogRecord) -> None:
        say_error(record.getMessage(), "note")


@contextmanager
def news_said(quiet: bool = False) -> Iterator[None]:
    """Say what nodegraph logs: of losses always, of the rest if not `quiet`."""
    log, note = logging.getLogger("nodegraph"), _Note(logging.WARNING if quiet else logging.INFO)
    level, log.propagate = log.level, False
    log.setLevel(note.level)  # loggers below remember what they were asked before
    log.addHandler(note)
    try:
        yield
    finally:
        log.removeHandler(note)
        log.setLevel(level)
        log.propagate = True


def show_table(rows: Sequence[Mapping[str, str]], title: str = "", numbers: bool = False) -> None:
    """Write rows as a table; the first column is the name, numbers stand at the right."""
    from rich import box
    from rich.table import Table

    columns = list(dict.fromkeys(key for row in rows for key in row))
    heading = _plain(title) or None
    table = Table(title=heading, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for i, column in enumerate(columns):
        table.add_column(
            _plain(column), justify="right" if numbers and i else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(_plain(row.get(column, "")) for column in columns))
    _console().print(table)


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def _plain(text: str) -> str:
    """Return `text` without what would steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


WORDS = "steps are being compiled; they are kept, so this takes its time only once"


@contextmanager
def compiling_said(quiet: bool = False) -> Iterator[None]:
    """Say once that something is compiled, if something is; what lies on disk is not."""

    def tell() -> None:
        listeners.remove(tell)
        say_error(WORDS, "note")

    if not quiet:
        listeners.append(tell)
    try:
        yield
    finally:
        if tell in listeners:
            listeners.remove(tell)
