"""Run in a process of its own: asks the head of a cluster who it is, and prints that as JSON.

What Ray's own code writes to standard error meanwhile goes to the parent, and no further.
"""

from __future__ import annotations

import json
import sys
from typing import Any

__all__ = ["ask"]


def ask(address: str, seconds: float) -> dict[str, Any]:
    """Return the versions of a cluster, and whether this machine is one of it.

    Parameters
    ----------
    address : str
        ``host:port`` of its head.
    seconds : float
        How long to look for a raylet on this machine.

    Returns
    -------
    dict
        ``ray_version``, ``python_version``, ``here``; in their place, of a failure, ``error`` and
        ``words``.
    """
    try:
        from ray import _raylet

        raylet: Any = _raylet
        client = raylet.GcsClient(address=address)
        found = json.loads(client.internal_kv_get(b"CLUSTER_METADATA", b"cluster") or b"{}")
    except Exception as error:
        return {"error": type(error).__name__, "words": str(error)}
    return {**found, "here": _is_here(client, seconds)}


def _is_here(client: Any, seconds: float) -> bool:
    from ray._private import services

    found: Any = services
    try:
        found.get_node_to_connect_for_driver(client, timeout_seconds=seconds)
    except Exception:
        return False
    return True


if __name__ == "__main__":
    sys.stdout.write(json.dumps(ask(sys.argv[1], float(sys.argv[2]))) + "\n")
