"""Functions that generated code calls, as LLVM text: products, sums, triangles, exp, tanh.

Each is written for one precision. The order of every sum is fixed by the text, nothing is
contracted, so that widths of registers never show in the bits. Only what is called gets into a
module.
"""

from nodegraph.compiling.prelude.catalogue import declarations, definition
from nodegraph.compiling.prelude.spelling import LLVM, MEMORY, SIZE, SUFFIX, literal

__all__ = ["LLVM", "MEMORY", "SIZE", "SUFFIX", "declarations", "definition", "literal"]
