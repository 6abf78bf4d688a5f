"""Loops compiled by numba, for the framework and for nodes; imported inside functions only."""

from nodegraph.compiled.compiling import inner, kernel, read, types, write

__all__ = ["inner", "kernel", "read", "types", "write"]
