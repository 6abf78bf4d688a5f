"""The top level of a YAML graph, beside the fields of its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, NonNegativeInt, ValidationError

from nodegraph.files.yaml.document import Document, error_from
from nodegraph.files.yaml.sources import Section, as_tuple
from nodegraph.files.yaml.task import Task
from nodegraph.host.numerics import Numerics
from nodegraph.node import Name

__all__ = ["Header", "LocalEngine", "RayEngine", "read_header"]

VERSION = 1


def _some(workers: int) -> int:
    if workers == 0:
        raise ValueError("should be at least 1, or -1 for one on each core (got 0)")
    return workers


Workers = Annotated[int, Field(ge=-1), AfterValidator(_some)]


class LocalEngine(Section):
    """One process; `workers` threads over independent series, -1 for one on each core."""

    kind: Literal["local"] = "local"
    workers: Workers = 1


Count = Annotated[float, Field(ge=0, le=1e6)]


class RayNeeds(Section):
    """What the worker of a node needs of its machine: CPUs, GPUs, custom resources."""

    num_cpus: Count = 1
    num_gpus: Count = 0
    resources: Annotated[dict[str, Count], Field(default_factory=dict)]


class RayEngine(Section):
    """Ray actors; ``address: auto`` joins a running cluster, else one is started here.

    Other addresses are given on the command line, never in a file. `workers` is how many actors
    compute at the same time, `nodes` what single nodes need of their machine.
    """

    kind: Literal["ray"]
    address: Literal["auto"] | None = None
    workers: Workers | None = None
    placement: Literal["block", "node"] = "block"
    sync: bool = True
    stale: Annotated[int, Field(ge=0)] = 4
    num_cpus: Count | None = None
    num_gpus: Count = 0
    resources: Annotated[dict[str, Count], Field(default_factory=dict)]
    nodes: Annotated[dict[str, RayNeeds], Field(default_factory=dict)]
    chunk: Annotated[int, Field(ge=1)] | None = None
    window: Annotated[int, Field(ge=1)] | None = None


def _of_a_kind(engine: Any) -> Any:
    if isinstance(engine, Mapping) and "kind" not in engine:
        raise ValueError("kind is required: local or ray")
    return engine


def _readable_version(version: int) -> int:
    if version != VERSION:
        raise ValueError(f"is the version of the format, {VERSION} (got {version})")
    return version


class Header(Section):
    """The top level of a YAML graph; nodes and edges are as yet unread.

    Parameters
    ----------
    nodegraph : int
        Version of the format: 1.
    name, description : str
        What to call the graph, and what it is for.
    seed : int
        What all weights are drawn from.
    dtype : {"float64", "float32"}
        Of weights, states and outputs.
    numerics : {"exact", "portable", "fast"}
        How exactly results are repeated.
    nodes : mapping of name to fields
    edges : list of str
        Such as ``u >> reservoir >> readout``.
    streams : mapping of name to word
        What nodes draw their random numbers by that do not draw by their name.
    task : Task, optional
    engine : mapping
        ``{kind: local, workers: 1}`` or ``{kind: ray, address: auto}``.
    """

    nodegraph: Annotated[int, AfterValidator(_readable_version)]
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    description: Annotated[str, Field(max_length=10_000)] = ""
    seed: NonNegativeInt = 0
    dtype: Literal["float64", "float32"] = "float64"
    numerics: Numerics = "exact"
    nodes: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
    edges: Annotated[
        tuple[str, ...], BeforeValidator(lambda e: (e,) if isinstance(e, str) else as_tuple(e))
    ] = ()
    streams: Annotated[dict[str, Name], Field(default_factory=dict)]
    task: Task | None = None
    engine: Annotated[
        LocalEngine | RayEngine, Field(discriminator="kind"), BeforeValidator(_of_a_kind)
    ] = LocalEngine()


def read_header(document: Document) -> Header:
    """Return the top level of `document`.

    Raises
    ------
    SpecError
        With the place of each thing that is wrong.

    Examples
    --------
    >>> read_header(Document({"nodegraph": 1, "nodes": {"u": {"kind": "Input"}}})).seed
    0
    """
    try:
        return Header.model_validate(document.data)
    except ValidationError as error:
        raise error_from(document, error, model=Header) from None
