"""The head of a cluster, which is asked now and then whether it is still there."""

from __future__ import annotations

import socket
from time import monotonic, sleep

from nodegraph.engines.checkpointer import heed, keep
from nodegraph.engines.ray.stats import log
from nodegraph.errors import EngineError

__all__ = ["Head"]

EVERY = 2.0  # seconds between two questions
PATIENCE = 1.0  # seconds for an answer
GRACE = 8.0  # seconds in which it may come back


class Head:
    """The head of a cluster: Ray itself would say nothing for a minute, and then end the process.

    Parameters
    ----------
    name : str, optional
        ``host:port``; None: it cannot be asked, and is taken to be there.
    """

    def __init__(self, name: str | None):
        host, _, port = (name or "").rpartition(":")
        self.name = name
        self.address = (host.strip("[]"), int(port)) if host and port.isdigit() else None
        self._asked = monotonic()
        self._gone: float | None = None  # since when it does not answer

    def answers(self) -> bool:
        """Tell whether somebody is there."""
        if self.address is None:
            return True
        try:
            socket.create_connection(self.address, timeout=PATIENCE).close()
        except OSError:
            return False
        return True

    def look(self) -> None:
        """Ask, if that was not done for a while; what is learned is kept as soon as it is gone.

        Raises
        ------
        EngineError
            If it does not come back.
        """
        now = monotonic()
        if now - self._asked < EVERY:
            return
        self._asked = now
        if self.answers():
            self._gone = None
            return
        if self._gone is None:
            self._gone = now
            log.warning("the head of the cluster at %s does not answer any more; it has %g s to "
                        "come back", self.name, GRACE)  # fmt: skip
            keep()
        if now - self._gone >= GRACE:
            raise EngineError(f"the head of the cluster at {self.name} is gone, and with it the "
                              "cluster; start it again, or another one")  # fmt: skip

    def wait(self) -> None:
        """Return when it answers: before what it would have to do.

        Raises
        ------
        EngineError
            If it does not.
        """
        while not self.answers():
            self._asked = 0.0
            self.look()
            heed()
            sleep(PATIENCE)
