"""Keep BLAS, OpenMP and JAX to one thread from the start; import this before numpy and JAX.

Further threads wait in a busy loop even while they may not work, and that counts as CPU time.
"""

import os

__all__ = ["VARIABLES"]

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_JAX = {
    "JAX_ENABLE_X64": "1",
    "JAX_PLATFORMS": "cpu",
    "NPROC": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}

for variable in VARIABLES:
    os.environ.setdefault(variable, "1")
for variable, value in _JAX.items():
    os.environ.setdefault(variable, value)
