"""Which engine a YAML graph asks for, and what the command line says in place of it."""

from __future__ import annotations

from typing import Any

from nodegraph.errors import SpecError
from nodegraph.files.yaml.header import Header, LocalEngine, RayEngine

__all__ = ["engine_of"]


def engine_of(header: Header, word: str | None = None, address: str | None = None) -> Any:
    """Return the engine of a YAML graph, or the one that `word` and `address` name.

    Parameters
    ----------
    header : Header
    word : {"local", "ray"}, optional
        In place of the kind that stands there.
    address : str, optional
        Of a running Ray cluster.

    Raises
    ------
    SpecError
        If an address is given for an engine that has none.
    """
    section = header.engine
    if word is not None and word != section.kind:
        section = RayEngine.model_validate({"kind": "ray"}) if word == "ray" else LocalEngine()
    if not isinstance(section, RayEngine):
        if address is not None:
            raise SpecError("--address is that of a Ray cluster: write --engine ray with it")
        return word or "local"
    from nodegraph.engines.ray.engine import RayEngine as Engine

    fields = section.model_dump(exclude={"kind", "address", "workers"}, exclude_none=True)
    workers = section.workers if section.workers and section.workers > 0 else None
    return Engine(address or section.address, workers=workers, **fields)
