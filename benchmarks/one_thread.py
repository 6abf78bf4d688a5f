"""Keep BLAS and OpenMP to one thread from the start; import this before numpy.

Further threads wait in a busy loop even while they may not work, and that counts as CPU time.
"""

import os

__all__ = ["VARIABLES"]

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

for variable in VARIABLES:
    os.environ.setdefault(variable, "1")
