"""Functions that generated code calls, as LLVM text: products, sums, triangles, exp, tanh.

Each is written for one precision. The order of every sum is fixed by the text, nothing is
contracted, so that widths of registers never show in the bits. What is short is
inlined; the rest is compiled once and linked.
"""

__all__ = ["catalogue"]
