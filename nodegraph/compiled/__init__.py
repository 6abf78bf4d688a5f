"""Loops compiled by numba, for the framework and for nodes; imported inside functions only."""

from nodegraph.compiled.addresses import call, matrix, vector
from nodegraph.compiled.compiling import inner, kernel, read, step, types, write
from nodegraph.compiled.layouts import placed, signature, taken

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
