"""Checkpoints of a course of learning: when they are due, and what a signal does meanwhile."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from time import monotonic
from typing import Any

from nodegraph.engines.slot import Slot
from nodegraph.errors import EngineError

__all__ = ["Checkpointer", "Cursor"]


@dataclass(frozen=True)
class Cursor:
    """Where a course of learning stands.

    Parameters
    ----------
    stage, turn : int
        Stage of learning, and which time the data go through in it.
    learning : tuple of str
        Who learns in this turn.
    series : int
        How many series, or groups of them, are done.
    steps : int
        How many steps of the next one are done.
    reports : tuple of dict
        Of the stages that are done.
    """

    stage: int = 0
    turn: int = 0
    learning: tuple[str, ...] = ()
    series: int = 0
    steps: int = 0
    reports: tuple[dict[str, Any], ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Cursor:
        """Return what `plain` made plain."""
        return cls(
            int(plain["stage"]),
            int(plain["turn"]),
            tuple(plain["learning"]),
            int(plain["series"]),
            int(plain["steps"]),
            tuple(plain["reports"]),
        )


@dataclass
class Checkpointer:
    """Writes checkpoints now and then, and before it lets a signal end the work.

    Parameters
    ----------
    path : str
        Where the checkpoint is.
    write : callable
        Given where the course stands, and the slots of its stage; replaces the last checkpoint.
    seconds : float
        Between two checkpoints.
    start : Cursor
        Where to go on from.
    at : Cursor
    slots : dict of Slot
        Where the course stands, and what moves on from there.
    restore : callable
        Puts the slots of a stage to where they stood.
    """

    path: str
    write: Callable[[Cursor, Mapping[str, Slot]], None]
    seconds: float = 60.0
    start: Cursor = field(default_factory=Cursor)
    at: Cursor = field(default_factory=Cursor)
    slots: Mapping[str, Slot] = field(default_factory=dict)
    restore: Callable[[dict[str, Slot]], None] = lambda slots: None
    _steps: int = 0  # gone since `at`, when last heard of
    _last: float = field(default_factory=monotonic)
    _stop: BaseException | None = None

    def mark(self, at: Cursor, slots: Mapping[str, Slot]) -> None:
        """Take note of where the course stands, and of the slots that move from here on."""
        self.at, self.slots, self._steps = at, slots, 0

    @property
    def due(self) -> bool:
        """Whether a checkpoint should be written soon."""
        return self._stop is not None or monotonic() - self._last >= self.seconds

    def moved_on(self, steps: int) -> None:
        """Write a checkpoint if one is due: the slots stand `steps` steps further than noted.

        Raises
        ------
        KeyboardInterrupt, SystemExit
            After a signal, when all is written.
        """
        self._steps = steps
        if not self.due:
            return
        begin = monotonic()
        self._write()
        self._last = monotonic()
        self.seconds = max(self.seconds, 20 * (self._last - begin))
        if self._stop is not None:
            raise self._stop

    def _write(self) -> None:
        self.write(replace(self.at, steps=self.at.steps + self._steps), self.slots)

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Write a checkpoint before workers that cannot be had any more, or a signal, end the work.

        The first SIGINT or SIGTERM waits for a checkpoint; the second one ends at once. An engine
        that fails leaves the slots where they stood when `pass_by` was last called.
        """
        try:
            with self._listening():
                yield
        except EngineError as error:
            if not self.slots:
                raise
            self._write()
            raise EngineError(
                f"{error}; where learning stood is kept in {self.path}: call again with resume=True"
            ) from error

    @contextmanager
    def _listening(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._hear) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, _: object) -> None:
        again = self._stop is not None
        asked = number == signal.SIGINT
        self._stop = KeyboardInterrupt() if asked else SystemExit(128 + number)
        if again:
            raise self._stop


_ENDS = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGBREAK")  # the last two are not on every system
_SIGNALS = tuple(getattr(signal, name) for name in _ENDS if hasattr(signal, name))
