"""Who listens at a port: Ray speaks gRPC, which answers the first bytes of HTTP/2 with its own."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Literal

__all__ = ["Listener", "greet"]

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
SETTINGS = 4  # type of the frame that a server of HTTP/2 begins with
TLS_ALERT = b"\x15\x03"


@dataclass(frozen=True)
class Listener:
    """What was found at a port.

    Parameters
    ----------
    kind : str
        "grpc": may be Ray; "web": a server of HTTP/1; "tls": one that wants encryption; "other":
        another program that answers; "silent": one that does not; "closed": nobody listens;
        "away": the machine does not answer; "unknown": there is no machine of that name.
    said : str
        The beginning of what it answered, or what the system says of it.
    """

    kind: Literal["grpc", "web", "tls", "other", "silent", "closed", "away", "unknown"]
    said: str = ""


def greet(host: str, port: int, seconds: float = 3.0) -> Listener:
    """Return who listens at a port, within about so many seconds.

    Examples
    --------
    >>> with socket.create_server(("127.0.0.1", 0)) as server:
    ...     greet("127.0.0.1", server.getsockname()[1], 0.05).kind
    'silent'
    """
    if not _is_looked_up(host, port, seconds):
        return Listener("unknown", f"no name server answers within {seconds:g} s")
    try:
        with socket.create_connection((host, port), timeout=seconds) as line:
            line.sendall(PREFACE)
            return _heard(line.recv(64))
    except socket.gaierror as error:
        return Listener("unknown", error.strerror or "")
    except UnicodeError:
        return Listener("unknown", "no name of a machine is written so")
    except TimeoutError:
        return Listener("silent" if _accepts(host, port) else "away")
    except ConnectionResetError:
        return Listener("silent")
    except ConnectionRefusedError:
        return Listener("closed")
    except OSError as error:
        return Listener("away", error.strerror or str(error))


def _is_looked_up(host: str, port: int, seconds: float) -> bool:
    """Tell whether a name server answers in time, whatever it says; no timeout of sockets does."""
    done = Event()

    def look_up() -> None:
        with suppress(OSError, UnicodeError):
            socket.getaddrinfo(host, port)
        done.set()

    Thread(target=look_up, name="name-of-a-head", daemon=True).start()
    return done.wait(seconds)


def _heard(answer: bytes) -> Listener:
    said = "".join(c for c in answer.decode("latin-1").split("\r\n")[0] if c.isprintable())
    if answer[3:4] == bytes((SETTINGS,)) and len(answer) >= 9:
        return Listener("grpc")
    if answer.startswith((b"HTTP/", b"<")):
        return Listener("web", said)
    if answer.startswith(TLS_ALERT):
        return Listener("tls")
    return Listener("other", said) if said else Listener("silent")


def _accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True
