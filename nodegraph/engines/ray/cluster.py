"""Where Ray runs: one started here for this process alone, or one that is there already."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nodegraph.engines.ray.arrival import arrive
from nodegraph.engines.ray.epitaph import Epitaph
from nodegraph.engines.ray.head import Head
from nodegraph.engines.ray.own_folder import OwnFolder
from nodegraph.engines.ray.ray_log import RayLog
from nodegraph.engines.ray.signals import own_signals
from nodegraph.errors import EngineError
from nodegraph.host.machine import usable_cpus

__all__ = ["Cluster", "leave_all"]

LOOPBACK = "127.0.0.1"
STORE = 256 << 20  # bytes of a local object store, at least


class Cluster:
    """A connection to Ray.

    Parameters
    ----------
    address : str, optional
        ``"auto"``, ``"host:port"`` or ``"ray://host:port"`` of a running cluster; None: that of
        the environment (``RAY_ADDRESS``), else a Ray of our own that listens on loopback alone.
    num_cpus : int, optional
        CPUs of a Ray of our own, at least; all that there are by default.
    object_store : int
        Bytes of its object store.
    runtime_env : dict, optional
        What Ray gives to every worker of a joined cluster.
    wait : float
        Seconds to wait for a cluster that does not answer yet.
    log : str, optional
        File for what Ray itself says.
    """

    def __init__(
        self,
        address: str | None = None,
        num_cpus: int | None = None,
        object_store: int = STORE,
        runtime_env: Mapping[str, Any] | None = None,
        wait: float = 0.0,
        log: str | None = None,
    ):
        self.address, self.num_cpus, self.object_store = address, num_cpus or 1, object_store
        self.runtime_env, self.wait = runtime_env, wait
        self._log = RayLog(log)
        self._ours = self._started_here = False
        self._before: dict[str, str | None] = {}
        self._folder: OwnFolder | None = None
        self._head: Head | None = None
        self._epitaph: Epitaph | None = None

    def join(self) -> Any:
        """Return the module `ray`, connected; start it if there is none to join.

        Raises
        ------
        EngineError
            If nothing answers at the address, or this process is connected to another one.
        """
        known: Any = sys.modules.get("ray")
        if known is not None and known.is_initialized():
            if not self._ours:
                _check_same(known, self.address)
            self.head().wait()  # whatever is asked next would wait for it in silence
            return known
        _settle()
        _joined.add(self)
        address = self.address or os.environ.get("RAY_ADDRESS")
        elsewhere = address not in (None, "local")
        found = arrive(str(address), self.wait, _loaded_ray) if elsewhere else ""
        ray = _loaded_ray()
        self._ours = True
        self._log.listen()
        if elsewhere:
            self._connect(ray, found)
        else:
            self._start(ray)
        self._epitaph = Epitaph()
        return ray

    def leave(self) -> None:
        """Go from a cluster that was joined; stop one that was started here."""
        _joined.discard(self)
        ours, self._ours = self._ours, False
        ray = sys.modules.get("ray")
        if ours and ray is not None:
            with _quiet(), own_signals():
                ray.shutdown()
        self._log.close()
        if self._epitaph is not None:
            self._epitaph.withdraw()
        if self._before and ray is not None:
            self._set_secret(None)
            self._before = {}
        if self._folder is not None:
            self._folder.remove()
        self._folder = self._head = self._epitaph = None
        self._started_here = False

    def head(self) -> Head:
        """Return the head of the cluster that is joined."""
        ray = sys.modules["ray"]
        afar = ray.util.client.ray.is_connected()
        name = None if afar else str(ray.get_runtime_context().gcs_address)
        if self._head is None or self._head.name != name:
            self._head = Head(name)
        return self._head

    @property
    def is_local(self) -> bool:
        """Whether Ray was started by this."""
        return self._started_here

    @property
    def is_elsewhere(self) -> bool:
        """Whether there is a Ray to join, rather than one to be started here."""
        ray = sys.modules.get("ray")
        if ray is not None and ray.is_initialized():
            return not self._started_here
        return (self.address or os.environ.get("RAY_ADDRESS")) not in (None, "local")

    def _start(self, ray: Any) -> None:
        """Start Ray on loopback, with a token of its own that only this process tree knows."""
        self._folder = OwnFolder()
        self._set_secret(str(self._folder.token))
        with (
            _environment({"PYTHONPATH": _own_path()}),
            _silence(),
            _only_loopback(),
            _quiet(),
            own_signals(),
        ):
            try:
                ray.init(
                    address="local",
                    num_cpus=max(self.num_cpus, usable_cpus()),
                    object_store_memory=max(self.object_store, 80 << 20),
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level="error",
                    _node_ip_address=LOOPBACK,
                    _temp_dir=self._folder.sessions,
                )
            except Exception as error:
                self.leave()
                raise EngineError(f"Ray could not be started here: {_first_line(error)}") from error
        self._started_here = True

    def _set_secret(self, file: str | None) -> None:
        """Let this process and those that it starts show and ask for the secret in `file`.

        None puts things back to what they were.
        """
        from ray import _raylet

        raylet: Any = _raylet

        secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": file}
        if file is not None:
            self._before = {name: os.environ.get(name) for name in secret}
        for name, value in (self._before if file is None else secret).items():
            _set_variable(name, value)
        raylet.Config.initialize("")  # Ray read its surroundings when it was imported
        raylet.AuthenticationTokenLoader.instance().reset_cache()

    def _surroundings(self) -> dict[str, Any]:
        """Return what workers of a joined cluster are given: by default, where our modules are."""
        if self.runtime_env is not None:
            return dict(self.runtime_env)
        own = _own_path()  # none: workers that wait already are taken as they are
        return {"env_vars": {"PYTHONPATH": own}} if own else {}

    def _connect(self, ray: Any, address: str) -> None:
        try:
            with _silence(), _quiet(), own_signals():
                ray.init(
                    address=address,
                    log_to_driver=False,
                    logging_level="error",
                    runtime_env=self._surroundings(),
                )
        except Exception as error:
            self.leave()
            raise EngineError(
                f"no Ray answers at address {address!r} ({_first_line(error)}); start one with "
                "'ray start --head', name another address, or leave it out to start one here"
            ) from error


_joined: set[Cluster] = set()  # also those whose engine was dropped without a word


def leave_all() -> None:
    """Leave each cluster that was joined or started, as an engine's `close` does."""
    for cluster in list(_joined):
        cluster.leave()


