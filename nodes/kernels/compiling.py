"""How the kernels of nodes are compiled."""

from nodegraph.compiled import call, inner, kernel, matrix, read, step, types, vector, write

__all__ = ["call", "inner", "kernel", "matrix", "read", "step", "types", "vector", "write"]
