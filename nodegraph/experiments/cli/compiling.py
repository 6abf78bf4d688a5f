"""One line that says so when steps have to be compiled, since that takes time at first use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nodegraph.compiling.machine_code import listeners
from nodegraph.experiments.cli.console import say_error

__all__ = ["compiling_said"]

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
