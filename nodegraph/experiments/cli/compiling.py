"""One line that says so when kernels have to be compiled, since that takes time at first use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nodegraph.experiments.cli.console import say_error

__all__ = ["compiling_said"]

WORDS = "kernels are being compiled; they are kept, so this takes its time only once"


@contextmanager
def compiling_said(quiet: bool = False) -> Iterator[None]:
    """Say once that something is compiled, if something is; what lies on disk is not."""
    if quiet:
        yield
        return
    from numba.core import event as numba_event

    event: Any = numba_event

    class Said(numba_event.Listener):
        """Speaks at the first compilation."""

        told = False

        def on_start(self, happening: Any) -> None:
            """Say it, the first time."""
            if not self.told:
                self.told = True
                say_error(WORDS, "note")

        def on_end(self, happening: Any) -> None:
            """Do nothing."""

    listener = Said()
    event.register("numba:compile", listener)
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)
