"""What Ray itself says of its workers and machines: kept in a file, so that screens stay ours."""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from threading import Lock
from typing import IO, Any

from nodegraph.engines.ray.stats import log

__all__ = ["RayLog"]

MACHINE = re.compile(r"The node with node id: .*?address: (\S+) .*has been marked dead", re.DOTALL)
LOSS = re.compile(r"died|dead|killed|terminat|lost|unexpected|crash|memory", re.IGNORECASE)
COLOUR = re.compile(r"\x1b\[[\d;]*m")
MOST = 1 << 24  # bytes of a file


class RayLog:
    """Takes what Ray would print in this process, from `listen` to `close`.

    Parameters
    ----------
    path : str, optional
        File to append it to, made when there is something to write; else one in the folder for
        temporary files, which stays if there was a loss.
    """

    def __init__(self, path: str | None = None):
        self.path, self._given = path, path is not None
        self._lock = Lock()
        self._told = False
        self._undo: list[Any] = []

    def listen(self) -> None:
        """Take what Ray says from now on."""
        if self._undo:
            return
        from ray._private import worker

        printing: Any = worker
        theirs, logger = printing.print_worker_logs, logging.getLogger("ray")
        handlers, propagate = list(logger.handlers), logger.propagate
        printing.print_worker_logs = self._take
        logger.handlers, logger.propagate = [_Handler(self)], False

        def undo() -> None:
            printing.print_worker_logs = theirs
            logger.handlers, logger.propagate = handlers, propagate

        self._undo = [undo]

    def close(self) -> None:
        """Let Ray print again; a file of our own that nobody was told of goes."""
        while self._undo:
            self._undo.pop()()
        with self._lock:
            if self.path and not self._given and not self._told:
                with suppress(OSError):
                    os.remove(self.path)
                self.path = None

    def _take(self, batch: dict[str, Any], *_: Any, **__: Any) -> None:
        who = batch.get("pid", "ray")
        self.write(f"({who}) {COLOUR.sub('', line)}" for line in batch.get("lines", ()))

    def write(self, lines: Iterable[str]) -> None:
        """Keep lines; a loss is told of, and the first time where they are."""
        text = "".join(f"{line.rstrip()}\n" for line in lines)
        with self._lock:
            kept, told = self._keep(text), self._told
            machine, loss = MACHINE.search(text), LOSS.search(text)
            self._told = told or (kept and loss is not None)
        if machine:
            log.warning("machine %s of the cluster was lost", machine[1])
        if loss and kept and not told:
            log.warning("what Ray itself says of the loss is kept in %s", self.path)

    def _keep(self, text: str) -> bool:
        try:
            with self._opened() as file:
                if file.tell() < MOST:
                    file.write(text)
        except OSError:
            return False
        return True

    def _opened(self) -> IO[str]:
        if self.path is None:
            number, self.path = tempfile.mkstemp(".log", "nodegraph-ray-")
            return open(number, "a", encoding="utf-8")
        os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
        return open(self.path, "a", encoding="utf-8")


class _Handler(logging.Handler):
    """Hands records of Ray's own logger on to a `RayLog`."""

    def __init__(self, target: RayLog):
        super().__init__()
        self._target = target

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self._target.write([f"({record.levelname.lower()}) {record.getMessage()}"])
