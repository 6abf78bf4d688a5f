"""Two raylets on this machine, each with a CPU and an address of its own; all gone afterwards."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEAD, SECOND = "127.0.0.1", "127.0.0.2"
READY = 90.0  # seconds


def family(pid):
    """Return a process and all that it started, the youngest first."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    pids = [pid]
    for one in pids:
        pids += [child for child, parent in parents.items() if parent == one]
    return pids[::-1]


def of_session(leader):
    """Return what is left of a session, whoever started it."""
    left = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            session = int(stat.read_text().rsplit(")", 1)[1].split()[3])
        except OSError:
            continue
        left += [int(stat.parent.name)] * (session == leader)
    return left


def command(pid):
    """Return the command line of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def free_port():
    """Return a port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind((HEAD, 0))
        return listener.getsockname()[1]


class Raylets:
    """A head and a second machine."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ng-"))  # sockets want a short path
        token = self.folder / "token"
        token.write_text(secrets.token_hex(32), encoding="ascii")
        token.chmod(0o600)
        self.env = {
            **os.environ,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        self.members = {}

    def up(self):
        """Start whatever of the two is not there."""
        if "head" not in self.members:
            port = free_port()
            self.address = f"{HEAD}:{port}"
            self._start("head", "--head", f"--port={port}", f"--node-ip-address={HEAD}",
                        f"--temp-dir={self.folder}/t", "--include-dashboard=false")  # fmt: skip
        if "second" not in self.members:
            self._start("second", f"--address={self.address}", f"--node-ip-address={SECOND}")
        return self

    def _start(self, name, *words):
        log = self.folder / f"{name}.log"
        ray = Path(sys.executable).with_name("ray")
        given = ["--block", "--num-cpus=1", "--object-store-memory=200000000"]
        with log.open("w") as out:
            self.members[name] = subprocess.Popen(
                [ray, "start", *words, *given], env=self.env, stdout=out, stderr=out,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + READY
        while "Ray runtime started" not in log.read_text():
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)

    def kill(self, name, part):
        """Kill one process of a machine, as it may die; then the rest of the machine."""
        pids = family(self.members[name].pid)
        for pid in pids:
            if part in command(pid):
                os.kill(pid, signal.SIGKILL)

    def down(self, *names):
        """Put an end to machines, and to all that ran on them."""
        for name in names:
            member = self.members.pop(name, None)
            pids = [] if member is None else [*family(member.pid), *of_session(member.pid)]
            for pid in pids:  # agents of a raylet that died belong to nobody
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            if member is not None:
                member.wait(30)

    def close(self):
        """Leave nothing behind."""
        self.down("second", "head")
        shutil.rmtree(self.folder, ignore_errors=True)
