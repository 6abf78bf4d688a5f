"""How the kernels of nodes are compiled."""

from nodegraph.compiled import (
    call,
    inner,
    kernel,
    matrix,
    placed,
    read,
    signature,
    step,
    taken,
    types,
    vector,
    write,
)

__all__ = [
    "call",
    "inner",
    "kernel",
    "matrix",
    "placed",
    "read",
    "signature",
    "step",
    "taken",
    "types",
    "vector",
    "write",
]
