"""How a run ends, and how the next one begins: signals, and what is kept for it."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

from nodegraph.errors import OtherCourseError
from nodegraph.experiments.cli.console import SAID, say_error
from nodegraph.model.checkpoints import move_checkpoint

__all__ = ["end_in_order", "last_words", "news_said", "resumed"]

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


class _Note(logging.Handler):
    """Says what is logged, as the command line says everything."""

    def emit(self, record: logging.LogRecord) -> None:
        say_error(record.getMessage(), "note")


@contextmanager
def news_said(quiet: bool) -> Iterator[None]:
    """Say what nodegraph logs: of losses always, of the rest if not `quiet`."""
    log, note = logging.getLogger("nodegraph"), _Note(logging.WARNING if quiet else logging.INFO)
    level, log.level, log.propagate = log.level, note.level, False
    log.addHandler(note)
    try:
        yield
    finally:
        log.removeHandler(note)
        log.level, log.propagate = level, True


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
    """Say what a run that is interrupted leaves behind."""

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
