"""How the kernels of nodes are compiled."""

from nodegraph.compiled import inner, kernel, read, types, write

__all__ = ["inner", "kernel", "read", "types", "write"]