def _settle() -> None:
    """Say to Ray what it reads when it is imported."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else ray warns of it
    os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")  # all that matter are raised here
    os.environ.setdefault("RAY_task_events_shutdown_flush_timeout_ms", "200")  # not 5 s for a log
    os.environ.setdefault("RAY_worker_niceness", "0")  # workers are not to wait for the driver


def _loaded_ray() -> Any:
    with _quiet():
        import ray
    return ray


def _own_path() -> str:
    """Return the folders from which this process imports beside those of Python itself."""
    prefixes = tuple({sys.prefix, sys.base_prefix})
    given = [os.path.abspath(part) for part in sys.path]
    return os.pathsep.join(part for part in given if not part.startswith(prefixes))


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300]


@contextmanager
def _silence() -> Iterator[None]:
    """Let Ray's code below Python, which is about to start, write nothing to standard error.

    It is told so by a variable, but says on standard error that it has seen that.
    """
    level = "RAY_BACKEND_LOG_LEVEL"
    if level in os.environ:
        yield
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        with _environment({level: "fatal"}):
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment for the processes that Ray starts."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            _set_variable(name, value)


def _set_variable(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


@contextmanager
def _only_loopback() -> Iterator[None]:
    """Let Ray take the loopback address as it is, instead of one that others can reach."""
    from ray._private import ray_constants

    before, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, False
    with _environment({ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR: "0"}):
        try:
            yield
        finally:
            ray_constants.ENABLE_RAY_CLUSTER = before


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep warnings of Ray's own to itself."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _check_same(ray: Any, address: str | None) -> None:
    """Refuse the address of another Ray than this process is connected to.

    Ports are compared: Ray calls its own host by whichever of its addresses it likes.
    """
    if address in (None, "auto", "local") or "://" in str(address):
        return
    here = str(ray.get_runtime_context().gcs_address)
    if here.rpartition(":")[2] != str(address).rpartition(":")[2]:
        raise EngineError(
            f"this process is connected to the Ray at {here} already, so it cannot join the one at "
            f"address {address!r}; leave address out, or call ray.shutdown() before"
        )
