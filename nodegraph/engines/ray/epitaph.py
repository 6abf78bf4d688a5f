"""What is said of this process if it ends without a word: Ray ends it where a raylet is gone."""

from __future__ import annotations

import subprocess
from shutil import which

__all__ = ["Epitaph"]

WORDS = (
    "error: the process was ended by Ray, as all are on a machine whose raylet is gone, or it was "
    "killed; if a checkpoint was kept, the next run goes on there"
)


class Epitaph:
    """A shell that waits for this process, and says a sentence if it hears no goodbye.

    Where there is no shell, nothing will be said.
    """

    def __init__(self) -> None:
        shell = which("sh")
        self._shell = shell and subprocess.Popen(
            [shell, "-c", 'read -r goodbye || printf "%s\\n" "$0" >&2', WORDS],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def withdraw(self) -> None:
        """Say goodbye."""
        if self._shell:
            self._shell.communicate(b"goodbye\n")
            self._shell = None
