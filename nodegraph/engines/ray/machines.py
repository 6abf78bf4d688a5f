"""The machines of a cluster, which are asked themselves whether they are still there."""

from __future__ import annotations

import socket
from collections.abc import Collection
from typing import Any

from nodegraph.engines.ray.head import Head

__all__ = ["Machines"]

PATIENCE = 1.0  # seconds for a machine to answer


class Machines:
    """Where machines are: Ray itself takes ten seconds and more to see that one is down.

    Ray is asked for their addresses only while its head answers, and only for those that are new:
    without a head it gives no answer for a minute, and then ends the process.

    Parameters
    ----------
    ray : module
    head : Head
    """

    def __init__(self, ray: Any, head: Head):
        self._ray, self._head = ray, head
        self._known: dict[str, tuple[str, int]] = {}

    def meet(self, machines: Collection[str]) -> None:
        """Learn where some machines are."""
        if all(name in self._known for name in machines) or not self._head.answers():
            return
        self._known = {
            one["NodeID"]: (one["NodeManagerAddress"], int(one["NodeManagerPort"]))
            for one in self._ray.nodes()
            if one["Alive"]
        }

    def silent(self, machines: Collection[str]) -> set[str]:
        """Return which of some machines are down."""
        self.meet(machines)
        return {name for name in machines if not self._answers(name)}

    def _answers(self, machine: str) -> bool:
        """Tell whether a machine is there; one that Ray does not know of is not."""
        if machine not in self._known:
            return not self._head.answers()
        try:
            socket.create_connection(self._known[machine], timeout=PATIENCE).close()
        except OSError:
            return False
        return True
