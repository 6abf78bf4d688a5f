"""Files of sums beside a checkpoint, written by the workers that have them, if they can."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from nodegraph.engines.checkpointer import sums_file
from nodegraph.engines.merge_tree import Bough
from nodegraph.engines.ray.pool import WorkerPool
from nodegraph.engines.ray.stats import log

__all__ = ["SumsFolder"]


class SumsFolder:
    """A folder that may be there on all machines, or not.

    Parameters
    ----------
    path : Path, optional
    """

    def __init__(self, path: Path | None):
        self.path, self._course = path, secrets.token_hex(4)
        self.is_shared = False

    def probe(self, pool: WorkerPool, workers: Sequence[Any]) -> None:
        """Find out whether all workers see what is written here."""
        if self.path is None:
            return
        word, path = secrets.token_hex(16), self.path / f"probe-{self._course}"
        self.path.mkdir(parents=True, exist_ok=True)
        path.write_text(word, encoding="ascii")
        try:
            refs = [ref for worker in workers for ref in worker.call("sees", path.resolve(), word)]
            self.is_shared = all(pool.take(refs))
        finally:
            path.unlink()
        if not self.is_shared:
            with suppress(OSError):
                self.path.rmdir()
            log.warning("%s is not one folder for all machines: what they gather is kept by way of "
                        "this process", self.path.parent)  # fmt: skip

    def file(self, bough: Bough) -> Path:
        """Return where a sum is to be written, in a folder that is there."""
        folder = (self.path or Path()).resolve()
        folder.mkdir(exist_ok=True)
        return folder / sums_file(self._course, bough.first, bough.stop)
