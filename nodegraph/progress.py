"""How a long run tells how far it is: to nobody, to a terminal or to a notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichBar

__all__ = ["Progress", "Silent", "Terminal", "for_this_place", "watched"]

_PAUSE = 0.1  # seconds between two drawings, at least
_SHARE = 200  # a drawing that took s seconds is followed by 200 s without one


class Progress(Protocol):
    """Whoever wants to know how far a run is.

    ``start``, then ``advance`` and ``note`` again and again (from any thread), then ``stop``; after
    that, or in place of it if a run failed, it may start anew.
    """

    def start(self, total_steps: int | None, description: str) -> None:
        """Begin; `total_steps` is None where the end is not known."""

    def advance(self, n_steps: int) -> None:
        """Take note of `n_steps` more steps."""

    def note(self, text: str) -> None:
        """Take note of what is worth showing beside the steps, in place of the last such text."""

    def stop(self) -> None:
        """End; doing so twice is no mistake."""


class Silent:
    """A progress that tells nobody.

    Examples
    --------
    >>> len(list(watched([], Silent())))
    0
    """

    def start(self, total_steps: int | None, description: str) -> None:
        """Do nothing."""

    def advance(self, n_steps: int) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


class Terminal:
    """A bar, drawn by rich in a terminal or a notebook, with steps and time to go.

    It is drawn at most ten times a second, and less often where drawing is slow, so that it takes
    less than one percent of the time of the run. No thread draws it.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where to draw; standard error by default, so that piped output stays clean.

    Examples
    --------
    >>> import io
    >>> from rich.console import Console
    >>> console = Console(record=True, file=io.StringIO(), width=80)
    >>> with Terminal(console) as bar:
    ...     bar.start(300, "fit")
    ...     bar.advance(300)
    >>> "300/300 steps" in console.export_text()
    True
    """

    def __init__(self, console: Console | None = None):
        self._console = console
        self._bar: RichBar | None = None
        self._lock = Lock()
        self._waiting = 0
        self._next = 0.0

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, total_steps: int | None, description: str) -> None:
        """Draw an empty bar; one that was there before is ended."""
        from rich.markup import escape

        self.stop()
        self._bar = _bar(self._console)
        self._bar.add_task(escape(_printable(description)), total=total_steps, note="")
        self._waiting, self._next = 0, 0.0
        self._bar.start()

    def advance(self, n_steps: int) -> None:
        """Count `n_steps`, and draw the bar if it is time to."""
        with self._lock:
            self._waiting += n_steps
            if self._bar is not None and monotonic() >= self._next:
                self._draw(self._bar)

    def note(self, text: str) -> None:
        """Show `text` behind the bar from its next drawing on."""
        from rich.markup import escape

        with self._lock:
            if self._bar is not None:
                self._bar.update(self._bar.task_ids[0], note=escape(_printable(text)))

    def stop(self) -> None:
        """Draw the bar as it is at the end and leave it there."""
        with self._lock:
            bar, self._bar = self._bar, None
            if bar is not None:
                self._draw(bar)
                bar.stop()

    def _draw(self, bar: RichBar) -> None:
        begin = monotonic()
        bar.update(bar.task_ids[0], advance=self._waiting, refresh=True)
        self._waiting, end = 0, monotonic()
        self._next = end + max(_PAUSE, _SHARE * (end - begin))


def for_this_place() -> Progress:
    """Return a bar for a terminal or a notebook, and silence for files, CI and batch jobs."""
    if os.environ.get("CI") or os.environ.get("SLURM_JOB_ID"):
        return Silent()
    from rich.console import Console

    console = Console(stderr=True)
    return Terminal(console) if console.is_terminal or console.is_jupyter else Silent()


class _Counted(Protocol):
    @property
    def n_steps(self) -> int: ...


_Chunk = TypeVar("_Chunk", bound=_Counted)


def watched(chunks: Iterable[_Chunk], progress: Progress) -> Iterator[_Chunk]:
    """Yield `chunks`, and tell `progress` of each one when the next is asked for."""
    for chunk in chunks:
        yield chunk
        progress.advance(chunk.n_steps)


def _printable(text: str) -> str:
    """Return `text` without what would steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _bar(console: Console | None) -> RichBar:
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("steps"),
        progress.TimeRemainingColumn(elapsed_when_finished=True),
        progress.TextColumn("{task.fields[note]}"),
        console=console or Console(stderr=True),
        auto_refresh=False,
        redirect_stdout=sys.stdout.isatty(),  # what is piped must not go to the bar's console
    )
