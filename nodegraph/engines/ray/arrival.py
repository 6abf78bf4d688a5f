"""Coming to a cluster: who is at its address is found out before Ray itself is let near."""

from __future__ import annotations

import json
import logging
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from nodegraph.engines.ray import asking
from nodegraph.engines.ray.greeting import Listener, greet
from nodegraph.engines.ray.stats import log
from nodegraph.errors import EngineError

__all__ = ["arrive"]

PATIENCE = 3.0  # seconds for a machine to answer
LOOKED = 1.5  # seconds in which a raylet on this machine is looked for
LONGEST = 60.0  # seconds for Ray to be imported and asked
PAUSE = 0.5  # seconds between two tries, while one waits for a head


class _NotYet(Exception):
    """Nothing answers as Ray does, as long as a head has not started."""


def arrive(address: str, wait: float = 0.0, meanwhile: Callable[[], object] = lambda: None) -> str:
    """Return the address of a cluster of our versions that lets us in.

    Parameters
    ----------
    address : str
        ``auto``: that of a Ray of this machine; else ``host:port`` or ``ray://host:port``.
    wait : float
        Seconds to wait for a head that does not answer yet.
    meanwhile : callable
        Done while the head of a cluster is asked.

    Returns
    -------
    str
        ``host:port`` or ``ray://host:port``.

    Raises
    ------
    EngineError
        With who is there in its place, or why we are not let in.
    """
    end, told = monotonic() + wait, False
    while True:
        try:
            return _try(_found_here() if address == "auto" else address, meanwhile)
        except _NotYet as error:
            if monotonic() < end:
                if not told:
                    log.info("%s: %s; it is waited for, up to %g s", address, error, wait)
                told = True
                sleep(PAUSE)
                continue
            waited = f" after {wait:g} s" if wait else ""
            cure = "" if wait else "; --wait 60 waits for a head that is about to start"
            raise EngineError(f"no Ray answers at address {address!r}{waited}: {error}{cure}"
                              ) from None  # fmt: skip


def _found_here() -> str:
    """Return the address of the Ray that runs on this machine."""
    from ray._private import services

    known: Any = services
    known.find_gcs_addresses.cache_clear()
    logger = logging.getLogger("ray")
    level = logger.level
    logger.setLevel("ERROR")  # of several it takes the latest, and warns
    try:
        return str(known.get_ray_address_from_environment("auto", None))
    except ConnectionError:
        raise _NotYet(
            "none runs on this machine; start one with 'ray start --head', write host:port of one "
            "elsewhere, or leave the address out to start one here"
        ) from None
    finally:
        logger.setLevel(level)


def _try(address: str, meanwhile: Callable[[], object]) -> str:
    scheme, _, place = address.rpartition("://")
    host, _, port = place.rpartition(":")
    known = scheme in ("", "ray") and host
    if not known or not port.isdigit() or not 0 < int(port) < 65536:
        raise EngineError(
            f"{address!r} is no address of a cluster; write auto, host:port (of the head, such as "
            "10.0.0.1:6379) or ray://host:port"
        )
    encrypted = os.environ.get("RAY_USE_TLS", "0") not in ("", "0")
    found = greet(host.strip("[]"), int(port), PATIENCE)
    if found.kind != "grpc" and not (encrypted and found.kind in ("tls", "silent")):
        _refuse(address, host, int(port), found)
    if scheme == "":
        _understand(address, _asked(address, meanwhile))
    return address


