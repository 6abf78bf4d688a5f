"""Checkpoints of learning: when they are due, what lies beside them, what a signal does."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

from nodegraph.engines.merge_tree import Bough
from nodegraph.engines.slot import Slot
from nodegraph.errors import EngineError

__all__ = ["ENDS", "Checkpointer", "Cursor", "heed", "keep", "sums_file", "sums_folder", "sweep"]

_NAMES = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP", "SIGBREAK")  # not all are on every system
ENDS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
ECHO = 0.5  # seconds within which signals are one: they come to a whole group, from several sides
PATIENCE = 2.0  # seconds that an end that was asked for waits for workers elsewhere
SHARE = 20  # a checkpoint that took s seconds is followed by 20 s without one


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
    kept : tuple of str
        Nodes that did not run in this turn, for their outputs were known: they stand where they
        last did.
    """

    stage: int = 0
    turn: int = 0
    learning: tuple[str, ...] = ()
    series: int = 0
    steps: int = 0
    reports: tuple[dict[str, Any], ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def learned(self) -> bool:
        """Whether anything was learned on the way here."""
        return any((self.stage, self.turn, self.series, self.steps))

    @property
    def words(self) -> str:
        """Where that is, for people.

        Examples
        --------
        >>> Cursor(1, 0, ("readout",), steps=51200).words, Cursor(0, 2, ("som",), series=3).words
        ('from step 51,200 of stage 2', 'after 3 groups of series, in pass 3')
        """
        if not self.learning and self.stage:
            return f"after stage {self.stage}"
        place = (
            f"after {self.series} groups of series" if self.series else f"from step {self.steps:,}"
        )
        stage = f" of stage {self.stage + 1}" * bool(self.stage)
        return place + stage + f", in pass {self.turn + 1}" * bool(self.turn)

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
            tuple(plain.get("kept", ())),
        )


@dataclass(repr=False)  # the module `signal` writes out whose method listens, arrays and all
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
    begun : sequence of Bough
        What was gathered of a pass that was begun, where learning goes on from.
    boughs : sequence of Bough
        What is gathered of this pass.
    """

    path: str
    write: Callable[[Cursor, Mapping[str, Slot], Sequence[Bough]], None]
    seconds: float = 60.0
    start: Cursor = field(default_factory=Cursor)
    at: Cursor = field(default_factory=Cursor)
    slots: Mapping[str, Slot] = field(default_factory=dict)
    restore: Callable[[dict[str, Slot]], None] = lambda slots: None
    begun: Sequence[Bough] = ()
    boughs: Sequence[Bough] = ()
    _steps: int = 0  # gone since `at`, when last heard of
    _last: float = field(default_factory=monotonic)
    _took: float = 0.0  # seconds, the last time
    _stop: BaseException | None = None
    _asked: list[float] = field(default_factory=list)  # when signals came

    def mark(self, at: Cursor, slots: Mapping[str, Slot], boughs: Sequence[Bough] = ()) -> None:
        """Take note of where the course stands, and of the slots that move from here on."""
        self.at, self.slots, self.boughs, self._steps = at, slots, boughs, 0

    @property
    def folder(self) -> Path:
        """Where those who have sums of parts of the data write them."""
        return sums_folder(Path(self.path))

    def kept(self) -> Sequence[Bough]:
        """Return what was gathered of the pass that is gone on with, once."""
        begun, self.begun = self.begun, ()
        return begun

    @property
    def due(self) -> bool:
        """Whether a checkpoint should be written soon."""
        wait = max(self.seconds, SHARE * self._took)
        return self._stop is not None or monotonic() - self._last >= wait

    @property
    def here(self) -> Cursor:
        """Where the course stands."""
        return replace(self.at, steps=self.at.steps + self._steps)

    def moved_on(self, steps: int) -> None:
        """Write a checkpoint if one is due: the slots stand `steps` steps further than noted.

        Raises
        ------
        KeyboardInterrupt, SystemExit
            After a signal, when all is written.
        """
        self._steps = steps
        if self.due:
            self.keep()
            self._end()

    def keep(self) -> bool:
        """Write a checkpoint, but none of nothing; tell whether the file leads on from here."""
        if self.slots and self.here.learned:
            begin = monotonic()
            self.write(self.here, self.slots, self.boughs)
            self._last = monotonic()
            self._took = self._last - begin
            return True
        return self.start.learned

    def heed(self, now: bool = False) -> None:
        """Let an end come that was asked for and waits for others: what is held here is kept.

        Parameters
        ----------
        now : bool
            Not after a while or a second signal alone: those that it waits for are lost.
        """
        if self._stop is None:
            return
        if now or len(self._asked) > 1 or monotonic() - self._asked[0] >= PATIENCE:
            self.keep()
            self._end()

    def _end(self) -> None:
        if self._stop is not None:
            raise self._stop

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Write a checkpoint before workers that cannot be had any more, or a signal, end the work.

        The first signal waits for a checkpoint, the second one for nothing that is elsewhere, and
        the third one ends at once. An engine that fails leaves the slots where they stood when
        `moved_on` was last called.
        """
        token = _current.set(self)
        try:
            with self._listening():
                yield
                if self._stop is not None:  # it came when nobody looked any more
                    self.keep()
                    self._end()
        except EngineError as error:
            if not self.keep():
                raise
            if self._stop is not None:
                raise self._stop from error
            raise EngineError(
                f"{error}; where learning stood is kept in {self.path}: the next run goes on "
                "there, a call with resume=True"
            ) from error
        finally:
            _current.reset(token)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in ENDS}
        heard = [number for number in ENDS if before[number] not in (None, signal.SIG_IGN)]
        for number in heard:
            signal.signal(number, self._hear)
        try:
            yield
        finally:
            for number in heard:
                signal.signal(number, before[number])

    def _hear(self, number: int, _: object) -> None:
        now = monotonic()
        if not self._asked or now - self._asked[-1] >= ECHO:
            self._asked.append(now)
        asked = number == signal.SIGINT
        self._stop = self._stop or (KeyboardInterrupt() if asked else SystemExit(128 + number))
        if len(self._asked) > 2:
            raise self._stop


_current: ContextVar[Checkpointer | None] = ContextVar("_current", default=None)


def heed(now: bool = False) -> None:
    """Do what `Checkpointer.heed` does, if checkpoints are kept of what goes on here.

    Called while one waits for others, and the slots are as they were when `moved_on` was called.
    """
    if (checkpointer := _current.get()) is not None:
        checkpointer.heed(now)


def keep() -> None:
    """Do what `Checkpointer.keep` does, if checkpoints are kept: more may soon be lost."""
    if (checkpointer := _current.get()) is not None:
        checkpointer.keep()


_OURS = re.compile(r"[0-9a-f]{8}-\d+-\d+\.safetensors")


def sums_folder(checkpoint: Path) -> Path:
    """Return the folder that belongs to a checkpoint."""
    return checkpoint.with_suffix(".sums")


def sums_file(course: str, first: int, stop: int) -> str:
    """Return the name of the file with what some leaves gave; a course has eight letters."""
    return f"{course}-{first}-{stop}.safetensors"


def sweep(checkpoint: Path, named: Collection[str]) -> None:
    """Remove the files that a checkpoint does not name, and the folder if nothing is in it."""
    folder = sums_folder(checkpoint)
    if not folder.is_dir():
        return
    for file in folder.iterdir():
        if _OURS.fullmatch(file.name) and file.name not in named:
            file.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
