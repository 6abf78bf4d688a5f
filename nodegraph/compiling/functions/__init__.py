"""numpy's functions on symbolic arrays, made of the few operations that there are.

They are written in numpy themselves. Those that numpy does in another order, or by BLAS and LAPACK,
agree with it up to rounding.
"""

from nodegraph.compiling.functions import elementary, numbers, shapes
from nodegraph.compiling.functions.linear import inv, solve

__all__ = ["elementary", "inv", "numbers", "shapes", "solve"]
