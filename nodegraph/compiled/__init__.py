"""Loops compiled by numba, for the framework and for nodes; imported inside functions only."""

from nodegraph.compiled.addresses import call, matrix, vector
from nodegraph.compiled.compiling import inner, kernel, read, step, types, write

__all__ = ["call", "inner", "kernel", "matrix", "read", "step", "types", "vector", "write"]