def _refuse(address: str, host: str, port: int, found: Listener) -> None:
    """Say who is there that is not Ray.

    Raises
    ------
    EngineError, _NotYet
    """
    start = f"start one there with 'ray start --head --port={port}', or name another address"
    soon: dict[str, str] = {
        "closed": f"nothing listens at that port; {start}",
        "unknown": f"there is no machine {host!r} ({found.said})",
        "away": f"machine {host!r} does not answer (switched off, another network, or a firewall"
        f"{': ' * bool(found.said)}{found.said})",
    }
    if found.kind in soon:
        raise _NotYet(soon[found.kind])
    others = {
        "web": f"a web server listens there (it says {found.said[:40]!r})"
        + " - Ray's dashboard has port 8265, its head 6379" * (port == 8265),
        "tls": "what listens there wants TLS; set RAY_USE_TLS=1 and its certificates, as the head "
        "has them",
        "silent": "another program listens there, which does not answer as Ray does",
        "other": f"another program listens there (it says {found.said!r})",
    }
    raise EngineError(
        f"no Ray answers at address {address!r}: {others[found.kind]}; name the port that "
        "'ray start --head' was given (6379 by default)"
    )


def _asked(address: str, meanwhile: Callable[[], object]) -> dict[str, Any]:
    """Return what the head says, as a process of its own has heard it."""
    parts = [sys.executable, "-P", str(Path(asking.__file__)), address, str(LOOKED)]
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
        "RAY_gcs_rpc_server_connect_timeout_s": "2",
    }
    pipe = subprocess.PIPE
    asked = subprocess.Popen(parts, stdout=pipe, stderr=pipe, text=True, env=env)
    try:
        meanwhile()
        said, told = asked.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return {"error": "silence", "words": "it does not say who it is"}
    finally:
        asked.kill()
        asked.communicate()
    try:
        found: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    except (json.JSONDecodeError, IndexError):  # Ray aborts the process that lacks a token
        locked = "RAY_AUTH_TOKEN" in told
        return {"error": "Authentication" * locked, "words": "Ray itself broke off"}
    return found


def _understand(address: str, answer: dict[str, Any]) -> None:
    """Return if the head of a cluster lets us in.

    Raises
    ------
    EngineError, _NotYet
    """
    if "error" in answer:
        raise _objection(address, answer["error"], answer["words"])
    mine = _versions()
    theirs = answer.get("ray_version"), answer.get("python_version")
    if theirs != mine and None not in theirs:
        raise EngineError(
            f"the Ray at address {address!r} is version {theirs[0]} on Python {theirs[1]}, and "
            f"here is Ray {mine[0]} on Python {mine[1]}; all machines need the same of both: "
            "install on those of the cluster what is here, or here what is there"
        )
    if not answer.get("here", True):
        raise _NotYet(
            f"a cluster is there, but this machine ({socket.gethostname()}) is none of it; join "
            f"it first with 'ray start --address={address}', or start the run on a machine of it, "
            "by 'ray job submit'"
        )


def _objection(address: str, kind: str, words: str) -> Exception:
    if "Authentication" in kind or "Unauthenticated" in words or "AuthToken" in words:
        return EngineError(f"the Ray at address {address!r} lets nobody in without its token: "
                           f"{_token_advice()}")  # fmt: skip
    if kind == "RpcError" and not words.removeprefix("RPC error:").strip():
        return EngineError(
            f"no Ray answers at address {address!r}: the port belongs to another service (of "
            "Ray's, perhaps), not to the head of a cluster; name the port that 'ray start --head' "
            "was given (6379 by default)"
        )
    return _NotYet(" ".join(words.split())[:300])


def _token_advice() -> str:
    """Return what is wrong with the token that we have, or that there is none."""
    place = os.environ.get("RAY_AUTH_TOKEN_PATH", "~/.ray/auth_token")
    there = os.environ.get("RAY_AUTH_TOKEN") or os.path.exists(os.path.expanduser(place))
    cure = "copy the file ~/.ray/auth_token of the head here (mode 0600)"
    if not there:
        return f"there is none here; {cure} and set RAY_AUTH_MODE=token"
    if os.environ.get("RAY_AUTH_MODE") != "token":
        return "it was not shown; set RAY_AUTH_MODE=token"
    where = "in RAY_AUTH_TOKEN" if os.environ.get("RAY_AUTH_TOKEN") else f"in {place}"
    return f"the one {where} is another; {cure}"


def _versions() -> tuple[str, str]:
    return version("ray"), platform.python_version()
