"""How a node's step is compiled, stage by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.arrays import cast
from nodegraph.compiling.stages import Stages, planned, stages_of
from nodegraph.engines.compiled.tracing import Writer, places, program_of
from nodegraph.engines.compiled.untraced import Untraced
from nodegraph.errors import ContractError

if TYPE_CHECKING:
    from nodegraph.graph.node import Node

__all__ = ["explain"]


def explain(node: Node, n_in: int = 1, dtype: str = "float64") -> Stages:
    """Return a node's step as operations, as places in memory, as loops, and as LLVM text.

    Parameters
    ----------
    node : Node
    n_in : int
        Columns of the input.
    dtype : str
        Precision of the model.

    Returns
    -------
    Stages
        ``print(explain(node))`` shows all; its fields are ``trace``, ``plan``, ``loops``, ``llvm``.

    Raises
    ------
    ContractError
        If the step runs through Python.
    """
    kind, n_out = np.dtype(dtype), node.declared_size or n_in
    extra: dict[str, Any] = {"n_in": n_in} if "n_in" in node.takes["start"] else {}
    params = cast(node.init(np.random.default_rng(0), n_in, n_out), kind)
    state = cast(node.start(n_out, **extra), kind)
    writer = Writer(node, params, state, {"x": n_in}, kind)
    found = program_of(writer)
    if isinstance(found, Untraced):
        raise ContractError(f"{type(node).__name__}.step runs through Python: {found.reason}")
    return stages_of(*planned(writer, places(node), kind))
