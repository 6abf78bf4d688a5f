"""How a long run tells how far it is: to nobody, to a terminal or to a notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TypeVar

from nodegraph.errors import FieldError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichBar

__all__ = [
    "Lines",
    "Progress",
    "Silent",
    "Terminal",
    "checked_progress",
    "for_this_place",
    "shown",
    "tell_note",
    "watched",
]

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
        self._note = ""

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

    def note(self, text: str) -> None:
        """Show `text` beside the bar when it is drawn the next time."""
        self._note = text

    def advance(self, n_steps: int) -> None:
        """Count `n_steps`, and draw the bar if it is time to."""
        with self._lock:
            self._waiting += n_steps
            if self._bar is not None and monotonic() >= self._next:
                self._draw(self._bar)

    def stop(self) -> None:
        """Draw the bar as it is at the end and leave it there."""
        with self._lock:
            bar, self._bar = self._bar, None
            if bar is not None:
                self._draw(bar)
                bar.stop()

    def _draw(self, bar: RichBar) -> None:
        begin = monotonic()
        note = _printable(self._note)
        bar.update(bar.task_ids[0], advance=self._waiting, note=note, refresh=True)
        self._waiting, end = 0, monotonic()
        self._next = end + max(_PAUSE, _SHARE * (end - begin))


class Lines:
    """A progress for a log: a line now and then, with steps, share and what there is to note.

    Parameters
    ----------
    say : callable
        Writes a line.
    seconds : float
        Between two lines, at least.

    Examples
    --------
    >>> lines = Lines(print, seconds=0)
    >>> lines.start(300, "fit")
    >>> lines.note("2 workers, 3.1 chunks/s")
    >>> lines.advance(150)
    fit: 150 of 300 steps (50%), 2 workers, 3.1 chunks/s
    """

    def __init__(self, say: Callable[[str], object], seconds: float = 30.0):
        self._say, self._seconds = say, seconds
        self._what, self._total, self._done, self._note = "", 0, 0, ""
        self._lock, self._next = Lock(), 0.0

    def start(self, total_steps: int | None, description: str) -> None:
        """Begin to count."""
        self._what, self._total, self._done, self._note = description, total_steps or 0, 0, ""
        self._next = monotonic() + self._seconds

    def note(self, text: str) -> None:
        """Add `text` to the lines that follow."""
        self._note = text

    def advance(self, n_steps: int) -> None:
        """Count `n_steps`, and write a line if it is time to."""
        with self._lock:
            self._done += n_steps
            if monotonic() < self._next:
                return
            self._next = monotonic() + self._seconds
        share = f" of {self._total:,} steps ({self._done / self._total:.0%})" if self._total else ""
        words = f"{self._what}: {self._done:,}{share or ' steps'}"
        self._say(_printable(", ".join([words, *[self._note] * bool(self._note)])))

    def stop(self) -> None:
        """Say no more."""


def for_this_place(
    wanted: bool | None = None, say: Callable[[str], object] | None = None
) -> Progress:
    """Return a bar for a terminal or a notebook, and silence for files, CI and batch jobs.

    Parameters
    ----------
    wanted : bool, optional
        False: silence everywhere; True: where there is no bar, a line to `say` now and then.
    say : callable, optional
    """
    if wanted is False:
        return Silent()
    found = _for_this_place()
    return Lines(say) if wanted and say is not None and isinstance(found, Silent) else found


def _for_this_place() -> Progress:
    if os.environ.get("CI") or os.environ.get("SLURM_JOB_ID"):
        return Silent()
    from rich.console import Console

    console = Console(stderr=True)
    return Terminal(console) if console.is_terminal or console.is_jupyter else Silent()


def checked_progress(progress: Progress | bool | None) -> Progress | None:
    """Return who is to be told: nobody, which is None, for None and False, a bar for True.

    Raises
    ------
    FieldError
        If it is an object without the methods of a progress.

    Examples
    --------
    >>> checked_progress(False) is None, isinstance(checked_progress(True), Terminal)
    (True, True)
    """
    if progress is None or isinstance(progress, bool):
        return Terminal() if progress else None
    missing = [name for name in ("start", "advance", "stop") if not hasattr(progress, name)]
    if missing or isinstance(progress, type):
        raise FieldError(
            f"progress: expected True, False or an object with methods start, advance and stop, "
            f"got {progress!r}; write progress=True for a bar"
        )
    return progress


@contextmanager
def shown(progress: Progress, total_steps: int | None, description: str) -> Iterator[None]:
    """Have a progress begin and end, also where an error does, which is told below the bar."""
    progress.start(total_steps, description)
    try:
        yield
    finally:
        progress.stop()


class _Sized(Protocol):
    @property
    def n_steps(self) -> int: ...


_Chunk = TypeVar("_Chunk", bound=_Sized)


def watched(
    chunks: Iterable[_Chunk], progress: Progress, news: Callable[[], str] | None = None
) -> Iterator[_Chunk]:
    """Yield `chunks`, and tell `progress` of each one when the next is asked for.

    `news` is what else there is to say; a progress without a method ``note`` is not told.
    """
    note = getattr(progress, "note", None) if news else None
    for chunk in chunks:
        yield chunk
        if note is not None and news is not None:
            note(news())
        progress.advance(chunk.n_steps)


def tell_note(progress: Progress, text: str) -> None:
    """Have `text` shown beside the steps, now if it is time to; one without ``note`` is not told.

    Examples
    --------
    >>> lines = Lines(print, seconds=0)
    >>> lines.start(300, "fit")
    >>> tell_note(lines, "stage 1 of 2, solving readout")
    fit: 0 of 300 steps (0%), stage 1 of 2, solving readout
    """
    note = getattr(progress, "note", None)
    if note is not None:
        note(text)
        progress.advance(0)


def _printable(text: str) -> str:
    """Return `text` without what would steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _in_notebook() -> bool | None:
    """Return None, for rich to find out; False where it could not draw in a notebook."""
    return None if find_spec("ipywidgets") else False


def _bar(console: Console | None) -> RichBar:
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("steps"),
        progress.TimeRemainingColumn(elapsed_when_finished=True),
        progress.TextColumn("{task.fields[note]}", markup=False),
        console=console or Console(stderr=True, force_jupyter=_in_notebook()),
        auto_refresh=False,
        redirect_stdout=sys.stdout.isatty(),  # what is piped must not go to the bar's console
    )
