"""A small compiler: from the numpy of a step to machine code. It knows arrays, and no node.

A step is traced into operations (`ir`, `arrays`, `functions`), their storage and order is planned
(`planning`), loops are written as LLVM text (`emission`, `prelude`) and kept as a `recipe`. It is
translated and loaded (`machine_code`, `cache`), and optimized once that pays (`tiers`). `program`
and `batching` give it arrays. `nodegraph.maths` has words for steps.
"""

import nodegraph.compiling.sources  # noqa: F401 - they are looked at before they are read

__all__ = ["arrays", "batching", "control", "drivers", "ir", "layout", "program"]
