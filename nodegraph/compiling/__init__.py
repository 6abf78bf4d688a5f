"""A small compiler: from the numpy of a step to machine code. It knows arrays, and no node.

A step is traced into operations (`ir`, `arrays`, `functions`), their storage and order is planned
(`planning`), loops are written as LLVM text (`emission`, `prelude`) and loaded (`machine_code`,
`cache`); `program` and `batched_program` give them arrays. `maths` has words for steps.
"""

__all__ = ["arrays", "batched_program", "control", "drivers", "ir", "layout", "maths", "program"]
