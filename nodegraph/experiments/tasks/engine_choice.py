"""Which engine a YAML graph asks for, and what the command line says in place of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from nodegraph.errors import SpecError
from nodegraph.files.yaml.header import Header, LocalEngine, RayEngine

__all__ = ["engine_of"]


def engine_of(
    header: Header,
    word: str | None = None,
    address: str | None = None,
    wait: float | None = None,
    log: Path | None = None,
) -> Any:
    """Return the engine of a YAML graph, or the one that `word` and `address` name.

    Parameters
    ----------
    header : Header
    word : {"local", "ray"}, optional
        In place of the kind that stands there.
    address : str, optional
        Of a running Ray cluster.
    wait : float, optional
        Seconds to wait for it.
    log : path, optional
        File for what Ray itself says.

    Raises
    ------
    SpecError
        If an address is given for an engine that has none, or there is nothing to wait for.
    """
    section = header.engine
    if word is not None and word != section.kind:
        section = RayEngine.model_validate({"kind": "ray"}) if word == "ray" else LocalEngine()
    if not isinstance(section, RayEngine):
        if address is not None:
            raise SpecError("--address is that of a Ray cluster: write --engine ray with it")
        if wait is not None:
            raise SpecError(_NOTHING_TO_WAIT_FOR)
        return word or "local"
    from nodegraph.engines.ray.engine import RayEngine as Engine

    fields = section.model_dump(exclude={"kind", "address", "workers"}, exclude_none=True)
    workers = section.workers if section.workers and section.workers > 0 else None
    found = address or section.address or os.environ.get("RAY_ADDRESS")
    if wait is not None and found is None:
        raise SpecError(_NOTHING_TO_WAIT_FOR)
    fields |= {"wait": wait or 0.0, "log": None if log is None else str(log)}
    return Engine(address or section.address, workers=workers, **fields)


_NOTHING_TO_WAIT_FOR = "--wait waits for the head of a Ray cluster: write --address with it"
